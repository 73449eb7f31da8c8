package simtime

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// participant is a process that takes part in the simulated time. It is either
// waiting (one Wait call is under way) or busy; one that died is busy for ever, so
// time stands still until it is back or is taken off.
type participant struct {
	name    string
	hold    bool // holds the world in jump mode
	waiting bool
	until   time.Time // zero: waits for no instant
	seq     uint64    // of the latest report
	wake    chan struct{}
}

// release ends the participant's wait; from now on it is busy.
func (p *participant) release(*World) {
	if p.waiting {
		p.waiting = false
		close(p.wake)
		p.wake = nil
	}
}

// Moment is what a participant is told.
type Moment struct {
	Now   time.Time `json:"now"`
	Speed float64   `json:"speed"`
	// Jump says that time stands still until all participants wait.
	Jump bool `json:"jump"`
}

// Participant is one line of Participants.
type Participant struct {
	Name    string    `json:"name"`
	Hold    bool      `json:"hold"`
	Waiting bool      `json:"waiting"`
	Until   time.Time `json:"until,omitzero"`
}

// Join makes name a participant, busy at first. With hold, time is in jump mode
// until the participant leaves. Joining again is how a participant that died comes
// back: what it was before is forgotten.
func (w *World) Join(name string, hold bool) Moment {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changeMode(func() {
		if old := w.parts[name]; old != nil {
			old.release(w)
		}
		w.parts[name] = &participant{name: name, hold: hold}
	})
	return w.moment()
}

// Leave takes a participant off.
func (w *World) Leave(name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.parts[name]
	if p == nil {
		return fmt.Errorf("%w: %q", errNoParticipant, name)
	}
	w.changeMode(func() {
		p.release(w)
		delete(w.parts, name)
	})
	return nil
}

// Report is what a participant says of itself. Reports may overtake each other on
// their way, so they are numbered from 1 on since the participant joined.
type Report struct {
	Seq uint64 `json:"seq"`
	// Jump is the mode that the participant believes in. (Wait only)
	Jump bool `json:"jump"`
	// Until is the instant it waits for; zero for none. (Wait only)
	Until time.Time `json:"until,omitzero"`
}

// Busy says that a participant works (again) although nothing it waited for came.
func (w *World) Busy(name string, r Report) (Moment, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.parts[name]
	if p == nil {
		return Moment{}, fmt.Errorf("%w: %q", errNoParticipant, name)
	}
	p.seq = max(p.seq, r.Seq)
	p.release(w)
	return w.moment(), nil
}

// Wait says that a participant waits, and returns when the instant it waits for has
// come, when Busy, Join or Leave was called for it, or when the mode changed. From
// then on the participant counts as busy. If ctx ends first, it counts as dead,
// which is the same. A report that is older than the latest known, or was made in
// another mode than the present one, is void and answered at once.
func (w *World) Wait(ctx context.Context, name string, r Report) (Moment, error) {
	w.mu.Lock()
	p := w.parts[name]
	if p == nil {
		w.mu.Unlock()
		return Moment{}, fmt.Errorf("%w: %q", errNoParticipant, name)
	}
	if r.Seq < p.seq || r.Jump != w.jumping() {
		defer w.mu.Unlock()
		return w.moment(), nil
	}
	p.release(w)
	wake := make(chan struct{})
	p.seq, p.waiting, p.until, p.wake = r.Seq, true, r.Until, wake
	w.mu.Unlock()
	w.Poke()

	select {
	case <-wake:
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.moment(), nil
	case <-ctx.Done():
		w.mu.Lock()
		defer w.mu.Unlock()
		if p.wake == wake {
			p.release(w)
		}
		return Moment{}, ctx.Err()
	}
}

// Moment is the present as a participant is told it.
func (w *World) Moment() Moment {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.moment()
}

// Participants lists who takes part, by name.
func (w *World) Participants() []Participant {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]Participant, 0, len(w.parts))
	for _, name := range slices.Sorted(maps.Keys(w.parts)) {
		p := w.parts[name]
		list = append(list, Participant{Name: name, Hold: p.hold, Waiting: p.waiting, Until: p.until})
	}
	return list
}

func (w *World) moment() Moment {
	return Moment{Now: w.now(), Speed: w.speed, Jump: w.jumping()}
}

// changeMode runs f and, if that changed between wall pace and jump mode, anchors
// time anew and ends all waits, so that every participant reports again.
func (w *World) changeMode(f func()) {
	was, now := w.jumping(), w.now()
	f()
	if w.jumping() != was {
		w.base, w.anchor = now, time.Now()
		for _, p := range w.parts {
			p.release(w)
		}
	}
	w.Poke()
}

func (w *World) jumping() bool {
	for _, p := range w.parts {
		if p.hold {
			return true
		}
	}
	return false
}

func (w *World) allWait() bool {
	for _, p := range w.parts {
		if !p.waiting {
			return false
		}
	}
	return true
}

// due is the participant to release next: of those whose instant has come the one
// that waits for the earliest, then by name. One at a time and only when all wait,
// so that the order of what participants do at one instant depends on no machine.
func (w *World) due() *participant {
	if !w.allWait() {
		return nil
	}
	var first *participant
	for _, name := range slices.Sorted(maps.Keys(w.parts)) {
		p := w.parts[name]
		if p.until.IsZero() || p.until.After(w.base) {
			continue
		}
		if first == nil || p.until.Before(first.until) {
			first = p
		}
	}
	return first
}

func (w *World) earliestUntil() (t time.Time) {
	for _, p := range w.parts {
		if !p.until.IsZero() && (t.IsZero() || p.until.Before(t)) {
			t = p.until
		}
	}
	return t
}
