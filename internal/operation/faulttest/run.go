package faulttest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/secret/secrettest"
	"codeberg.org/accolade/accolade/internal/sim/fault"
	"codeberg.org/accolade/accolade/internal/store"
)

// outcome is how a run ended.
type outcome struct {
	requests []request
	targets  []Target
	op       operation.Operation // zero: refused before it began
	refused  error
	wrecked  bool // a VM was left half made, and the doctor told
	lost     bool // a VM that stood before was removed by hand
	waited   bool // it waited with its reason when a long absence ended
	state    any
	problem  string // what was wrong about it; "": nothing
}

// tooLong is when an operation has to be over, whatever struck: a technician will have
// looked at it by then.
const tooLong = 20 * 24 * time.Hour

// run is one run of the workflow with the faults of a plan.
func run(t testing.TB, build Build, p plan, seen *secrettest.Collector) (out outcome) {
	clk := clocktest.Auto(crashtest.Start)
	ctx, done := clk.Work(context.Background())
	defer done()
	world := build(t, clk)
	if world.Close != nil {
		defer world.Close()
	}
	db := store.Memory()
	if world.Prepare != nil {
		if err := world.Prepare(ctx, db); err != nil {
			out.problem = "prepare: " + err.Error()
			return out
		}
	}
	before, err := left(ctx, world, db)
	if err != nil {
		out.problem = "look at what is there before: " + err.Error()
		return out
	}
	w := newWire(ctx, clk, world.Targets, p)
	defer w.clear()
	r := &runner{ctx: ctx, clk: clk, world: world, db: db, wire: w, out: &out, before: before, told: seen.Stream("a run with " + p.String())}
	out.targets = world.Targets
	if err := r.live(ctx); err != nil {
		out.problem = err.Error()
	}
	if err := r.tell(); err != nil {
		out.problem = err.Error()
	}
	return out
}

// runner is what the phases of a run share.
type runner struct {
	ctx    context.Context // of the run, with its mark
	clk    *clocktest.Clock
	world  World
	db     store.DB
	wire   *wire
	out    *outcome
	before []string
	c      *crashtest.Controller
	told   *secrettest.Stream // all that was said and kept
}

// tell takes what the store holds, and how the run ended.
func (r *runner) tell() error {
	fmt.Fprintf(r.told, "%s\n%+v\n%v\n", r.out.problem, r.out.op, r.out.refused)
	return r.db.View(func(tx store.Tx) error {
		for key, value := range tx.Scan(nil) {
			fmt.Fprintf(r.told, "%s %s\n", key, value)
		}
		return nil
	})
}

func left(ctx context.Context, world World, db store.DB) (all []string, err error) {
	if world.Left == nil {
		return nil, nil
	}
	all, err = world.Left(ctx, db)
	slices.Sort(all)
	all = slices.DeleteFunc(all, func(line string) bool { return strings.Contains(line, "theirs-") }) // VMs that were made by hand
	return all, err
}

