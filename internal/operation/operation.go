// Package operation runs work that survives: workflows of named steps whose state
// is in the store, so that a controller killed at any instant goes on where it was.
//
//	         Start
//	           │
//	           ▼      leases and limits are free
//	        queued ────────────────────────────▶ running ──▶ done
//	           ▲ │                               │ ▲  │ every step is done
//	           │ │ Cancel     a step failed for  │ │  │
//	     Retry │ │            good, or Cancel    ▼ │  └─ a transient error: the same
//	           │ │                         undoing │     step again, after a pause
//	           │ ▼                           │     │
//	   failed ◀┼─────────────────────────────┤     │ a program that knows it
//	cancelled ◀┴─────────────────────────────┘     │
//	                                             blocked: this program knows the
//	                                             kind, or the step, no longer
//
// A step runs at least once and may run again after a restart, so it first looks
// whether its effect is there already. What it must remember from one run to the
// next (the UPID of the task it started) it saves with Run.Set before it waits.
//
// An operation that failed or was cancelled undoes its steps, last first, beginning
// with the step that was in progress: nobody knows how far that one came, so undo
// must cope with an effect that is there in full, in part, or not at all.
//
// Each state change is one commit that carries the end of one step, the start of
// the next, the journal and the audit record. Progress stays in memory: after a
// restart the step tells it anew.
//
// The package never calls a foreign system and knows no domain; the workflows do.
package operation

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Workflow is a kind of operation: its steps in order. Their names are part of what
// is stored; a renamed step is a new one.
type Workflow struct {
	Kind     string // "server.provision"
	Steps    []Step
	Confided Confided
}

// Step is one step of a workflow.
type Step struct {
	Name string
	// Do does the step. Errors come from Transient, Away, Permanent or *Refused; an
	// unmarked one is tried a few times within seconds, then it is permanent. When ctx ends it returns soon, with any error.
	Do func(ctx context.Context, r *Run) error
	// Undo takes the effect of Do back, as far as it is there. nil: nothing to undo.
	// It is tried again after any error until the step's deadline.
	Undo func(ctx context.Context, r *Run) error
	// CannotUndo says what stays behind, for steps that no Undo takes back ("the mail
	// was sent").
	CannotUndo string
	// Deadline is how long the step is tried again after its first transient error
	// without getting any further; 0 is the engine's default. The time in which a
	// counterpart does not answer at all does not count.
	Deadline time.Duration
}

// State is where an operation stands; see the diagram of the package.
type State string

// States of an operation.
const (
	Queued    State = "queued"
	Running   State = "running"
	Undoing   State = "undoing"
	Blocked   State = "blocked"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Ended tells whether nothing more happens by itself. A blocked operation has not
// ended: a program that knows it goes on with it.
func (s State) Ended() bool { return s == Done || s == Failed || s == Cancelled }

// StepState is where a step stands.
type StepState string

// States of a step.
const (
	StepTodo    StepState = "todo"
	StepRunning StepState = "running"
	StepDone    StepState = "done"
	StepFailed  StepState = "failed"
	StepUndone  StepState = "undone"
	StepRemains StepState = "remains" // was not, or could not be, undone
)

// StepStatus is a step of one operation.
type StepStatus struct {
	Name     string     `json:"name"`
	State    StepState  `json:"state"`
	Attempts int        `json:"attempts,omitempty"` // since the operation was started or retried
	Started  *time.Time `json:"started,omitempty"`
	Ended    *time.Time `json:"ended,omitempty"`
	Error    string     `json:"error,omitempty"` // the last one
}

// Problem is why an operation failed, and what to do about it.
type Problem struct {
	Step string `json:"step,omitempty"`
	What string `json:"what"`
	Fix  string `json:"fix,omitempty"`
}

// Operation is one run of a workflow, as it is stored and shown.
type Operation struct {
	ID      string `json:"id"` // "000042", in the order of their start
	Kind    string `json:"kind"`
	Subject string `json:"subject"` // "server/horizon"
	State   State  `json:"state"`
	By      string `json:"by"`   // who started it
	From    string `json:"from"` // where the request came from

	Created time.Time  `json:"created"`
	Started *time.Time `json:"started,omitempty"` // when it first left the queue
	Ended   *time.Time `json:"ended,omitempty"`

	Leases []string `json:"leases,omitempty"` // "box/kiosk"
	Limits []string `json:"limits,omitempty"` // "vault/central"

	Attempt int          `json:"attempt"` // 1, and 1 more for each Retry
	Steps   []StepStatus `json:"steps"`
	Step    string       `json:"step,omitempty"` // the one in progress

	// Waiting says what it waits for: a lease, a limit, the next attempt.
	Waiting string `json:"waiting,omitempty"`
	// RetryAt is when a step that failed is tried again.
	RetryAt *time.Time `json:"retry_at,omitempty"`
	// FailingSince is when the step in progress first failed without getting further
	// since; its deadline counts from here.
	FailingSince *time.Time `json:"failing_since,omitempty"`
	// AwaySince is since when the counterpart of the step in progress does not answer.
	AwaySince *time.Time `json:"away_since,omitempty"`

	Progress Progress `json:"progress"` // of the step in progress; not stored

	Problem    *Problem `json:"problem,omitempty"`
	Outcome    State    `json:"outcome,omitempty"`     // while undoing: failed or cancelled
	CannotUndo []string `json:"cannot_undo,omitempty"` // what stayed behind, "step: what"
}

// Progress is how far a step is.
type Progress struct {
	Fraction float64 `json:"fraction"` // 0 to 1
	Text     string  `json:"text,omitempty"`
	Line     string  `json:"line,omitempty"` // last line of a foreign log
}

// clone copies what a change of the copy could reach.
func (o Operation) clone() Operation {
	o.Steps = slices.Clone(o.Steps)
	o.CannotUndo = slices.Clone(o.CannotUndo)
	return o
}

// step returns the status of the step name.
func (o *Operation) step(name string) *StepStatus {
	i := slices.IndexFunc(o.Steps, func(s StepStatus) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &o.Steps[i]
}

// Request is what Start is given.
type Request struct {
	Kind    string
	Subject string
	// Input is stored as JSON. Secrets go into it sealed.
	Input any
	// Leases are names that only one operation may hold at a time: "box/kiosk".
	Leases []string
	// Limits are names of which as many operations may run as Options.Limits says:
	// "vault/central".
	Limits []string
	By     string
	From   string
}

// Actor is who asks for a change of an operation, for the audit.
type Actor struct {
	By   string
	From string
}

// stored is an operation as the store holds it.
type stored struct {
	Operation
}

// MarshalJSON leaves out what is not worth a place in the store.
func (s stored) MarshalJSON() ([]byte, error) {
	op := s.Operation
	op.Progress = Progress{}
	return json.Marshal(op)
}

// UnmarshalJSON reads the operation.
func (s *stored) UnmarshalJSON(raw []byte) error { return json.Unmarshal(raw, &s.Operation) }
