// Package headcount asks clients' servers who has an account there, and has the book of
// contracts hold that against the headcount that is billed: each morning, and when
// somebody asks. It decides and books nothing: what differs is a proposal.
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
	// Accounts are the names of those who have an account on a server, without its
	// first admin, who is ours.
	Accounts func(ctx context.Context, s fleet.Server) ([]string, error)
	// Busy names the operation that works on a box now: a server there is not asked,
	// since overlapping requests disturb each other. Empty: none.
	Busy func(box string) (string, error)
	Log  *slog.Logger

	mu sync.Mutex // one look at a time
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

// Look asks the servers of one client (by ID), or of all, and compares. A client one of
// whose servers does not answer is left as it was, and told.
func (r *Reconciler) Look(ctx context.Context, client string) (unseen []Unseen, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all, err := r.Book.Contracts()
	if err != nil {
		return nil, err
	}
	servers, err := r.byClient()
	if err != nil {
		return nil, err
	}
	today := r.Book.Today()
	for _, k := range all {
		theirs := servers[k.Client]
		if client != "" && k.Client != client || !k.Counts(today) || len(theirs) == 0 {
			continue
		}
		names, err := r.ask(ctx, theirs)
		if err == nil {
			_, err = r.Book.Compare(k.ID, names)
			if err != nil {
				return unseen, fmt.Errorf("contract %s: compare accounts: %w", k.ID, err)
			}
			continue
		}
		if ctx.Err() != nil {
			return unseen, ctx.Err() // the stop cut it short: that says nothing about a server
		}
		unseen = append(unseen, Unseen{k.ID, err.Error()})
	}
	return unseen, nil
}

// byClient are the servers in service.
func (r *Reconciler) byClient() (map[string][]fleet.Server, error) {
	all, err := r.Servers()
	by := map[string][]fleet.Server{}
	for _, s := range all {
		if s.State == fleet.ServerReady {
			by[s.Client] = append(by[s.Client], s)
		}
	}
	return by, err
}

// ask gathers the accounts of all servers of a client: somebody who has one on two of
// them is one.
func (r *Reconciler) ask(ctx context.Context, servers []fleet.Server) (names []string, err error) {
	for _, s := range servers {
		if busy, err := r.Busy(s.Box); err != nil {
			return nil, err
		} else if busy != "" {
			return nil, fmt.Errorf("server %s: operation %s works on box %s", s.Name, busy, s.Box)
		}
		found, err := r.one(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("server %s: %w", s.Name, err)
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (r *Reconciler) one(ctx context.Context, s fleet.Server) ([]string, error) {
	limited, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	found, err := r.Accounts(limited, s)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, fmt.Errorf("no answer within %s", askLimit)
	}
	return found, err
}