// live is the controller's life: the operation, what is there after it, the doctor, and
// after a failure the operation once more.
func (r *runner) live(ctx context.Context) (err error) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	opts := r.world.Engine
	opts.Log = slog.New(slog.NewJSONHandler(r.told, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.c = &crashtest.Controller{Context: ctx, DB: r.db, Clock: r.clk, Between: r.wire.between, Engine: operation.New(r.db, r.clk, opts)}
	if err := r.world.Controller(r.c); err != nil {
		return fmt.Errorf("put the controller together: %w", err)
	}
	over := make(chan error, 1)
	own, finished := r.clk.Work(context.WithoutCancel(ctx)) // the engine lifts the mark that it is given, and ours holds time here
	running, stop := context.WithCancel(own)
	go func() {
		defer finished()
		over <- r.c.Engine.Run(running)
	}()
	<-r.c.Engine.Ready()
	defer func() {
		stop()
		r.clk.Idle(ctx, func() { err = errors.Join(err, <-over) })
	}()
	return r.phases(ctx)
}

func (r *runner) phases(ctx context.Context) error {
	r.wire.onMend = r.lookAtTheWaiting
	op, err := r.attempt(ctx)
	r.out.op = op
	r.wire.rest()
	r.out.requests = r.wire.requests
	if op.ID == "" {
		r.out.refused = err
	} else if err != nil {
		return err
	}
	if err := r.doctorWhileItLasts(); err != nil {
		return err
	}
	r.wire.clear()
	until := r.clk.Now().Add(aMoment)
	if r.wire.planned(fault.TaskHangs) { // at noon no backup of the night is at work any more
		until = r.clk.Now().Add(aHalfDay).Truncate(24 * time.Hour).Add(36 * time.Hour)
	}
	if err := r.clk.SleepUntil(ctx, until); err != nil {
		return err
	}
	if r.out.lost, err = r.lost(ctx); err != nil || r.out.lost {
		return errors.Join(err, r.lossIsTold())
	}
	if err := r.clearWrecks(ctx); err != nil {
		return err
	}
	if err := r.stopHanging(ctx); err != nil {
		return err
	}
	if err := r.restartDeaf(ctx); err != nil {
		return err
	}
	if op.State != operation.Done && !r.world.Damaged {
		if err := r.takenBack(ctx); err != nil {
			return err
		}
	}
	if !r.world.Damaged || op.State == operation.Done {
		if err := r.healthy("once the fault is gone"); err != nil {
			return err
		}
	}
	if op.State != operation.Done {
		if op, err = r.attempt(ctx); err != nil {
			return fmt.Errorf("begun again after the fault is gone: %w", err)
		}
		if op.State != operation.Done {
			return fmt.Errorf("begun again after the fault is gone, it is %s: %+v", op.State, op.Problem)
		}
		if err := r.healthy("after the second try"); err != nil {
			return err
		}
	}
	r.out.state, err = r.world.State(ctx, r.db)
	return err
}

// attempt begins the operation and waits for its end.
func (r *runner) attempt(ctx context.Context) (operation.Operation, error) {
	op, err := r.world.Begin(r.c)
	if err != nil {
		return operation.Operation{}, err
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	limit, done := r.clk.Work(context.WithoutCancel(ctx))
	limit, stop := context.WithCancel(limit)
	var watch sync.WaitGroup
	watch.Go(func() {
		defer done()
		if r.clk.Sleep(limit, tooLong) == nil {
			cancel()
		}
	})
	defer func() { stop(); watch.Wait() }() // while we work: time does not go to its end
	end, err := r.c.Engine.Wait(waiting, op.ID)
	if err != nil {
		now, gerr := r.c.Engine.Get(op.ID)
		return op, errors.Join(gerr, fmt.Errorf("after %s it is still %s in step %q: %s: %w", tooLong, now.State, now.Step, now.Waiting, err))
	}
	return end, nil
}

// lookAtTheWaiting is called when a fault that lasts for a time is about to end.
func (r *runner) lookAtTheWaiting(s strike) {
	if s.rule.Kind == fault.TaskHangs {
		for _, t := range r.world.Targets {
			if t.Box != nil {
				t.Box.StopHanging()
			}
		}
	}
	if s.lasts == hour || s.rule.Kind != fault.Refused && s.rule.Kind != fault.StorageOffline {
		return
	}
	open, err := r.c.Engine.List(operation.Filter{Open: true})
	if err != nil || len(open) == 0 {
		return
	}
	why := open[0].Waiting
	if names := func(s strike) bool {
		return strings.Contains(why, s.rule.Target) || s.rule.Storage != "" && strings.Contains(why, s.rule.Storage)
	}; slices.ContainsFunc(r.wire.plan, names) {
		r.out.waited = true
	} else if len(r.wire.plan) == 1 { // of several, another may have been mended first
		r.out.problem = fmt.Sprintf("%s has had its fault for %s, and the operation is %s in step %s without saying so: %q, progress %q",
			s.rule.Target, r.wire.lasted(s), open[0].State, open[0].Step, why, open[0].Progress.Text)
	}
}

// doctor asks the doctor.
func (r *runner) doctor() (found []string, err error) {
	found, err = r.world.Doctor(r.ctx, r.db)
	fmt.Fprintln(r.told, found, err)
	return found, err
}

// doctorWhileItLasts: what the doctor finds then is the fault or nothing.
func (r *runner) doctorWhileItLasts() error {
	lasting := r.wire.lasting()
	if len(lasting) == 0 || r.world.Damaged || r.world.Doctor == nil {
		return nil
	}
	found, err := r.doctor()
	if err != nil {
		return fmt.Errorf("the doctor, while the fault lasts: %w", err)
	}
	for _, finding := range found {
		if !slices.ContainsFunc(lasting, func(s strike) bool { return s.names(finding) }) {
			return fmt.Errorf("while the fault lasts the doctor says %q, which is something else", finding)
		}
	}
	return nil
}

// names tells whether a finding is about the fault.
func (s strike) names(finding string) bool {
	if s.rule.Kind == fault.Reboot && (off.MatchString(finding) || half.MatchString(finding) || strings.Contains(finding, "could not be asked")) || s.rule.Kind == fault.VMDeleted && strings.Contains(finding, fmt.Sprintf("VM %d is not on", s.rule.VMID)) {
		return true
	}
	if s.rule.Kind == fault.VMIDTaken && half.MatchString(finding) { // where ours was, another stands now
		return true
	}
	if s.rule.Kind == fault.TaskHangs && hanging.MatchString(finding) {
		return true
	}
	for _, word := range []string{s.rule.Storage, "clock", "agent"} {
		if word != "" && strings.Contains(finding, word) {
			return true
		}
	}
	return false
}

// lost tells whether a VM was removed by hand that stood before the workflow, or that
// the workflow had made.
func (r *runner) lost(ctx context.Context) (bool, error) {
	now, err := left(ctx, r.world, r.db)
	for _, t := range r.world.Targets {
		is := func(line string) bool { return strings.HasPrefix(line, fmt.Sprintf("VM %d ", t.VMID)) }
		gone := !slices.ContainsFunc(now, is)
		if t.Stands && slices.ContainsFunc(r.before, is) && gone {
			return true, err
		}
		deleted := func(s strike) bool { return s.rule.Kind == fault.VMDeleted }
		if t.VMID != 0 && !t.Stands && gone && r.out.op.State == operation.Done && slices.ContainsFunc(r.wire.plan, deleted) && !slices.ContainsFunc(r.wire.plan, func(s strike) bool { return s.rule.Kind == fault.VMIDTaken }) {
			return true, err // in the last moment, when everything was seen to be there
		}
	}
	return false, err
}

// lossIsTold: what somebody has removed by hand is beyond any workflow; the doctor
// tells that it is missing, and finds nothing else.
func (r *runner) lossIsTold() error {
	if r.world.Doctor == nil {
		return nil
	}
	found, err := r.doctor()
	stood := slices.ContainsFunc(r.world.Targets, func(t Target) bool { return t.Stands })
	if err == nil && (len(found) > 1 || stood && len(found) == 0 || len(found) == 1 && !strings.Contains(found[0], "VM")) {
		err = fmt.Errorf("after a VM was removed by hand the doctor finds %q, wanted that it is missing", found)
	}
	return err
}

func (r *runner) healthy(when string) error {
	if r.world.Doctor == nil {
		return nil
	}
	found, err := r.doctor()
	if err != nil {
		return fmt.Errorf("the doctor, %s: %w", when, err)
	}
	if len(found) > 0 {
		return fmt.Errorf("the doctor, %s, after %s (%s, cannot undo %q): %s", when, r.out.op.State, reason(r.out), r.out.op.CannotUndo, strings.Join(found, "; "))
	}
	return nil
}

// takenBack: a failure leaves nothing that was not there before.
func (r *runner) takenBack(ctx context.Context) error {
	now, err := left(ctx, r.world, r.db)
	if err != nil {
		return err
	}
	if now, err = r.freeWhatIsTold(now); err != nil {
		return err
	}
	if diff := cmp.Diff(r.before, now); diff != "" {
		return fmt.Errorf("it %s (%s; cannot undo %q), and left something (-before +after):\n%s", r.out.op.State, reason(r.out), r.out.op.CannotUndo, diff)
	}
	return nil
}

func reason(o *outcome) string {
	switch {
	case o.refused != nil:
		return o.refused.Error()
	case o.op.Problem != nil:
		return o.op.Problem.Step + ": " + o.op.Problem.What + " [" + o.op.Problem.Fix + "]"
	}
	return o.op.Waiting
}
