package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"codeberg.org/accolade/accolade/internal/store"
)

// Start stores an operation, which begins as soon as its leases and limits are free.
func (e *Engine) Start(ctx context.Context, req Request) (op Operation, err error) {
	if err := ctx.Err(); err != nil {
		return op, err
	}
	err = e.db.Update(func(tx store.Tx) error {
		op, err = e.StartTx(tx, req)
		return err
	})
	return op, err
}

// StartTx is Start inside a transaction: the operation comes to be together with
// what else the transaction writes.
func (e *Engine) StartTx(tx store.Tx, req Request) (Operation, error) {
	w, known := e.workflow(req.Kind)
	if !known {
		return Operation{}, &Refused{Why: fmt.Sprintf("this program knows no operation %q", req.Kind)}
	}
	input, err := json.Marshal(req.Input)
	if err != nil {
		return Operation{}, fmt.Errorf("operation %s: input: %w", req.Kind, err)
	}
	id, err := store.NextID(tx, "operation")
	if err != nil {
		return Operation{}, err
	}
	op := Operation{
		ID: id, Kind: req.Kind, Subject: req.Subject, State: Queued, By: req.By, From: req.From,
		Created: e.clk.Now(), Leases: distinct(req.Leases), Limits: distinct(req.Limits), Attempt: 1,
	}
	for _, s := range w.Steps {
		op.Steps = append(op.Steps, StepStatus{Name: s.Name, State: StepTodo})
	}
	if err := operations.Insert(tx, id, stored{op}); err != nil {
		return Operation{}, err
	}
	if err := tx.Put(inputKey(id), input); err != nil {
		return Operation{}, err
	}
	if err := note(tx, op.Created, op, Actor{op.By, op.From}, op.Subject); err != nil {
		return Operation{}, err
	}
	store.OnCommit(tx, func() { e.enqueue(op) })
	return op.clone(), nil
}

