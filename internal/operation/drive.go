package operation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"codeberg.org/accolade/accolade/internal/store"
)

// drive is the goroutine of one operation. It alone writes the operation's record.
type drive struct {
	engine  *Engine
	live    *live
	ctx     context.Context // ends when the engine stops
	stepCtx context.Context // ends also when the operation is cancelled
	op      Operation       // as last committed
	steps   map[string]Step
	best    float64 // the highest progress of the step in progress
	begun   bool    // the step in progress was begun by this drive, and by none before it
}

// Errors that end the attempts at a step without a word about the step itself.
var (
	errStopped   = errors.New("the engine stops")
	errCancelled = errors.New("cancelled")
)

func (d *drive) run() {
	w, known := d.engine.workflow(d.op.Kind)
	if !known {
		d.block(unknownKind(d.op))
		return
	}
	d.steps = map[string]Step{}
	for _, s := range w.Steps {
		d.steps[s.Name] = s
	}
	if why := fit(&d.op, w); why != "" {
		d.block(why)
		return
	}
	if d.op.State != Undoing {
		d.forward()
	}
	if d.op.State == Undoing {
		d.backward()
	}
	if d.op.State.Ended() {
		d.engine.log.Info("operation ended", "operation", d.op.ID, "kind", d.op.Kind, "subject", d.op.Subject, "state", string(d.op.State))
	}
}

func (d *drive) forward() {
	if !d.enter() {
		return
	}
	for d.op.State == Running {
		step := d.steps[d.op.Step]
		err := d.try(d.stepCtx, step, step.Do, func(err error) bool {
			return IsTransient(err) || !decided(err) && d.op.step(step.Name).Attempts < unmarkedTries-1
		})
		change := func(op *Operation, now time.Time) { d.complete(op, now) }
		switch {
		case errors.Is(err, errStopped):
			return
		case errors.Is(err, errCancelled):
			change = func(op *Operation, now time.Time) { d.turn(op, now, Cancelled, nil) }
		case err != nil:
			change = func(op *Operation, now time.Time) { d.turn(op, now, Failed, err) }
		}
		if !d.commit(EventStep, change, nil) {
			return
		}
	}
}

// enter brings a queued or resumed operation to its step in progress.
func (d *drive) enter() bool {
	next := d.next(&d.op)
	if d.op.State == Running && next != nil && next.State == StepRunning && d.op.Step == next.Name {
		return true // resumed in the middle of a step: nothing changes
	}
	return d.commit(EventState, func(op *Operation, now time.Time) {
		op.State = Running
		if op.Started == nil {
			op.Started = &now
		}
		d.start(op, now)
	}, nil)
}

// next is the first step that is not done, nil if all are.
func (d *drive) next(op *Operation) *StepStatus {
	for i := range op.Steps {
		s := &op.Steps[i]
		if _, ours := d.steps[s.Name]; ours && s.State != StepDone {
			return s
		}
	}
	return nil
}

// start makes the next step the one in progress, or ends the operation.
func (d *drive) start(op *Operation, now time.Time) {
	s := d.next(op)
	if s == nil {
		finish(op, now, Done)
		return
	}
	d.begun = op.Attempt == 1
	op.Step, s.State, s.Started, s.Ended = s.Name, StepRunning, &now, nil
}

// complete ends the step in progress and starts the next one, unless somebody asked
// for the end; that comes too late when there is no step left.
func (d *drive) complete(op *Operation, now time.Time) {
	s := op.step(op.Step)
	s.State, s.Ended, s.Error = StepDone, &now, ""
	op.RetryAt, op.FailingSince, op.AwaySince, op.Waiting = nil, nil, nil, ""
	if d.asked() != nil && d.next(op) != nil {
		op.State, op.Outcome = Undoing, Cancelled
		return
	}
	d.start(op, now)
}

// turn begins the way back.
func (d *drive) turn(op *Operation, now time.Time, outcome State, err error) {
	s := op.step(op.Step)
	s.State, s.Ended = StepFailed, &now
	op.RetryAt, op.FailingSince, op.AwaySince, op.Waiting = nil, nil, nil, ""
	op.State, op.Outcome = Undoing, outcome
	if err != nil {
		s.Error = err.Error()
		op.Problem = problem(op.ID, op.Step, err)
	}
	if len(d.toUndo(op)) == 0 {
		finish(op, now, outcome)
	}
}

