// Package crashtest proves that a workflow survives a controller that dies at any
// instant. It runs the workflow once and counts everything that leaves the
// controller: each request to a counterpart, each commit of the store, each thing done
// to a file. Then it runs it again for every one of them, cuts the controller off right
// before and right after it, and lets a new controller go on with what is there. Then
// it cuts off the new controller too, in pairs of instants. Each time the world must
// end up in the same state, by the same operation and no other, with no lease held and
// no record in the store that is not there without a crash.
//
// Cut off means: from that instant the store accepts no commit, nothing is sent, no
// file changes, and whatever the old controller still does is ignored. Right after a
// request means that the counterpart has acted on it, and that the answer is lost.
//
// A workflow gets all this for one line:
//
//	crashtest.Run(t, newWorld)
//
// The package knows no workflow and no counterpart.
package crashtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

// Start is when the time of each world begins: a Monday afternoon.
var Start = time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)

// World is what a workflow runs in: simulated counterparts, and how a controller
// for them is put together. It is made afresh for every run. Time stands still while its
// functions work, and passes where they wait with the context that they are given.
type World struct {
	// Prepare fills the store before the first controller starts; nil: it is empty.
	Prepare func(ctx context.Context, db store.DB) error
	// Controller puts a controller together: it makes the adapters, whose requests go
	// through c.Wrap, and registers the workflows on c.Engine. It is called once for
	// each life of the controller.
	Controller func(c *Controller) error
	// Begin asks a controller for the operation, as a technician does. It is asked
	// again if the first controller died before it had stored anything.
	Begin func(c *Controller) (operation.Operation, error)
	// Work, in the place of Begin, is for what is no operation: it lets the controller
	// do it, or go on with it, and returns once it is over and nothing of it runs.
	Work func(c *Controller) error
	// State describes how everything ended up: the counterparts and the store. Two
	// states are compared with go-cmp; identifiers that may differ from run to run
	// have no place in them.
	State func(ctx context.Context, db store.DB) (any, error)
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
	// Between is what Wrap puts there where no line is cut; see faulttest.
	Between func(http.RoundTripper) http.RoundTripper
	line    *line
}

// Wrap stands between an adapter and its network.
func (c *Controller) Wrap(next http.RoundTripper) http.RoundTripper {
	if c.line == nil {
		return c.Between(next)
	}
	return &wire{c.line, next}
}

// Disk stands between a service that writes files and the disk: what is done to a file
// is an event.
func (c *Controller) Disk(next wholefile.Disk) wholefile.Disk { return &disk{c.line, next} }

// Build makes a world on a clock, and lets no time pass: that is for Prepare. Worlds of
// several runs live at the same time, so they share nothing.
type Build func(t testing.TB, clk *clocktest.Clock) World

// compare says how a run with a crash ended differently, "" if it did not; opts are for
// the end state.
func compare(want, got outcome, opts ...cmp.Option) string {
	switch {
	case got.err != nil:
		return fmt.Sprintf("cut off %s: %v", got.event, got.err)
	case got.op.State != want.op.State:
		return fmt.Sprintf("cut off %s: the operation is %s (%s), want %s", got.event, got.op.State, reason(got.op), want.op.State)
	case got.op.ID != want.op.ID:
		return fmt.Sprintf("cut off %s: operation %s ended %s, want %s", got.event, got.op.ID, got.op.State, want.op.ID)
	}
	if got.stateErr != nil {
		return fmt.Sprintf("cut off %s: read the end state: %v", got.event, got.stateErr)
	}
	if diff := cmp.Diff(want.left, got.left); diff != "" {
		return fmt.Sprintf("cut off %s: something else is left in the store (-without a crash +with it):\n%s", got.event, diff)
	}
	if diff := cmp.Diff(want.state, got.state, opts...); diff != "" {
		return fmt.Sprintf("cut off %s: another end state (-without a crash +with it):\n%s", got.event, diff)
	}
	return ""
}

func reason(op operation.Operation) string {
	if op.Problem != nil {
		return op.Problem.Step + ": " + op.Problem.What
	}
	return op.Waiting
}

// outcome is how a run ended.
type outcome struct {
	op     operation.Operation
	state  any
	left   leftover
	events events // of the last controller, or of the only one
	event  string // the one at the cut, or the ones
	err    error

	stateErr error // the state could not be read
}

// run is one run of the workflow, with one controller more than there are cuts.
func run(t testing.TB, build Build, plan ...point) (out outcome) {
	return runDisturbed(t, build, disturbance{}, plan...)
}

func runDisturbed(t testing.TB, build Build, by disturbance, plan ...point) (out outcome) {
	clk := clocktest.Auto(Start)
	ctx, done := clk.Work(context.Background())
	defer done()
	world := build(t, clk)
	if world.Close != nil {
		defer world.Close()
	}
	db := store.Memory()
	if world.Prepare != nil {
		if err := world.Prepare(ctx, db); err != nil {
			return outcome{err: fmt.Errorf("prepare: %w", err)}
		}
	}
	var struck []string
	for i, cut := range append(plan, point{}) {
		ln := newLine(clk, cut)
		ln.disturb(db, by)
		op, err := live(ctx, clk, world, db, ln)
		err = errors.Join(err, ln.disturbed)
		out.op, out.events = op, ln.counted()
		if ln.isCut() {
			struck = append(struck, ln.event)
			out.event = strings.Join(struck, ", then ")
			continue
		}
		if err == nil && cut.n > 0 {
			err = fmt.Errorf("event %d of controller %d never came: the workflow does not run the same way each time", cut.n, i+1)
		}
		if err != nil {
			out.err = fmt.Errorf("controller %d: %w", i+1, err)
			return out
		}
		break
	}
	if out.left, out.err = leftBehind(db); out.err != nil {
		return out
	}
	out.state, out.stateErr = world.State(ctx, db)
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
	running, stop := context.WithCancel(context.Background()) // without our mark, which the engine would lift: it holds time while we work
	go func() { over <- c.Engine.Run(running) }()
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
	if world.Work != nil {
		return asking(func() (operation.Operation, error) { return operation.Operation{State: operation.Done}, world.Work(c) })
	}
	op, found, err := stored(c.Engine)
	if err == nil && !found {
		op, err = asking(func() (operation.Operation, error) { return world.Begin(c) })
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
