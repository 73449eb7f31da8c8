// Package crashtest proves that a workflow survives a controller that dies at any
// instant. It runs the workflow once and counts everything that leaves the
// controller: each request to a counterpart and each commit of the store. Then it
// runs it again for every one of them, cuts the controller off right before and
// right after it, and lets a new controller go on with what is in the store. Each
// time the world must end up in the same state.
//
// Cut off means: from that instant the store accepts no commit, nothing is sent, and
// whatever the old controller still does is ignored. Right after a request means that
// the counterpart has acted on it, and that the answer is lost.
//
// A workflow gets all this for one line:
//
//	crashtest.Run(t, newWorld)
//
// The package knows no workflow and no counterpart.
package crashtest

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Start is when the time of each world begins: a Monday afternoon.
var Start = time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)

// World is what a workflow runs in: simulated counterparts, and how a controller
// for them is put together. It is made afresh for every run.
type World struct {
	// Prepare fills the store before the first controller starts; nil: it is empty.
	Prepare func(db store.DB) error
	// Controller puts a controller together: it makes the adapters, whose requests go
	// through c.Wrap, and registers the workflows on c.Engine. It is called once for
	// each life of the controller.
	Controller func(c *Controller) error
	// Begin asks a controller for the operation, as a technician does. It is asked
	// again if the first controller died before it had stored anything.
	Begin func(c *Controller) (operation.Operation, error)
	// State describes how everything ended up: the counterparts and the store. Two
	// states are compared with go-cmp; identifiers that may differ from run to run
	// have no place in them.
	State func(db store.DB) (any, error)
	// Engine are the options of the engines.
	Engine operation.Options
	// Close takes the world down; may be nil.
	Close func()
}

// Controller is one life of the controller.
type Controller struct {
	Context context.Context // ends with this life
	DB      store.DB
	Clock   clock.Clock
	Engine  *operation.Engine
	line    *line
}

// Wrap stands between an adapter and its network.
func (c *Controller) Wrap(next http.RoundTripper) http.RoundTripper { return &wire{c.line, next} }

// Report counts what Run did.
type Report struct {
	Requests int // to the counterparts, in the run without a crash
	Commits  int
	Cuts     int // runs with a crash
	Problems []string
}

// Run checks one workflow. build makes a world on a clock.
func Run(t *testing.T, build func(testing.TB, *clocktest.Clock) World) Report {
	t.Helper()
	report, err := examine(t, build)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d requests, %d commits, %d runs with a crash", report.Requests, report.Commits, report.Cuts)
	for _, p := range report.Problems {
		t.Error(p)
	}
	return report
}

// Check is Run that returns what went wrong instead of failing the test.
func Check(t *testing.T, build func(testing.TB, *clocktest.Clock) World) []string {
	t.Helper()
	report, err := examine(t, build)
	if err != nil {
		t.Fatal(err)
	}
	return report.Problems
}

func examine(t testing.TB, build func(testing.TB, *clocktest.Clock) World) (Report, error) {
	want := run(t, build, point{})
	if want.err != nil {
		return Report{}, fmt.Errorf("the run without a crash: %w", want.err)
	}
	report := Report{Requests: want.requests, Commits: want.commits}
	for n := 1; n <= want.requests+want.commits; n++ {
		for _, after := range []bool{false, true} {
			if testing.Short() && !after && n > 1 {
				continue // much the same as right after the event before
			}
			at := point{n, after}
			report.Cuts++
			got := run(t, build, at)
			if problem := compare(want, got); problem != "" {
				report.Problems = append(report.Problems, fmt.Sprintf("cut off right %s %s: %s", at.word(), got.event, problem))
			}
		}
	}
	return report, nil
}

// compare says how a run with a crash ended differently, "" if it did not.
func compare(want, got outcome) string {
	switch {
	case got.err != nil:
		return got.err.Error()
	case got.op.State != want.op.State:
		return fmt.Sprintf("the operation is %s (%s), want %s", got.op.State, reason(got.op), want.op.State)
	}
	if diff := cmp.Diff(want.state, got.state); diff != "" {
		return "another end state (-without a crash +with it):\n" + diff
	}
	return ""
}

func reason(op operation.Operation) string {
	if op.Problem != nil {
		return op.Problem.Step + ": " + op.Problem.What
	}
	return op.Waiting
}

// point is where a controller is cut off: right before or after the nth event.
// Zero: never.
type point struct {
	n     int
	after bool
}

func (p point) word() string {
	if p.after {
		return "after"
	}
	return "before"
}

// outcome is how a run ended.
type outcome struct {
	op       operation.Operation
	state    any
	requests int
	commits  int
	event    string // the one at the cut
	err      error
}

// run is one run of the workflow, with one controller or, if the first is cut off,
// with two.
func run(t testing.TB, build func(testing.TB, *clocktest.Clock) World, cut point) (out outcome) {
	clk := clocktest.Auto(Start)
	ctx, done := clk.Work(context.Background())
	defer done()
	world := build(t, clk)
	if world.Close != nil {
		defer world.Close()
	}
	db := store.Memory()
	if world.Prepare != nil {
		if err := world.Prepare(db); err != nil {
			return outcome{err: fmt.Errorf("prepare: %w", err)}
		}
	}
	first := newLine(clk, cut)
	op, err := live(ctx, clk, world, db, first)
	out = outcome{op: op, requests: first.requests, commits: first.commits, event: first.event}
	switch {
	case first.isCut():
		if out.op, err = live(ctx, clk, world, db, newLine(clk, point{})); err != nil {
			out.err = fmt.Errorf("the second controller: %w", err)
			return out
		}
	case cut.n > 0:
		out.err = fmt.Errorf("event %d never came: the workflow does not run the same way each time", cut.n)
		return out
	case err != nil:
		out.err = err
		return out
	}
	out.state, out.err = world.State(db)
	return out
}

// live is one life of a controller: until the operation has ended, or the line is
// cut. It returns when nothing of that controller runs any more.
func live(ctx context.Context, clk *clocktest.Clock, world World, db store.DB, ln *line) (op operation.Operation, err error) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer ln.settle()
	ln.onCut(end)
	c := &Controller{Context: ctx, DB: store.Observe(db, ln), Clock: clk, line: ln}
	opts := world.Engine
	opts.Log = slog.New(slog.DiscardHandler)
	c.Engine = operation.New(c.DB, clk, opts)
	if err := world.Controller(c); err != nil {
		return op, fmt.Errorf("put the controller together: %w", err)
	}
	over := make(chan error, 1)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	go func() { over <- c.Engine.Run(running) }() // this goroutine's mark stands for it until it is ready
	select {
	case <-c.Engine.Ready():
	case err := <-over:
		stop()
		return op, err
	}
	defer func() {
		stop()
		clk.Idle(ctx, func() {
			if e := <-over; err == nil {
				err = e
			}
		})
	}()
	op, found, err := stored(c.Engine)
	if err == nil && !found {
		op, err = world.Begin(c)
	}
	if err != nil {
		return op, err
	}
	op, err = c.Engine.Wait(ctx, op.ID)
	if err == nil && !op.State.Ended() {
		err = fmt.Errorf("operation %s stays %s: %s", op.ID, op.State, op.Waiting)
	}
	return op, err
}

// stored is the operation that an earlier controller has begun.
func stored(e *operation.Engine) (op operation.Operation, found bool, err error) {
	all, err := e.List(operation.Filter{})
	if err != nil || len(all) == 0 {
		return op, false, err
	}
	return all[len(all)-1], true, nil
}