func finish(op *Operation, now time.Time, state State) {
	op.State, op.Ended, op.Step, op.Waiting, op.RetryAt, op.FailingSince, op.AwaySince = state, &now, "", "", nil, nil, nil
}

// block leaves the operation to another program.
func (d *drive) block(why string) {
	d.commit(EventState, func(op *Operation, _ time.Time) {
		op.State, op.Waiting = Blocked, why
	}, nil)
}

// settle ends an operation that was to be cancelled just when it was blocked.
func (d *drive) settle() {
	e, l := d.engine, d.live
	e.mu.Lock()
	who := l.request
	due := l.op.State == Blocked && who != nil && !l.ending
	l.ending = l.ending || due
	op := l.op.clone()
	e.mu.Unlock()
	if !due {
		return
	}
	if err := e.cancelAtRest(l, op, *who); err != nil {
		e.log.Error("a blocked operation cannot be cancelled", "operation", op.ID, "error", err)
		e.mu.Lock()
		defer e.mu.Unlock()
		l.request, l.ending = nil, false
	}
}

// asked is who asked for the end of the operation, if anybody did.
func (d *drive) asked() *Actor {
	d.engine.mu.Lock()
	defer d.engine.mu.Unlock()
	d.live.unhand()
	return d.live.request
}

// try runs fn until it succeeds, fails with an error that is not worth another
// attempt, or is interrupted.
func (d *drive) try(ctx context.Context, step Step, fn func(context.Context, *Run) error, again func(error) bool) error {
	d.best = 0
	d.discount()
	for {
		if d.op.RetryAt != nil {
			err := d.engine.clk.SleepUntil(ctx, *d.op.RetryAt) // an interruption shows below
			if early := d.engine.clk.Now().Sub(*d.op.RetryAt); err == nil && early < 0 {
				d.shift(early) // the clock was set back meanwhile
			}
		}
		r := &Run{drive: d, step: step.Name, first: d.begun}
		d.begun = false
		err := ctx.Err()
		if err == nil {
			err = call(ctx, step.Name, fn, r)
		}
		switch {
		case err == nil:
			return nil
		case d.ctx.Err() != nil:
			return errStopped
		case ctx.Err() != nil:
			return errCancelled
		case !again(err):
			return err
		}
		if err := d.later(step, err, r.moved()); err != nil {
			return err
		}
	}
}

// discount leaves the time in which no controller ran out of the deadlines of a step
// that was failing: nobody tried it then. It counts from the attempt that did not come;
// what of an attempt had passed before the stop is left out too, to the good of the step.
// An attempt further away than any pause says that the clock was set back: it comes now.
func (d *drive) discount() {
	if d.op.RetryAt == nil {
		return
	}
	now := d.engine.clk.Now()
	missed := now.Sub(*d.op.RetryAt)
	if missed > 0 || missed < -longestPause*12/10 {
		d.shift(missed)
		d.op.RetryAt = &now
	}
}

// shift moves the instants from which the deadlines of a failing step count.
func (d *drive) shift(by time.Duration) {
	for _, since := range []**time.Time{&d.op.FailingSince, &d.op.AwaySince} {
		if *since != nil {
			moved := (*since).Add(by)
			*since = &moved
		}
	}
}

// call runs fn; a panic in it fails the step, not the controller.
func call(ctx context.Context, step string, fn func(context.Context, *Run) error, r *Run) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = bug(step, value)
		}
	}()
	return fn(ctx, r)
}

// later notes an error that may go away and when the step is tried again, or returns
// the error that ends the attempts.
func (d *drive) later(step Step, failure error, moved bool) error {
	var giveUp error
	ok := d.commit(EventWaiting, func(op *Operation, now time.Time) {
		s := op.step(step.Name)
		if op.FailingSince == nil || moved {
			op.FailingSince, op.AwaySince, s.Attempts = &now, nil, 0
		}
		s.Attempts++
		s.Error = failure.Error()
		end := d.deadline(op, step, failure, now)
		if !now.Before(end) {
			giveUp = tired(op, s.Attempts, failure, now)
			return
		}
		at := now.Add(pause(op.ID, step.Name, s.Attempts))
		if at.After(end) {
			at = end // one last attempt
		}
		op.RetryAt = &at
		op.Waiting = fmt.Sprintf("tries again at %s: %s", at.UTC().Format(time.RFC3339), failure)
	}, nil)
	if !ok {
		return errStopped
	}
	return giveUp
}

