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
	"os"
	"strings"
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

// Build makes a world on a clock. Worlds of several runs live at the same time, so
// they share nothing.
type Build func(t testing.TB, clk *clocktest.Clock) World

// Report counts what Run did.
type Report struct {
	Requests int // to the counterparts, in the run without a crash
	Commits  int
	Cuts     int // runs with a crash
}

// Run checks one workflow. A cut that goes wrong is a failed subtest, which can be
// run alone by its name: "after-17", or "after-17-then-3" where the second
// controller is cut off too.
func Run(t *testing.T, build Build) Report {
	t.Helper()
	want := run(t, build)
	if want.err != nil {
		t.Fatalf("the run without a crash: %v", want.err)
	}
	report := Report{Requests: want.requests, Commits: want.commits}
	plans := sampled(cuts(want.reads))
	t.Run("cut", func(t *testing.T) {
		for _, plan := range plans {
			report.Cuts++
			t.Run(nameOf(plan), func(t *testing.T) {
				t.Parallel()
				if problem := compare(want, run(t, build, plan...)); problem != "" {
					t.Error(problem)
				}
			})
		}
	})
	t.Logf("%d requests, %d commits, %d runs with a crash; the operation ends %s", report.Requests, report.Commits, report.Cuts, want.op.State)
	return report
}

// Check is Run that returns what went wrong instead of failing the test.
func Check(t testing.TB, build Build) (problems []string) {
	t.Helper()
	want := run(t, build)
	if want.err != nil {
		t.Fatalf("the run without a crash: %v", want.err)
	}
	for _, plan := range cuts(want.reads) {
		if problem := compare(want, run(t, build, plan...)); problem != "" {
			problems = append(problems, nameOf(plan)+": "+problem)
		}
	}
	return problems
}

// everyEvent is the environment variable that, set to "all", has a workflow of many
// events cut right before and right after each of them, as CI does.
const everyEvent = "ACCOLADE_CRASH"

// many events are those of a workflow that waits long: most are reads that ask
// whether something is done, and a run takes its time.
const many = 200

// cuts are the points at which the controllers of each run die: the first one right
// before and right after each event; and now and then the second one too, soon after
// it has begun.
//
// Of many events a sample is cut, unless the environment says all: right after each
// write and each commit, and each tenth of the reads in a row. What is left out is
// much the same: a read changes nothing, and right before an event is right after
// the one before it.
func cuts(reads []bool) (plans [][]point) {
	sample, row := len(reads) > many && os.Getenv(everyEvent) != "all", 0
	for i := 1; i <= len(reads); i++ {
		if row++; !reads[i-1] {
			row = 0
		}
		if sample && row > 0 && row%10 != 0 {
			continue
		}
		if !testing.Short() && !sample || i == 1 {
			plans = append(plans, []point{{i, false}})
		}
		plans = append(plans, []point{{i, true}})
		if i%5 == 3 && !testing.Short() {
			plans = append(plans, []point{{i, true}, {1 + i%7, i%2 == 0}})
		}
	}
	return plans
}

// underRace is how many cuts of one workflow are made under the race detector.
const underRace = 30

// sampled leaves out cuts, evenly, where the race detector looks on; it looks for
// races and not for what a crash leaves.
func sampled(plans [][]point) [][]point {
	if !raceDetector || len(plans) <= underRace || os.Getenv(everyEvent) == "all" {
		return plans
	}
	some := make([][]point, 0, underRace)
	for i := range underRace {
		some = append(some, plans[i*len(plans)/underRace])
	}
	return some
}

func nameOf(plan []point) string {
	var words []string
	for _, p := range plan {
		words = append(words, p.String())
	}
	return strings.Join(words, "-then-")
}

// compare says how a run with a crash ended differently, "" if it did not.
func compare(want, got outcome) string {
	switch {
	case got.err != nil:
		return fmt.Sprintf("cut off %s: %v", got.event, got.err)
	case got.op.State != want.op.State:
		return fmt.Sprintf("cut off %s: the operation is %s (%s), want %s", got.event, got.op.State, reason(got.op), want.op.State)
	}
	if diff := cmp.Diff(want.state, got.state); diff != "" {
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

// point is where a controller is cut off: right before or after the nth event of its
// life. Zero: never.
type point struct {
	n     int
	after bool
}

func (p point) String() string {
	if p.after {
		return fmt.Sprintf("after-%d", p.n)
	}
	return fmt.Sprintf("before-%d", p.n)
}

// outcome is how a run ended.
type outcome struct {
	op       operation.Operation
	state    any
	requests int
	commits  int
	reads    []bool
	event    string // the one at the cut
	err      error
}

// run is one run of the workflow, with one controller more than there are cuts. A
// later controller may have finished before its cut comes; the first may not.
func run(t testing.TB, build Build, plan ...point) (out outcome) {
	clk := clocktest.Auto(Start)
	ctx, done := clk.Work(context.Background())
	defer done()
	world := build(t, clk)
	if world.Close != nil {
		defer world.Close()
	}
	db := store.Memory()
	if world.Prepare != nil {
		var err error
		clk.Idle(ctx, func() { err = world.Prepare(db) }) // it may let time pass
		if err != nil {
			return outcome{err: fmt.Errorf("prepare: %w", err)}
		}
	}
	var events []string
	for i, cut := range append(plan, point{}) {
		ln := newLine(clk, cut)
		op, err := live(ctx, clk, world, db, ln)
		out.op, out.requests, out.commits, out.reads = op, ln.requests, ln.commits, ln.reads
		if ln.isCut() {
			events = append(events, ln.event)
			out.event = strings.Join(events, ", then ")
			continue
		}
		if err == nil && cut.n > 0 && i == 0 {
			err = fmt.Errorf("event %d never came: the workflow does not run the same way each time", cut.n)
		}
		if err != nil {
			out.err = fmt.Errorf("controller %d: %w", i+1, err)
			return out
		}
		break
	}
	clk.Idle(ctx, func() { out.state, out.err = world.State(db) })
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
