package headcount_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/headcount"
	"codeberg.org/accolade/accolade/internal/store"
)

var anne = contract.Actor{Who: "anne", From: "unix"}

// room is a cooperative with two clients and three servers.
type room struct {
	*testing.T
	clock.Clock
	now      time.Time
	db       *cut
	book     *contract.Book
	look     *headcount.Reconciler
	accounts map[string][]string // by server; nil: it does not answer
	busy     string
	groups   map[string]map[string][]string // by server
	asked    []string                       // servers, in order
	sharing  []string                       // contracts that share each box
}

func (r *room) Now() time.Time { return r.now }

func (r *room) at(s string) { r.now = r.day(s).Midnight(calendar.Paris()).Add(9 * time.Hour).UTC() }

func (r *room) day(s string) calendar.Date {
	r.Helper()
	d, err := calendar.Parse(s)
	r.must(err)
	return d
}

func (r *room) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// cut is a store whose writes fail from one on: before it is made, or after.
type cut struct {
	store.DB
	left  int // writes until then; below zero: never
	after bool
}

var errCut = errors.New("the power is gone")

func (c *cut) Update(fn func(store.Tx) error) error {
	if c.left == 0 {
		if c.after {
			if err := c.DB.Update(fn); err != nil {
				return err
			}
		}
		return errCut
	}
	c.left--
	return c.DB.Update(fn)
}

func newRoom(t *testing.T) *room {
	r := &room{T: t, Clock: clock.Real(), db: &cut{DB: store.Memory(), left: -1}, accounts: map[string][]string{
		"kerlann": {"anna", "bruno"}, "kerlann-two": {"bruno"}, "penmarch": {"yann", "scanner"}}}
	r.at("2026-09-01")
	offers, err := contract.ReadOffers("")
	r.must(err)
	for name, o := range offers {
		o.Hour = contract.PriceOf(6000)
		offers[name] = o
	}
	r.book = contract.NewBook(r.db, r, calendar.Paris(), offers)
	for _, name := range []string{"Kerlann", "Penmarch"} {
		_, err := r.book.AddClient(anne, contract.Client{Name: name, Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}})
		r.must(err)
		_, err = r.book.Sign(anne, contract.New{Client: name, Offer: "classic", Start: r.day("2026-09-01"), Employees: 2})
		r.must(err)
	}
	server := func(name, client string, state fleet.ServerState) fleet.Server {
		return fleet.Server{Name: name, Client: client, Box: "box-" + name, State: state}
	}
	r.look = &headcount.Reconciler{Book: r.book, Log: slog.New(slog.DiscardHandler),
		Servers: func() ([]fleet.Server, error) {
			return []fleet.Server{server("kerlann", "kerlann", fleet.ServerReady), server("kerlann-two", "kerlann", fleet.ServerReady),
				server("penmarch", "penmarch", fleet.ServerReady), server("old", "penmarch", fleet.ServerGone)}, nil
		},
		Accounts: func(_ context.Context, s fleet.Server) (headcount.Accounts, error) {
			names, there := r.accounts[s.Name]
			if !there {
				return headcount.Accounts{}, fmt.Errorf("no route to %s", s.Name)
			}
			r.asked = append(r.asked, s.Name)
			return headcount.Accounts{Names: names, Groups: r.groups[s.Name]}, nil
		},
		Sharing: func(string) ([]string, error) { return r.sharing, nil },
		Busy: func(box string) (string, error) {
			if box == r.busy {
				return "000042", nil
			}
			return "", nil
		}}
	return r
}

// seen is what the look of a day leaves, a line for each contract.
func (r *room) seen(day string) string {
	r.Helper()
	r.at(day)
	_, err := r.look.Look(r.Context(), "")
	r.must(err)
	return r.state()
}

