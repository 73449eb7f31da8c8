package billing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

// Difference is an account that says something else than ledger and settlements.
type Difference struct {
	Contract string
	What     string
}

// Differences compares every contract's account with what its ledger and
// settlements come to from their beginning. It reads a few contracts at a time.
func (s *Service) Differences(ctx context.Context) (all []Difference, err error) {
	return all, s.compareAll(ctx, func(d Difference) error {
		all = append(all, d)
		return nil
	})
}

// mend drops the accounts that are wrong: the next month is then drafted from the
// ledger, and leaves a right one.
func (s *Service) mend(ctx context.Context, a contract.Actor) error {
	return s.compareAll(ctx, func(d Difference) error {
		return s.DB.Update(func(tx store.Tx) error {
			if err := accounts.Delete(tx, d.Contract); err != nil {
				return err
			}
			return audit.Append(tx, s.Clock.Now(), audit.Record{Who: a.Who, From: a.From, Action: "account.drop", Object: "contract/" + d.Contract, Result: "ok", Detail: d.What})
		})
	})
}

func (s *Service) compareAll(ctx context.Context, each func(Difference) error) error {
	var all []contract.Contract
	if err := s.DB.View(func(tx store.Tx) (err error) {
		all, err = contract.AllContracts(tx)
		return err
	}); err != nil {
		return err
	}
	for some := range slices.Chunk(all, readAtOnce) {
		wrong, err := s.compareSome(ctx, some)
		if err != nil {
			return err
		}
		for i, what := range wrong {
			if what == "" {
				continue
			}
			if err := each(Difference{some[i].ID, what}); err != nil {
				return err
			}
		}
	}
	return nil
}

// compareSome tells what is wrong with each of some accounts, "" of most. It reads as many
// at a time as there are processors.
func (s *Service) compareSome(ctx context.Context, some []contract.Contract) ([]string, error) {
	wrong := make([]string, len(some))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, k := range some {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return s.DB.View(func(tx store.Tx) (err error) {
				wrong[i], err = s.compare(tx, k.ID)
				return err
			})
		})
	}
	return wrong, group.Wait()
}

// compare tells what is wrong with an account that is in use.
func (s *Service) compare(tx store.Tx, contractID string) (string, error) {
	last, err := lastFinalised(tx)
	if err != nil {
		return "", err
	}
	account, err := accounts.Get(tx, contractID)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && account.Through != last:
		return "", nil
	case err != nil:
		return "", err
	}
	k, err := contract.ContractByID(tx, contractID)
	if err != nil {
		return "", err
	}
	kept, err := s.caseOf(tx, k, last)
	if errors.Is(err, store.ErrNotFound) {
		return err.Error(), nil // an entry that the account names
	} else if err != nil {
		return "", err
	}
	whole, err := s.wholeCase(tx, k, last)
	if err != nil {
		return "", err
	}
	return kept.balance().unlike(whole.balance()), nil
}

// unlike tells in what an account differs from what the whole history comes to.
func (b *balance) unlike(whole *balance) string {
	var what []string
	if !maps.Equal(nonzero(b.used), nonzero(whole.used)) {
		what = append(what, fmt.Sprintf("minutes used are kept as %v, the months settled %v", b.used, whole.used))
	}
	if !maps.Equal(nonzero(b.ahead), nonzero(whole.ahead)) {
		what = append(what, fmt.Sprintf("minutes billed ahead are kept as %v, the months settled %v", b.ahead, whole.ahead))
	}
	if kept, open := ids(b.open), ids(whole.open); !slices.Equal(kept, open) {
		what = append(what, fmt.Sprintf("hours not settled are kept as %v, the ledger has %v", kept, open))
	}
	if late := whole.lateLines(); b.even && len(late) > 0 {
		what = append(what, fmt.Sprintf("closed months are kept as even, and %d amounts of them are late", len(late)))
	}
	return strings.Join(what, "; ")
}

func nonzero(used map[int]calendar.Minutes) map[int]calendar.Minutes {
	used = maps.Clone(used)
	maps.DeleteFunc(used, func(_ int, n calendar.Minutes) bool { return n == 0 })
	return used
}

func ids(entries []support.Entry) []string {
	all := []string{}
	for _, e := range entries {
		all = append(all, e.ID)
	}
	return all
}
