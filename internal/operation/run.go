package operation

import (
	"encoding/json"
	"fmt"
	"sync"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/store"
)

// Run is what a step sees of its operation. It may be used from several goroutines
// of the step, until the step returns.
type Run struct {
	drive *drive
	step  string
	first bool

	mu       sync.Mutex
	advanced bool // got further than any attempt before: the deadline begins anew
}

// ID is the operation's: the mark by which a step recognises its own work.
func (r *Run) ID() string { return r.drive.op.ID }

// First tells that nobody has begun this step of this operation before: no earlier
// attempt, no controller that is gone. What such a one may have left behind need not
// be looked for.
func (r *Run) First() bool { return r.first }

// Kind is the workflow's.
func (r *Run) Kind() string { return r.drive.op.Kind }

// Subject is the request's.
func (r *Run) Subject() string { return r.drive.op.Subject }

// By is who started the operation.
func (r *Run) By() string { return r.drive.op.By }

// From is where the request came from.
func (r *Run) From() string { return r.drive.op.From }

// Clock is the engine's.
func (r *Run) Clock() clock.Clock { return r.drive.engine.clk }

// Input reads the request's input into v.
func (r *Run) Input(v any) error {
	return r.drive.engine.db.View(func(tx store.Tx) error { return readInput(tx, r.ID(), v) })
}

func readInput(tx store.Tx, id string, v any) error {
	found, err := getJSON(tx, inputKey(id), v)
	if err != nil {
		return fmt.Errorf("operation %s: input: %w", id, err)
	}
	if !found {
		return fmt.Errorf("operation %s has no input", id)
	}
	return nil
}

// Get reads what a step, this one or another, saved as name.
func (r *Run) Get(name string, v any) (found bool, err error) {
	err = r.drive.engine.db.View(func(tx store.Tx) error {
		found, err = r.GetTx(tx, name, v)
		return err
	})
	return found, err
}

// GetTx is Get inside a transaction.
func (r *Run) GetTx(tx store.Tx, name string, v any) (found bool, err error) {
	var c checkpoint
	found, err = getJSON(tx, checkpointKey(r.ID(), name), &c)
	if err == nil && found {
		err = json.Unmarshal(c.Value, v)
	}
	if err != nil {
		return found, fmt.Errorf("operation %s: checkpoint %s: %w", r.ID(), name, err)
	}
	return found, nil
}

// Set saves v as name. When it returns nil the value is on the disk: later steps,
// and this one after a restart, Get it. It goes when the step is undone. Secrets are
// sealed first.
func (r *Run) Set(name string, v any) error {
	err := r.drive.engine.db.Update(func(tx store.Tx) error { return r.SetTx(tx, name, v) })
	return Transient(err) // a full disk is mended; what cannot be encoded fails again until the deadline
}

// SetTx is Set inside a transaction, so that a checkpoint and a record of the domain
// come to be together.
func (r *Run) SetTx(tx store.Tx, name string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("operation %s: checkpoint %s: %w", r.ID(), name, err)
	}
	var old checkpoint
	found, err := getJSON(tx, checkpointKey(r.ID(), name), &old)
	if err != nil {
		return fmt.Errorf("operation %s: checkpoint %s: %w", r.ID(), name, err)
	}
	if !found { // the same name once more, the UPID of the next task, is no step ahead
		r.advance()
	}
	return putJSON(tx, checkpointKey(r.ID(), name), checkpoint{r.step, raw})
}

// Update runs fn in a transaction of the store.
func (r *Run) Update(fn func(tx store.Tx) error) error { return r.drive.engine.db.Update(fn) }

// View runs fn on the store.
func (r *Run) View(fn func(tx store.Tx) error) error { return r.drive.engine.db.View(fn) }

// Progress tells how far the step is: a fraction of 0 to 1 and a few words. It is
// shown and not stored.
func (r *Run) Progress(fraction float64, text string) {
	fraction = min(max(fraction, 0), 1)
	e, l := r.drive.engine, r.drive.live
	e.mu.Lock()
	defer e.mu.Unlock()
	if fraction > r.drive.best {
		r.drive.best = fraction
		r.advance()
	}
	l.op.Progress.Fraction, l.op.Progress.Text = fraction, text
	l.feed.publish(e.clk, EventProgress, l.op, "")
}

// LogLine shows a line of a foreign log, such as that of a Proxmox task.
func (r *Run) LogLine(line string) {
	e, l := r.drive.engine, r.drive.live
	e.mu.Lock()
	defer e.mu.Unlock()
	l.op.Progress.Line = line
	l.feed.publish(e.clk, EventLine, l.op, line)
}

func (r *Run) advance() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advanced = true
}

func (r *Run) moved() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.advanced
}
