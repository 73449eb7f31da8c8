package simtime

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Options of a World.
type Options struct {
	// Start is the first instant; zero means the wall clock's present.
	Start time.Time
	// Speed is how many simulated seconds pass in a real one; zero means 1.
	Speed float64
	// Held names a participant that is there from the first instant on and holds time
	// (see Join); "" for none.
	Held string
}

// World keeps the time of one sandbox and moves its actors along. Its methods may
// be called from several goroutines; it never holds its own lock while it calls an
// actor, so an actor may hold its lock while it calls Now and Poke.
type World struct {
	mu     sync.Mutex
	base   time.Time // simulated time at the real instant anchor
	anchor time.Time // real
	speed  float64
	actors []Actor
	parts  map[string]*participant
	poke   chan struct{}
}

// New makes a world whose time begins at once; call Run to move its actors along.
func New(o Options) *World {
	if o.Start.IsZero() {
		o.Start = time.Now()
	}
	if o.Speed <= 0 {
		o.Speed = 1
	}
	w := &World{
		base:   o.Start.UTC().Round(0),
		anchor: time.Now(),
		speed:  o.Speed,
		parts:  make(map[string]*participant),
		poke:   make(chan struct{}, 1),
	}
	if o.Held != "" {
		w.parts[o.Held] = &participant{name: o.Held, hold: true}
	}
	return w
}

// Now is the simulated instant, in UTC.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now()
}

func (w *World) now() time.Time {
	if w.jumping() {
		return w.base
	}
	return w.base.Add(time.Duration(float64(time.Since(w.anchor)) * w.speed))
}

// Speed is how many simulated seconds pass in a real one while time runs at wall pace.
func (w *World) Speed() float64 { return w.speed }

// Real turns a simulated duration into the real one that it lasts at wall pace.
func (w *World) Real(d time.Duration) time.Duration {
	return time.Duration(float64(d) / w.speed)
}

// Add puts an actor into the world.
func (w *World) Add(a Actor) {
	w.mu.Lock()
	w.actors = append(w.actors, a)
	w.mu.Unlock()
	w.Poke()
}

// Poke makes the world look again for the next event. An actor calls it after any
// change of state that does not come from Advance.
func (w *World) Poke() {
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// Run moves the world along until ctx ends. Only one Run may be active.
func (w *World) Run(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait, err := w.step()
		if err != nil {
			return err
		}
		if wait == 0 {
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return nil
		case <-w.poke:
		case <-timer.C:
		}
	}
}

// idle is how long Run sleeps when nothing at all is due; every change pokes it.
const idle = time.Minute

// step does what is due now and returns how long (in real time) nothing will be
// due; zero asks for another step at once.
func (w *World) step() (time.Duration, error) {
	w.mu.Lock()
	if w.jumping() {
		if p := w.due(); p != nil {
			p.release(w)
			w.mu.Unlock()
			return 0, nil
		}
		if !w.allWait() {
			w.mu.Unlock()
			return idle, nil
		}
	}
	jumping, now, actors := w.jumping(), w.now(), w.actors
	w.mu.Unlock()

	next := earliest(actors)
	if !jumping {
		return w.stepAtWallPace(actors, next, now)
	}

	w.mu.Lock()
	if !w.jumping() || !w.allWait() { // changed while the actors were asked
		w.mu.Unlock()
		return 0, nil
	}
	if until := w.earliestUntil(); !until.IsZero() && (next.IsZero() || until.Before(next)) {
		next = until
	}
	if next.IsZero() {
		w.mu.Unlock()
		return idle, nil
	}
	if next.After(w.base) {
		w.base = next
	}
	now = w.base
	w.mu.Unlock()
	return 0, advance(actors, now)
}

func (w *World) stepAtWallPace(actors []Actor, next, now time.Time) (time.Duration, error) {
	w.mu.Lock()
	for _, p := range w.parts {
		if p.waiting && !p.until.IsZero() {
			if !p.until.After(now) {
				p.release(w)
			} else if next.IsZero() || p.until.Before(next) {
				next = p.until
			}
		}
	}
	w.mu.Unlock()
	if next.IsZero() {
		return idle, nil
	}
	if next.After(now) {
		// Rounded up, so that the event is really due when the timer fires.
		return min(w.Real(next.Sub(now))+time.Microsecond, idle), nil
	}
	return 0, advance(actors, now)
}

func earliest(actors []Actor) (next time.Time) {
	for _, a := range actors {
		if t := a.NextEvent(); !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

func advance(actors []Actor, now time.Time) error {
	for _, a := range actors {
		a.Advance(now)
		if t := a.NextEvent(); !t.IsZero() && !t.After(now) {
			return fmt.Errorf("simulated time stands still: %T still has an event at %s after it advanced to %s",
				a, t.Format(time.RFC3339Nano), now.Format(time.RFC3339Nano))
		}
	}
	return nil
}

// errNoParticipant says that no participant of that name has joined.
var errNoParticipant = errors.New("no such participant in the simulated time")
