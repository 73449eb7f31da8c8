package operation

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/store"
)

// Options are the settings of an engine; the zero value is right for the service.
type Options struct {
	// Global is how many operations run at the same time; 0 is 16.
	Global int
	// Limits says how many operations run at the same time under a name of
	// Request.Limits ("vault/central"), or under all names with that beginning
	// ("vault"). A name that is not there counts as 1.
	Limits map[string]int
	// Deadline is that of steps which have none; 0 is one hour.
	Deadline time.Duration
	// Patience is how long a step waits for a counterpart that does not answer; 0 is
	// 30 days.
	Patience time.Duration
	// Retain is how long ended operations are kept; 0 is 400 days, which is the
	// year that the audit is kept and a month to look at it.
	Retain time.Duration
	// Log takes what nobody else is told; nil is slog's default.
	Log *slog.Logger
}

// Engine runs operations. Make it with New, Register the workflows, then Run it.
type Engine struct {
	db   store.DB
	clk  clock.Clock
	opts Options
	log  *slog.Logger

	kinds     sync.RWMutex // guards workflows
	workflows map[string]Workflow

	ready chan struct{} // closed once Run has resumed what was in the store

	mu      sync.Mutex
	running context.Context  // of the goroutines; nil unless Run runs
	live    map[string]*live // what has not ended
	order   []*live          // the same, in the order of their start
	wg      sync.WaitGroup
}

// live is an operation that has not ended, as the engine holds it in memory.
type live struct {
	op      Operation // guarded by Engine.mu
	driven  bool      // has its goroutine, and with it leases and a place in the limits
	owner   bool      // held its leases already when the engine started
	ending  bool      // is being cancelled before it was ever driven
	cancel  context.CancelFunc
	request *Actor // who asked for its end
	handed  func() // mark of work handed over with a request, until it is noticed
	feed    feed
}

// unhand lets go of a mark that Cancel handed over. Engine.mu is held.
func (l *live) unhand() {
	if l.handed != nil {
		l.handed()
		l.handed = nil
	}
}

// New makes an engine on a store. It does nothing before Run.
func New(db store.DB, clk clock.Clock, opts Options) *Engine {
	opts.Global = cmp.Or(opts.Global, 16)
	opts.Deadline = cmp.Or(opts.Deadline, time.Hour)
	opts.Patience = cmp.Or(opts.Patience, 30*24*time.Hour)
	opts.Retain = cmp.Or(opts.Retain, 400*24*time.Hour)
	log := opts.Log
	if log == nil {
		log = slog.Default()
	}
	return &Engine{db: db, clk: clk, opts: opts, log: log, workflows: map[string]Workflow{}, ready: make(chan struct{}), live: map[string]*live{}}
}

// Register makes a kind known. Register all before Run, or else operations of that
// kind which are in the store stay blocked until the next start. A second workflow
// of the same kind replaces the first.
func (e *Engine) Register(w Workflow) {
	e.kinds.Lock()
	defer e.kinds.Unlock()
	e.workflows[w.Kind] = w
}

func (e *Engine) workflow(kind string) (w Workflow, known bool) {
	e.kinds.RLock()
	defer e.kinds.RUnlock()
	w, known = e.workflows[kind]
	return w, known
}

// Clock is the engine's.
func (e *Engine) Clock() clock.Clock { return e.clk }

// Ready is closed once Run has taken over the operations in the store. An operation
// that is started earlier begins then.
func (e *Engine) Ready() <-chan struct{} { return e.ready }

// Run resumes the operations in the store and runs them and all new ones until ctx
// ends. It is called once. Then it waits for the steps in progress to let go, and leaves every
// operation as it is, for the next Run.
func (e *Engine) Run(ctx context.Context) (err error) {
	own, done := e.clk.Work(ctx)
	defer done()
	e.clk.Idle(ctx, func() { err = e.run(own) }) // a mark that the caller holds would stop time
	return err
}

func (e *Engine) run(ctx context.Context) error {
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if err := e.load(inner); err != nil {
		return err
	}
	close(e.ready)
	e.clk.Idle(ctx, func() { <-ctx.Done() })
	e.mu.Lock()
	e.running = nil
	e.mu.Unlock()
	stop()
	e.wg.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.order {
		l.feed.close(e.clk)
	}
	clear(e.live)
	e.order = nil
	return nil
}

// load takes over what is in the store.
func (e *Engine) load(ctx context.Context) error {
	var open []stored
	requests := map[string]*Actor{}
	err := e.db.View(func(tx store.Tx) (err error) {
		if open, err = operations.ByIndex(tx, byOpen, "open"); err != nil {
			return err
		}
		for _, s := range open {
			var who Actor
			found, err := getJSON(tx, cancelKey(s.ID), &who)
			if err != nil {
				return err
			}
			if found {
				requests[s.ID] = &who
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.running = ctx
	for _, s := range open {
		l := e.live[s.ID]
		if l == nil {
			l = &live{op: s.Operation}
			e.add(l)
		}
		l.op, l.request, l.owner = s.Operation, requests[s.ID], s.Started != nil
		e.unblock(&l.op)
	}
	e.dispatch()
	return nil
}

// enqueue takes over an operation that was just committed.
func (e *Engine) enqueue(op Operation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.live[op.ID] == nil {
		e.add(&live{op: op})
	}
	e.dispatch()
}

// add takes an operation into memory, in the order of their start. e.mu is held.
func (e *Engine) add(l *live) {
	e.live[l.op.ID] = l
	at, _ := slices.BinarySearchFunc(e.order, l.op.ID, byID)
	e.order = slices.Insert(e.order, at, l)
}

// drop forgets an operation that has ended. e.mu is held.
func (e *Engine) drop(id string) {
	delete(e.live, id)
	if at, found := slices.BinarySearchFunc(e.order, id, byID); found {
		e.order = slices.Delete(e.order, at, at+1)
	}
}

func byID(l *live, id string) int { return strings.Compare(l.op.ID, id) }