// deadline is when the attempts at a step end. While a counterpart is away the
// engine's patience counts, and the step's own deadline stands still.
func (d *drive) deadline(op *Operation, step Step, failure error, now time.Time) time.Time {
	own := cmp.Or(step.Deadline, d.engine.opts.Deadline)
	switch {
	case IsAway(failure):
		if op.AwaySince == nil {
			op.AwaySince = &now
		}
		return op.AwaySince.Add(max(own, d.engine.opts.Patience))
	case op.AwaySince != nil:
		since := op.FailingSince.Add(now.Sub(*op.AwaySince))
		op.FailingSince, op.AwaySince = &since, nil
	}
	return op.FailingSince.Add(own)
}

// tired is the error of a step that was tried long enough.
func tired(op *Operation, attempts int, failure error, now time.Time) error {
	fix := cmp.Or(Fix(failure), "mend the cause, then: "+retry(op.ID))
	return Permanent(fmt.Errorf("%w (tried %d times in %s)", failure, attempts, now.Sub(*op.FailingSince).Round(time.Second)), fix)
}

// unmarkedTries is how often a step is tried whose error says nothing about itself: a
// machine that could not do a thing once may do it seconds later, and to undo an hour's
// work costs more than to look again.
const unmarkedTries = 3

// Pauses between attempts double from the first to the longest, each up to a fifth
// shorter or longer, so that operations which failed together do not return together.
const (
	firstPause   = 2 * time.Second
	longestPause = 5 * time.Minute
)

// pause is that after the given attempt. Its jitter comes from its arguments, so
// that a simulation runs the same way each time.
func pause(id, step string, attempt int) time.Duration {
	base := longestPause
	if attempt < 9 {
		base = min(firstPause<<(attempt-1), longestPause)
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s\x00%d", id, step, attempt)
	spread := float64(h.Sum64()>>11) / (1 << 53) // 0 to 1
	return time.Duration(float64(base) * (0.8 + 0.4*spread)).Round(time.Millisecond)
}

// commit changes the operation in the store and then in memory, in one go with the
// audit, the leases and what also adds. A store that cannot be written is tried
// again until the engine stops; then commit returns false.
func (d *drive) commit(kind EventKind, change func(*Operation, time.Time), also func(store.Tx) error) bool {
	e := d.engine
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		now := e.clk.Now()
		next := d.op.clone()
		change(&next, now)
		err := e.db.Update(func(tx store.Tx) error {
			if err := d.write(tx, now, next); err != nil || also == nil {
				return err
			}
			return also(tx)
		})
		if err == nil {
			d.op = next
			e.mu.Lock()
			defer e.mu.Unlock()
			if d.live.op.Step == next.Step {
				next.Progress = d.live.op.Progress
			}
			d.live.op = next
			d.live.feed.publish(e.clk, kind, next, "")
			return true
		}
		e.log.Error("an operation's state cannot be written; tried again", "operation", d.op.ID, "error", err)
		if e.clk.Sleep(d.ctx, wait) != nil {
			return false
		}
	}
}

// write puts the operation into the store. d.op is what it was before.
func (d *drive) write(tx store.Tx, now time.Time, next Operation) error {
	if d.op.State == Queued && next.State != Blocked {
		if err := take(tx, now, next); err != nil {
			return err
		}
	}
	if next.State != d.op.State {
		who, detail := Actor{next.By, next.From}, next.Subject
		if asked := d.asked(); asked != nil && (next.State == Undoing || next.State == Cancelled) {
			who = *asked
		}
		if next.Problem != nil && next.State != Running {
			detail += ": " + next.Problem.What
		} else if next.State == Blocked {
			detail += ": " + next.Waiting
		}
		if err := note(tx, now, next, who, detail); err != nil {
			return err
		}
	}
	if next.State.Ended() {
		if err := release(tx, next); err != nil {
			return err
		}
		if err := tx.Delete(cancelKey(next.ID)); err != nil {
			return err
		}
		if err := d.engine.dropConfided(tx, next); err != nil {
			return err
		}
		if err := d.engine.expire(tx, now); err != nil {
			return err
		}
	}
	return operations.Put(tx, next.ID, stored{next})
}
