// Package schedule runs entries at the times that a cron expression says, and keeps
// in the store when each ran last and comes next, so that a restart neither forgets
// nor doubles a run. What was missed while nobody ran is caught up once.
//
// It decides when, never what: an entry's work is its owner's.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/store"
)

// defaultZone is the time zone of expressions that name none.
const defaultZone = "Europe/Paris"

// Entry is one thing to do regularly. Exactly one of Begin and Run is set.
type Entry struct {
	Name string // unique, "backup/remote/horizon"
	Spec string // cron expression, see Parse
	Zone string // IANA name; defaultZone if empty
	// Jitter spreads the runs: each comes up to this much later than Spec says, by
	// an amount that depends on name and instant alone.
	Jitter time.Duration

	// Begin starts the work inside the transaction that notes the run: both happen,
	// or neither. It is the way to start an operation exactly once. at is the
	// instant that the expression gave; after downtime it may be long past.
	Begin func(tx store.Tx, at time.Time) error
	// Run does the work itself. If the program dies meanwhile it is called again
	// for the same instant, so it looks first whether its effect is there.
	Run func(ctx context.Context, at time.Time) error
}

// Status is an entry as it is listed.
type Status struct {
	Name   string    `json:"name"`
	Spec   string    `json:"spec"`
	Words  string    `json:"words"`
	Zone   string    `json:"zone"`
	Last   time.Time `json:"last,omitzero"`  // when the last run began
	Ended  time.Time `json:"ended,omitzero"` // when it ended
	Result string    `json:"result"`         // "ok", an error's text, "running", or "" before the first run
	Next   time.Time `json:"next,omitzero"`  // when the next one comes, jitter included
}

// saved is what the store keeps of an entry.
type saved struct {
	Spec   string    `json:"spec"`
	Zone   string    `json:"zone"`
	Next   time.Time `json:"next"` // as the expression gives it, without jitter
	Last   time.Time `json:"last,omitzero"`
	Ended  time.Time `json:"ended,omitzero"`
	Result string    `json:"result,omitempty"`
}

var entries = store.NewCollection[saved]("schedule", 1)

// Scheduler runs entries. Add and Remove work before and during Run.
type Scheduler struct {
	db    store.DB
	clock clock.Clock
	log   *slog.Logger

	mu      sync.Mutex
	entries map[string]*entry
	ctx     context.Context // of Start; nil before
	wg      sync.WaitGroup
	stopped bool
}

type entry struct {
	Entry
	expr    Expression
	running bool
	cancel  context.CancelFunc // of its goroutine; nil while none runs
	done    chan struct{}
}

// New makes a scheduler whose state is in db.
func New(db store.DB, clk clock.Clock, log *slog.Logger) *Scheduler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Scheduler{db: db, clock: clk, log: log, entries: map[string]*entry{}}
}

