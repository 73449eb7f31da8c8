// Package poll decides when to look again at work that goes on elsewhere: a task of
// a box, a command inside a guest. It owns the one rhythm of all such looks, and
// remembers how long work of each kind took, so that the next look comes when the
// end is due.
//
// Each look is a request to somebody's box, and each instant between the end of the
// work and the look that finds it is lost. docs/decisions/polling.md weighs the two:
//
//	where nothing is known     looks at 1 s, then pauses of √(2·worth·t)
//	where work tells progress  a look when its pace has it done
//	where such work was seen   a look when it ended the last time, then the same
//	                           pauses, counted from shortly before that
//
// The package never looks itself, and what it remembers is a hint: without it a few
// looks more are made.
package poll

import (
	"context"
	"math"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
)

// worth is the waiting that one look is worth: a request to a box is made when it
// is expected to save as much time.
const worth = 4 * time.Second

const (
	firstLook = time.Second            // what is not known at all may be short
	shortest  = 250 * time.Millisecond // between two looks, however near the end
	longest   = 4 * time.Minute        // so that whoever watches sees something move
	// known is the part of the earlier duration that the work surely takes again.
	known = 0.95
	// trusted is how many times the time seen so far a pace may foretell.
	trusted = 8
	// told is the least progress from which a pace can be read.
	told = 0.02
)

// Work is what is known of a piece of work before the first look.
type Work struct {
	// Kind says which works take about as long as each other: "qmstart", "install
	// nextcloud". Empty: nothing is to be remembered.
	Kind string
	// Least is a duration below which such work never ends, as far as anybody has
	// seen: the first look comes then, as long as nothing is remembered.
	Least time.Duration
	// Begun is work that may have been going on for a while, or be over: the first
	// look comes at once, and nothing can be learned from it.
	Begun bool
}

// Watch is one piece of work that is being looked at.
type Watch struct {
	clk    clock.Clock
	memory *Memory
	place  string
	work   Work
	began  time.Time
	expect time.Duration // what such work took; 0: not known

	looks    int
	before   time.Duration // when the look before the last one was made
	fraction float64       // the last progress told
	at       time.Duration // and when it held
}

// Begin watches work that has just begun at a place, for instance a box.
func (m *Memory) Begin(clk clock.Clock, place string, work Work) *Watch {
	w := &Watch{clk: clk, memory: m, place: place, work: work, began: clk.Now()}
	if !work.Begun {
		w.expect = m.expect(place, work.Kind)
	}
	return w
}

// Wait waits until the next look, the first one included.
func (w *Watch) Wait(ctx context.Context) error {
	w.before = w.clk.Now().Sub(w.began)
	err := w.clk.Sleep(ctx, w.pause(w.before))
	w.looks++
	return err
}

// Progress is what a look told: the fraction that is done, and after which time of
// work it was; 0 is now.
func (w *Watch) Progress(fraction float64, after time.Duration) {
	if fraction == w.fraction {
		return // the old news
	}
	if after == 0 {
		after = w.clk.Now().Sub(w.began)
	}
	w.fraction, w.at = fraction, after
}

// Over ends the watch: the last look found the work done.
func (w *Watch) Over() {
	if w.work.Begun || w.work.Kind == "" {
		return
	}
	took := w.clk.Now().Sub(w.began)
	late := (took - w.before) / 2 // it ended since the look before this one
	if w.looks == 1 {
		late = time.Duration((1 - known) / 8 * float64(took)) // or a little earlier than was expected
	}
	w.memory.note(w.place, w.work.Kind, took-late)
}

// pause is the time from now to the next look, when the work has gone on for t.
func (w *Watch) pause(t time.Duration) time.Duration {
	if w.looks == 0 {
		switch {
		case w.work.Begun:
			return 0
		case w.expect > 0:
			return w.expect
		case w.work.Least > 0:
			return w.work.Least
		default:
			return firstLook
		}
	}
	since := w.sure()
	if w.fraction > told && !w.work.Begun {
		since = time.Duration(float64(w.at) / w.fraction) // when it is done at this pace
		if left := since - t; left > 0 {
			return min(max(left, shortest), trusted*t, longest)
		}
	}
	return min(max(even(t-since), shortest), longest)
}

// sure is how long the work goes on without any doubt.
func (w *Watch) sure() time.Duration {
	return time.Duration(known * float64(w.expect))
}

// even is the pause at which a further look would cost what it saves, when the end
// is as likely in each doubling of the time: √(2·worth·t).
func even(t time.Duration) time.Duration {
	return time.Duration(math.Sqrt(2*worth.Seconds()*max(t, 0).Seconds()) * float64(time.Second))
}