func (r *room) state() string {
	r.Helper()
	all, err := r.book.Comparisons()
	r.must(err)
	var lines []string
	for _, c := range all {
		line := fmt.Sprintf("%s %d/%d", c.Client, c.Found, c.Billed)
		if c.Proposed != nil {
			for _, s := range c.Steps {
				line += fmt.Sprintf(" %d from %s", s.Count, s.From)
			}
		}
		if c.Dismissed != nil {
			line += " dismissed"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

func (r *room) want(got, want string) {
	r.Helper()
	if got != want {
		r.Errorf("seen %q, want %q", got, want)
	}
}

// TestLifeOfAProposal: a difference is proposed from its first day, grows, goes away, is
// dismissed, comes back, and is booked by nobody but a human.
func TestLifeOfAProposal(t *testing.T) {
	r := newRoom(t)
	r.want(r.seen("2026-09-02"), "kerlann 2/2; penmarch 2/2")
	r.accounts["kerlann"] = []string{"anna", "bruno", "dora"}
	r.want(r.seen("2026-09-03"), "kerlann 3/2 3 from 2026-09-03; penmarch 2/2")
	r.want(r.seen("2026-09-08"), "kerlann 3/2 3 from 2026-09-03; penmarch 2/2")
	r.accounts["kerlann-two"] = []string{"bruno", "erwan"}
	r.want(r.seen("2026-09-10"), "kerlann 4/2 3 from 2026-09-03 4 from 2026-09-10; penmarch 2/2")
	if k, _ := r.book.Contract("kerlann"); len(k.Headcounts) != 1 {
		t.Fatalf("headcounts were booked by themselves: %v", k.Headcounts)
	}
	// It goes away: the proposal is closed. It comes back: it is a new one.
	r.accounts["kerlann"], r.accounts["kerlann-two"] = []string{"anna", "bruno"}, nil
	r.want(r.seen("2026-09-11"), "kerlann 2/2; penmarch 2/2")
	r.accounts["kerlann"] = []string{"anna", "bruno", "dora"}
	r.want(r.seen("2026-09-14"), "kerlann 3/2 3 from 2026-09-14; penmarch 2/2")
	_, err := r.book.DismissHeadcount(anne, "kerlann-1", "stagiaire")
	r.must(err)
	r.want(r.seen("2026-09-15"), "kerlann 3/2 dismissed; penmarch 2/2")
	if _, err := r.book.AcceptHeadcount(anne, contract.Acceptance{Contract: "kerlann-1"}); err == nil || !strings.Contains(err.Error(), "no change of the headcount of kerlann-1 is proposed") {
		t.Errorf("what was dismissed was accepted: %v", err)
	}
	r.accounts["kerlann-two"] = []string{"erwan"}
	r.want(r.seen("2026-09-20"), "kerlann 4/2 4 from 2026-09-20; penmarch 2/2")
	r.accounts["kerlann-two"] = []string{"erwan", "fanch"}
	r.want(r.seen("2026-09-22"), "kerlann 5/2 4 from 2026-09-20 5 from 2026-09-22; penmarch 2/2")
	k, err := r.book.AcceptHeadcount(anne, contract.Acceptance{Contract: "kerlann-1"})
	r.must(err)
	if got := fmt.Sprint(k.CountOn(r.day("2026-09-19")), k.CountOn(r.day("2026-09-20")), k.CountOn(r.day("2026-09-22"))); got != "2 4 5" {
		t.Errorf("booked as %s, want 2 4 5", got)
	}
	r.want(r.state(), "kerlann 5/5; penmarch 2/2")
	// Left out: the scanner is nobody's employee. Booked by hand: the proposal is closed.
	_, err = r.book.LeaveOut(anne, "penmarch-1", []string{"scanner", "accueil", "scanner"})
	r.must(err)
	r.want(r.seen("2026-09-23"), "kerlann 5/5; penmarch 1/2 1 from 2026-09-23")
	_, err = r.book.SetHeadcount(anne, contract.Change{Client: "penmarch", Headcount: contract.Headcount{From: r.day("2026-09-10"), Count: 1}})
	r.must(err)
	r.want(r.state(), "kerlann 5/5; penmarch 1/1")
}

// TestUnseen: a server that does not answer, or is at work, changes nothing, for its
// client alone.
func TestUnseen(t *testing.T) {
	r := newRoom(t)
	r.accounts["kerlann"] = []string{"anna", "bruno", "dora"}
	r.seen("2026-09-03")
	delete(r.accounts, "kerlann-two")
	r.accounts["kerlann"] = []string{"anna"}
	r.at("2026-09-04")
	unseen, err := r.look.Look(t.Context(), "")
	r.must(err)
	if diff := cmp.Diff([]headcount.Unseen{{Contract: "kerlann-1", Why: "server kerlann-two: no route to kerlann-two"}}, unseen); diff != "" {
		t.Error(diff)
	}
	r.want(r.state(), "kerlann 3/2 3 from 2026-09-03; penmarch 2/2")
	r.busy = "box-penmarch"
	unseen, err = r.look.Look(t.Context(), "penmarch")
	r.must(err)
	if len(unseen) != 1 || unseen[0].Why != "server penmarch: operation 000042 works on box box-penmarch" {
		t.Errorf("unseen %+v", unseen)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.look.Look(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("a stop gives %v", err)
	}
}

// TestCuts cuts the power before and after each write of a look, and of what a human
// answers: done again, all ends as without it.
func TestCuts(t *testing.T) {
	ends := func(r *room) string {
		var actions []string
		r.must(r.db.View(func(tx store.Tx) error {
			var failed error
			for one := range audit.List(tx, 0, &failed) {
				actions = append(actions, one.Action)
			}
			return failed
		}))
		return r.state() + " " + strings.Join(actions, " ")
	}
	run := func(r *room) error {
		r.accounts["kerlann"], r.accounts["penmarch"] = []string{"anna", "bruno", "dora"}, []string{"yann"}
		r.at("2026-09-03")
		if _, err := r.look.Look(r.Context(), ""); err != nil {
			return err
		}
		if strings.Contains(r.state(), "3/2") {
			if _, err := r.book.AcceptHeadcount(anne, contract.Acceptance{Contract: "kerlann-1"}); err != nil {
				return err
			}
		}
		if !strings.Contains(r.state(), "dismissed") {
			_, err := r.book.DismissHeadcount(anne, "penmarch-1", "en congé")
			return err
		}
		return nil
	}
	whole := newRoom(t)
	whole.must(run(whole))
	want := ends(whole)
	if !strings.HasPrefix(want, "kerlann 3/3; penmarch 1/2 dismissed ") {
		t.Fatalf("without a cut: %s", want)
	}
	for n := range 4 {
		for _, after := range []bool{false, true} {
			r := newRoom(t)
			r.db.left, r.db.after = n, after
			if err := run(r); !errors.Is(err, errCut) {
				t.Fatalf("write %d was not cut: %v", n, err)
			}
			r.db.left = -1
			r.must(run(r))
			if got := ends(r); got != want {
				t.Errorf("cut at write %d (made: %v) it ends as\n%s\nwant\n%s", n, after, got, want)
			}
		}
	}
}