// Add puts an entry in, or replaces the one of that name: if its expression is the
// same it goes on where it was, so that a run missed meanwhile is caught up;
// otherwise it begins anew.
func (s *Scheduler) Add(e Entry) error {
	if e.Name == "" || (e.Begin == nil) == (e.Run == nil) {
		return fmt.Errorf("schedule %q: it needs a name, and either Begin or Run", e.Name)
	}
	if e.Zone == "" {
		e.Zone = defaultZone
	}
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		return fmt.Errorf("schedule %s: %q is no time zone; want a name such as Europe/Paris", e.Name, e.Zone)
	}
	expr, err := Parse(e.Spec, zone)
	if err != nil {
		return fmt.Errorf("schedule %s: %w", e.Name, err)
	}
	if err := s.Remove(e.Name); err != nil {
		return err
	}
	now := s.clock.Now()
	err = s.db.Update(func(tx store.Tx) error {
		state, err := entries.Get(tx, e.Name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && state.Spec == expr.String() && state.Zone == e.Zone && !state.Next.IsZero() {
			return nil
		}
		state.Spec, state.Zone, state.Next = expr.String(), e.Zone, expr.Next(now)
		return entries.Put(tx, e.Name, state)
	})
	if err != nil {
		return fmt.Errorf("schedule %s: %w", e.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	added := &entry{Entry: e, expr: expr}
	s.entries[e.Name] = added
	if s.ctx != nil && !s.stopped {
		s.start(added)
	}
	return nil
}

// Remove takes an entry out and waits until a run under way has ended. What the
// store knows of it stays, for the day it is added again.
func (s *Scheduler) Remove(name string) error {
	s.mu.Lock()
	e := s.entries[name]
	delete(s.entries, name)
	var done chan struct{}
	if e != nil && e.cancel != nil {
		e.cancel()
		done = e.done
	}
	s.mu.Unlock()
	if done != nil {
		<-done
	}
	return nil
}

// Start lets the entries run until ctx ends. When it returns they all wait for
// their times.
func (s *Scheduler) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx != nil {
		return errors.New("schedule: it runs already")
	}
	s.ctx = ctx
	for _, name := range slices.Sorted(maps.Keys(s.entries)) {
		s.start(s.entries[name])
	}
	return nil
}

// Wait returns when the context given to Start has ended and with it the last run.
func (s *Scheduler) Wait() {
	s.mu.Lock()
	ctx := s.ctx
	s.mu.Unlock()
	if ctx == nil {
		return
	}
	<-ctx.Done()
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.wg.Wait()
}

// Run is Start and Wait.
func (s *Scheduler) Run(ctx context.Context) error {
	if err := s.Start(ctx); err != nil {
		return err
	}
	s.clock.Idle(ctx, s.Wait) // a mark that the caller holds would stop time
	return nil
}

// start gives an entry its goroutine. s.mu is held.
func (s *Scheduler) start(e *entry) {
	ctx, cancel := context.WithCancel(s.ctx)
	e.cancel, e.done = cancel, make(chan struct{})
	ctx, idle := s.clock.Work(ctx)
	s.wg.Go(func() {
		defer close(e.done)
		defer idle()
		if err := s.loop(ctx, e); err != nil && ctx.Err() == nil {
			s.log.Error("schedule entry stopped", "entry", e.Name, "err", err)
		}
	})
}

// nap is the longest sleep at a stretch: a machine that was suspended, or whose
// clock was set, is noticed after that time at the latest.
const nap = time.Hour

func (s *Scheduler) loop(ctx context.Context, e *entry) error {
	for {
		state, err := s.load(e)
		if err != nil {
			return err
		}
		if state.Next.IsZero() {
			return nil // it never comes again
		}
		due := state.Next.Add(e.jitter(state.Next))
		for now := s.clock.Now(); now.Before(due); now = s.clock.Now() {
			if err := s.clock.Sleep(ctx, min(due.Sub(now), nap)); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.once(ctx, e, state); err != nil {
			if ctx.Err() != nil {
				return err
			}
			// The store took nothing in: the run has not been, and is not given up.
			s.log.Error("schedule entry waits for the store", "entry", e.Name, "err", err, "again_in", again)
			if err := s.clock.Sleep(ctx, again); err != nil {
				return err
			}
		}
	}
}

// again is after how long a run whose end the store could not note is tried again.
const again = time.Minute

// once runs the entry for the newest instant that is due, and moves it on.
func (s *Scheduler) once(ctx context.Context, e *entry, state saved) error {
	now := s.clock.Now()
	at, next := e.newest(state.Next, now)
	s.setRunning(e, true)
	defer s.setRunning(e, false)
	s.log.Debug("schedule entry is due", "entry", e.Name, "at", at)
	state.Last = now

	if e.Begin != nil {
		err := s.db.Update(func(tx store.Tx) error {
			if err := e.Begin(tx, at); err != nil {
				return err
			}
			return s.note(tx, e, state, next, "ok")
		})
		if _, full := errors.AsType[*store.FullError](err); err == nil || full {
			return err // what finds no room is not over: it would be skipped
		}
		s.log.Error("schedule entry failed", "entry", e.Name, "err", err)
		return s.db.Update(func(tx store.Tx) error { return s.note(tx, e, state, next, err.Error()) })
	}

	err := e.Run(ctx, at)
	if ctx.Err() != nil {
		return ctx.Err() // cut off: it is run again for this instant after the restart
	}
	result := "ok"
	if err != nil {
		result = err.Error()
		s.log.Error("schedule entry failed", "entry", e.Name, "err", err)
	}
	return s.db.Update(func(tx store.Tx) error { return s.note(tx, e, state, next, result) })
}

func (s *Scheduler) note(tx store.Tx, e *entry, state saved, next time.Time, result string) error {
	state.Next, state.Ended, state.Result = next, s.clock.Now(), result
	return entries.Put(tx, e.Name, state)
}

// newest is the last instant up to now of those that begin with first, and the one
// after it: of runs that were missed only the newest is made up for.
func (e *entry) newest(first, now time.Time) (at, next time.Time) {
	at = first
	// An expression that comes every minute is not counted through years of downtime.
	if e.expr.every > 0 || now.Sub(first) > 48*time.Hour {
		if near := e.expr.Next(now.Add(-48 * time.Hour)); near.After(at) && !near.After(now) {
			at = near
		}
	}
	for next = e.expr.Next(at); !next.IsZero() && !next.After(now); next = e.expr.Next(at) {
		at = next
	}
	return at, next
}

// jitter is the same for the same name and instant, on every controller.
func (e *entry) jitter(at time.Time) time.Duration {
	if e.Jitter <= 0 {
		return 0
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", e.Name, at.Unix())
	return time.Duration(h.Sum64() % uint64(e.Jitter)).Round(time.Second)
}

func (s *Scheduler) setRunning(e *entry, running bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.running = running
}

func (s *Scheduler) load(e *entry) (state saved, err error) {
	err = s.db.View(func(tx store.Tx) error {
		state, err = entries.Get(tx, e.Name)
		return err
	})
	return state, err
}

// List is every entry's status, by name.
func (s *Scheduler) List() ([]Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Status, 0, len(s.entries))
	for _, name := range slices.Sorted(maps.Keys(s.entries)) {
		e := s.entries[name]
		state, err := s.load(e)
		if err != nil {
			return nil, fmt.Errorf("schedule %s: %w", name, err)
		}
		st := Status{
			Name: name, Spec: e.expr.String(), Words: e.expr.Words(), Zone: e.Zone,
			Last: state.Last, Ended: state.Ended, Result: state.Result,
		}
		if !state.Next.IsZero() {
			st.Next = state.Next.Add(e.jitter(state.Next))
		}
		if e.running {
			st.Result = "running"
		}
		list = append(list, st)
	}
	return list, nil
}