func distinct(names []string) []string {
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// Get returns an operation with its progress, or a *store.NotFoundError.
func (e *Engine) Get(id string) (Operation, error) {
	l, op, err := e.find(id)
	if l == nil {
		return op, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return l.op.clone(), nil
}

// Filter chooses operations; what is empty chooses all.
type Filter struct {
	Open    bool // only those that have not ended
	State   State
	Kind    string
	Subject string
	Limit   int // the newest so many
}

// List returns operations, the newest first.
func (e *Engine) List(f Filter) ([]Operation, error) {
	var all []stored
	err := e.db.View(func(tx store.Tx) (err error) {
		switch {
		case f.Open:
			all, err = operations.ByIndex(tx, byOpen, "open")
		case f.Subject != "":
			all, err = operations.ByIndex(tx, bySubject, f.Subject)
		case f.Kind != "":
			all, err = operations.ByIndex(tx, byKind, f.Kind)
		default:
			all, err = operations.List(tx)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []Operation
	for _, s := range slices.Backward(all) {
		op := s.Operation
		if l := e.live[op.ID]; l != nil {
			op = l.op.clone()
		}
		if f.State != "" && op.State != f.State || f.Kind != "" && op.Kind != f.Kind ||
			f.Subject != "" && op.Subject != f.Subject || f.Open && op.State.Ended() {
			continue
		}
		if out = append(out, op); f.Limit > 0 && len(out) == f.Limit {
			break
		}
	}
	return out, nil
}

// Leases returns the names that operations hold now.
func (e *Engine) Leases() (held []Lease, err error) {
	err = e.db.View(func(tx store.Tx) error {
		held, err = leases.List(tx)
		return err
	})
	return held, err
}

// Cancel asks for the end of an operation. One that runs is interrupted and undone;
// a step that just completes is undone too, unless it was the last. Asking twice is
// no error; an operation that has ended, or is being undone, is *Refused.
func (e *Engine) Cancel(id string, who Actor) error {
	ctx, done := e.clk.Work(context.Background())
	defer done()
	l, op, err := e.find(id)
	if err != nil {
		return err
	}
	if l == nil {
		return &Refused{Why: fmt.Sprintf("operation %s has ended already (%s)", id, op.State)}
	}
	e.mu.Lock()
	if l.op.State == Undoing || l.op.State.Ended() {
		defer e.mu.Unlock()
		return &Refused{Why: fmt.Sprintf("operation %s is %s already", id, l.op.State)}
	}
	if l.request != nil {
		e.mu.Unlock()
		return nil
	}
	l.request = &who
	atRest := !l.driven || l.op.State == Blocked // its goroutine writes nothing more
	l.ending = atRest                            // from here on dispatch does not start it
	op = l.op.clone()
	e.mu.Unlock()

	if atRest {
		err = e.cancelAtRest(l, op, who)
	} else {
		err = e.db.Update(func(tx store.Tx) error {
			s, err := operations.Get(tx, id)
			if err != nil || s.State.Ended() {
				return err
			}
			return putJSON(tx, cancelKey(id), who)
		})
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		l.request, l.ending = nil, false
		return err
	}
	if l.driven && l.cancel != nil && !atRest {
		l.unhand()
		_, l.handed = e.clk.Work(ctx) // until the operation's goroutine has noticed
		l.cancel()
	}
	e.dispatch()
	return nil
}

// cancelAtRest ends an operation that is queued or blocked: there is nobody who
// could undo anything.
func (e *Engine) cancelAtRest(l *live, op Operation, who Actor) error {
	now := e.clk.Now()
	for i, s := range op.Steps {
		if s.State != StepTodo && s.State != StepUndone && s.State != StepRemains {
			op.Steps[i].State = StepRemains
			op.CannotUndo = append(op.CannotUndo, s.Name+": this program could not undo it")
		}
	}
	finish(&op, now, Cancelled)
	err := e.db.Update(func(tx store.Tx) error {
		if err := release(tx, op); err != nil {
			return err
		}
		if err := e.dropConfided(tx, op); err != nil {
			return err
		}
		if err := note(tx, now, op, who, op.Subject); err != nil {
			return err
		}
		return operations.Put(tx, op.ID, stored{op})
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	l.op = op
	l.feed.publish(e.clk, EventState, op, "")
	l.feed.close(e.clk)
	e.drop(op.ID)
	return nil
}

func undoable(w Workflow, step string) bool {
	return slices.ContainsFunc(w.Steps, func(s Step) bool { return s.Name == step && s.Undo != nil })
}

// Retry starts an operation that failed or was cancelled once more, from its first
// step that is not done. The steps behind that one are done again too, whatever they
// were: they worked on what was undone.
func (e *Engine) Retry(id string, who Actor) (op Operation, err error) {
	err = e.db.Update(func(tx store.Tx) error {
		s, err := operations.Get(tx, id)
		if err != nil {
			return err
		}
		op = s.Operation
		if op.State != Failed && op.State != Cancelled {
			return &Refused{Why: fmt.Sprintf("operation %s is %s", id, op.State), Fix: "only one that failed or was cancelled can be retried"}
		}
		w, known := e.workflow(op.Kind)
		if !known {
			return &Refused{Why: unknownKind(op)}
		}
		if w.Confided.Again != "" {
			return &Refused{Why: fmt.Sprintf("what was confided to operation %s went when it ended", id), Fix: w.Confided.Again}
		}
		again, from := map[string]bool{}, false
		for i, st := range op.Steps {
			if from = from || st.State != StepDone; from {
				again[st.Name] = st.State != StepRemains || !undoable(w, st.Name) // one whose undo failed keeps what it remembers
				op.Steps[i] = StepStatus{Name: st.Name, State: StepTodo}
			}
		}
		if err := forget(tx, id, again); err != nil {
			return err
		}
		if err := tx.Delete(cancelKey(id)); err != nil {
			return err
		}
		op.State, op.Attempt = Queued, op.Attempt+1
		op.Started, op.Ended, op.Problem, op.Outcome, op.CannotUndo = nil, nil, nil, "", nil
		if err := note(tx, e.clk.Now(), op, who, fmt.Sprintf("%s: attempt %d", op.Subject, op.Attempt)); err != nil {
			return err
		}
		store.OnCommit(tx, func() { e.enqueue(op) })
		return operations.Put(tx, id, stored{op})
	})
	if err != nil {
		return Operation{}, err
	}
	return op.clone(), nil
}
