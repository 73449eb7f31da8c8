package operation

import (
	"errors"
	"time"

	"codeberg.org/accolade/accolade/internal/store"
)

// toUndo are the steps whose effect is or may be there and which say something
// about their undo, last first.
func (d *drive) toUndo(op *Operation) []string {
	var names []string
	for i := len(op.Steps) - 1; i >= 0; i-- {
		s := op.Steps[i]
		if s.State != StepDone && s.State != StepRunning && s.State != StepFailed {
			continue
		}
		step, ours := d.steps[s.Name]
		if !ours || step.Undo != nil || step.CannotUndo != "" && !listed(op, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// listed tells whether the step stands among those that cannot be undone.
func listed(op *Operation, name string) bool {
	s := op.step(name)
	return s != nil && s.State == StepRemains
}

// untilUndone has an undo tried again after any error until its deadline, unless it says
// that nothing comes of it: what it leaves behind nobody owns.
func untilUndone(err error) bool {
	_, bug := errors.AsType[*bugError](err)
	return !bug && !IsStaying(err)
}

// backward undoes, then ends the operation.
func (d *drive) backward() {
	for d.op.State == Undoing {
		names := d.toUndo(&d.op)
		if len(names) == 0 {
			d.commit(EventState, func(op *Operation, now time.Time) { finish(op, now, op.Outcome) }, nil)
			return
		}
		name := names[0]
		step, ours := d.steps[name]
		var left string // what stays behind
		switch {
		case !ours:
			left = "done by another version of the program, which this one cannot undo"
		case step.Undo == nil:
			left = step.CannotUndo
		default:
			d.showUndo(name)
			err := d.try(d.ctx, step, step.Undo, untilUndone)
			if errors.Is(err, errStopped) {
				return
			}
			if err != nil {
				left = "undo failed: " + err.Error()
			} else if step.CannotUndo != "" {
				left = step.CannotUndo
			}
		}
		ok := d.commit(EventStep, func(op *Operation, now time.Time) {
			s := op.step(name)
			s.State, s.Ended = StepUndone, &now
			if left != "" {
				s.State = StepRemains
				op.CannotUndo = append(op.CannotUndo, name+": "+left)
			}
			op.RetryAt, op.FailingSince, op.AwaySince, op.Waiting = nil, nil, nil, ""
			if len(d.toUndo(op)) == 0 {
				finish(op, now, op.Outcome)
			}
		}, func(tx store.Tx) error {
			if left != "" {
				return nil
			}
			return forget(tx, d.op.ID, map[string]bool{name: true})
		})
		if !ok {
			return
		}
	}
}

// showUndo lets followers see which step is being undone; that is no change of state.
func (d *drive) showUndo(name string) {
	d.op.Step = name
	d.engine.mu.Lock()
	defer d.engine.mu.Unlock()
	d.live.op.Step = name
	d.live.op.Progress = Progress{}
	d.live.feed.publish(d.engine.clk, EventStep, d.live.op, "")
}
