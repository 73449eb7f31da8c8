// Package headcount asks clients' servers who has an account there, and has the book of
// contracts hold that against the headcount that is billed: each morning, and when
// somebody asks. It decides and books nothing: what differs is a proposal. Where nothing
// tells whose an account is, it proposes nothing and says what to do.
//
// It can be killed at any instant: a contract's comparison is written in one transaction
// when all servers of its client have answered, and the next look writes it anew.
package headcount

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/schedule"
)

// Reconciler compares accounts with headcounts. All fields but Log are needed.
type Reconciler struct {
	Book    *contract.Book
	Servers func() ([]fleet.Server, error)
	// Accounts are those on a server, without its first admin, who is ours.
	Accounts func(ctx context.Context, s fleet.Server) (Accounts, error)
	// Busy names the operation that works on a box now: a server there is not asked,
	// since overlapping requests disturb each other. Empty: none.
	Busy func(box string) (string, error)
	// Sharing are the contracts (by ID) that the cost of a box was entered for; none where
	// the box serves its own client.
	Sharing func(box string) ([]string, error)
	Log     *slog.Logger

	mu sync.Mutex // one look at a time
}

// Accounts are who has an account on a server, and in which of its groups. Groups may hold
// the first admin too, and hold nobody who is not among the names otherwise.
type Accounts struct {
	Names  []string
	Groups map[string][]string
}

// lookAt is when servers are asked: after the backups of the night, before the day.
const lookAt = "20 6 * * *"

// askLimit bounds the wait for one server, in real time.
const askLimit = time.Minute

// Unseen is a contract whose comparison could not be made.
type Unseen struct {
	Contract string `json:"contract"`
	Why      string `json:"why"`
}

// Entry is the daily look.
func (r *Reconciler) Entry() schedule.Entry {
	return schedule.Entry{Name: "headcount/compare", Spec: lookAt, Zone: r.Book.Zone().String(), Run: func(ctx context.Context, _ time.Time) error {
		unseen, err := r.Look(ctx, "")
		for _, u := range unseen {
			r.Log.LogAttrs(ctx, slog.LevelWarn, "headcount not seen", slog.String("contract", u.Contract), slog.String("why", u.Why))
		}
		return err
	}}
}

// Look asks the servers of one client (by ID), or of all, and compares. A contract whose
// accounts cannot be told is left as it was, and told.
func (r *Reconciler) Look(ctx context.Context, client string) (unseen []Unseen, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all, err := r.Book.Contracts()
	if err != nil {
		return nil, err
	}
	servers, err := r.Servers()
	if err != nil {
		return nil, err
	}
	l := look{Reconciler: r, contracts: all, today: r.Book.Today(), servers: inService(servers), asked: map[string]answer{}}
	for _, k := range all {
		if client != "" && k.Client != client || !k.Counts(l.today) {
			continue
		}
		names, err := l.accountsOf(ctx, k)
		switch {
		case ctx.Err() != nil:
			return unseen, ctx.Err() // the stop cut it short: that says nothing about a server
		case errors.Is(err, errNoServer):
		case err != nil:
			unseen = append(unseen, Unseen{k.ID, err.Error()})
		default:
			if _, err := r.Book.Compare(k.ID, names); err != nil {
				return unseen, fmt.Errorf("contract %s: compare accounts: %w", k.ID, err)
			}
		}
	}
	return unseen, nil
}

func inService(all []fleet.Server) []fleet.Server {
	return slices.DeleteFunc(slices.Clone(all), func(s fleet.Server) bool { return s.State != fleet.ServerReady })
}

// Group says which group of which server holds a contract's accounts; an empty one: none.
// The server is one of ours; whether it has the group, the next look tells.
func (r *Reconciler) Group(a contract.Actor, contractID string, g contract.AccountGroup) (contract.Contract, error) {
	if g.Server != "" {
		servers, err := r.Servers()
		if err != nil {
			return contract.Contract{}, err
		}
		if !slices.ContainsFunc(inService(servers), func(s fleet.Server) bool { return s.Name == g.Server }) {
			return contract.Contract{}, &contract.Invalid{Field: "server", Value: g.Server, Allowed: "want a server in service; accolade server list shows them"}
		}
	}
	return r.Book.GroupAccounts(a, contractID, g)
}
