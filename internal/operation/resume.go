package operation

import (
	"fmt"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/store"
)

func unknownKind(op Operation) string {
	return fmt.Sprintf("this program knows no operation %q: run the program that started it, or cancel it", op.Kind)
}

// fit brings the steps of a stored operation to those of the workflow, by name:
//
//   - a step that both know keeps its state;
//   - one that is new is to do, also where it stands before the one in progress;
//   - one that the workflow no longer has is dropped if it was still to do, and
//     noted as remaining if it was done.
//
// An operation in the middle of a step that the workflow no longer has cannot go
// on; fit then says why.
func fit(op *Operation, w Workflow) (why string) {
	if same(op.Steps, w.Steps) {
		return ""
	}
	var steps []StepStatus
	for _, s := range op.Steps {
		if slices.ContainsFunc(w.Steps, func(k Step) bool { return k.Name == s.Name }) {
			continue
		}
		switch s.State {
		case StepTodo, StepUndone:
		case StepDone, StepRemains:
			steps = append(steps, s)
		default:
			return fmt.Sprintf("it was interrupted in step %q, which this version of the program does not have: finish it with the version that started it, or cancel it", s.Name)
		}
	}
	for _, k := range w.Steps {
		s := StepStatus{Name: k.Name, State: StepTodo}
		if known := op.step(k.Name); known != nil {
			s = *known
		}
		steps = append(steps, s)
	}
	op.Steps = steps
	return ""
}

func same(have []StepStatus, want []Step) bool {
	return slices.EqualFunc(have, want, func(s StepStatus, k Step) bool { return s.Name == k.Name })
}

// unblock gives a blocked operation the state that it had, if this program knows
// how to go on with it.
func (e *Engine) unblock(op *Operation) {
	w, known := e.workflow(op.Kind)
	if op.State != Blocked || !known {
		return
	}
	probe := op.clone()
	if fit(&probe, w) != "" {
		return
	}
	op.Waiting = ""
	switch {
	case op.Outcome != "":
		op.State = Undoing
	case op.Started != nil:
		op.State = Running
	default:
		op.State = Queued
	}
}

// expire removes a few operations that ended long ago; each one that ends does so.
func (e *Engine) expire(tx store.Tx, now time.Time) error {
	const few = 20
	old, err := operations.FirstByIndex(tx, byEnd, "", now.Add(-e.opts.Retain).UTC().Format(sortable), few)
	if err != nil {
		return err
	}
	for _, s := range old {
		if err := erase(tx, s.ID); err != nil {
			return err
		}
	}
	return nil
}
