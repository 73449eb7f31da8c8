package operation

import (
	"context"
	"iter"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/store"
)

// EventKind is what an event tells.
type EventKind string

// Kinds of events.
const (
	EventNow      EventKind = "now"      // the state at the beginning of Follow
	EventState    EventKind = "state"    // the operation's state changed
	EventStep     EventKind = "step"     // a step began or ended
	EventWaiting  EventKind = "waiting"  // it waits for something
	EventProgress EventKind = "progress" // the step got further
	EventLine     EventKind = "line"     // a line of a foreign log
)

// Event is something that happened to an operation. Each carries the whole state, so
// that a follower who missed some is right again with the next.
type Event struct {
	// Seq grows from event to event of an operation, over restarts too. It has gaps.
	Seq       uint64    `json:"seq"`
	Time      time.Time `json:"time"`
	Kind      EventKind `json:"kind"`
	Line      string    `json:"line,omitempty"`
	Operation Operation `json:"operation"`
}

// kept is how many events are kept for followers that come or come back.
const kept = 256

// feed holds the last events of an operation and wakes its followers. It is guarded
// by Engine.mu.
type feed struct {
	seq     uint64 // of the last event, or the number before the first
	base    uint64 // events up to this one are not kept
	events  []Event
	waiting []*follower
	closed  bool
}

// follower waits for the next event.
type follower struct {
	wake   chan struct{}
	handed func() // a mark of work for the time between the event and its waking
}

// publish adds an event. Numbers are microseconds since 1970 or one more than the
// last, so that they go on growing in the next process.
func (f *feed) publish(clk clock.Clock, kind EventKind, op Operation, line string) {
	f.open(clk)
	now := clk.Now()
	f.seq = max(f.seq+1, uint64(max(now.UnixMicro(), 0)))
	if len(f.events) >= kept {
		f.base = f.events[kept/4-1].Seq
		f.events = slices.Delete(f.events, 0, kept/4)
	}
	f.events = append(f.events, Event{Seq: f.seq, Time: now, Kind: kind, Line: line, Operation: op.clone()})
	f.wake(clk)
}

// open gives a new feed its first number.
func (f *feed) open(clk clock.Clock) {
	if f.seq == 0 {
		f.seq = uint64(max(clk.Now().UnixMicro(), 1))
		f.base = f.seq
	}
}

func (f *feed) close(clk clock.Clock) {
	f.closed = true
	f.wake(clk)
}

func (f *feed) wake(clk clock.Clock) {
	for _, w := range f.waiting {
		_, w.handed = clk.Work(context.Background())
		close(w.wake)
	}
	f.waiting = nil
}

// since are the kept events after seq. complete tells whether none is missing.
func (f *feed) since(seq uint64) (events []Event, complete bool) {
	i := slices.IndexFunc(f.events, func(ev Event) bool { return ev.Seq > seq })
	if i >= 0 {
		events = slices.Clone(f.events[i:])
	}
	return events, seq >= f.base
}

// Follow yields the events of an operation until it has ended, the engine stops, or
// ctx ends. It begins with the state now, unless it can go on where a former call
// stopped: after is the number of the last event seen, or 0. An operation that is
// not there, or a store that cannot be read, is the error of a single last yield.
func (e *Engine) Follow(ctx context.Context, id string, after uint64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		l, op, err := e.find(id)
		if err != nil {
			yield(Event{}, err)
			return
		}
		if l == nil {
			yield(e.snapshot(op, after), nil)
			return
		}
		first := true
		for {
			e.mu.Lock()
			l.feed.open(e.clk)
			events, complete := l.feed.since(after)
			if first && (after == 0 || !complete) {
				now := Event{Seq: max(l.feed.seq, after), Time: e.clk.Now(), Kind: EventNow, Operation: l.op.clone()}
				events = []Event{now}
			}
			first = false
			closed := l.feed.closed
			var w *follower
			if len(events) == 0 && !closed {
				w = &follower{wake: make(chan struct{})}
				l.feed.waiting = append(l.feed.waiting, w)
			}
			e.mu.Unlock()
			for _, ev := range events {
				after = ev.Seq
				if !yield(ev, nil) {
					return
				}
			}
			if len(events) == 0 && closed {
				return
			}
			if w != nil && !e.await(ctx, l, w) {
				return
			}
		}
	}
}

// await waits for the next event; false if ctx ended.
func (e *Engine) await(ctx context.Context, l *live, w *follower) bool {
	e.clk.Idle(ctx, func() {
		select {
		case <-w.wake:
		case <-ctx.Done():
		}
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	l.feed.waiting = slices.DeleteFunc(l.feed.waiting, func(o *follower) bool { return o == w })
	if w.handed != nil {
		w.handed()
	}
	return ctx.Err() == nil
}

// find returns the live operation, or else the one in the store.
func (e *Engine) find(id string) (*live, Operation, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if l := e.live[id]; l != nil {
		return l, Operation{}, nil
	}
	var s stored
	err := e.db.View(func(tx store.Tx) (err error) {
		s, err = operations.Get(tx, id)
		return err
	})
	if err == nil && e.running == nil && !s.State.Ended() {
		l := &live{op: s.Operation}
		e.add(l) // load completes it
		return l, Operation{}, nil
	}
	return nil, s.Operation, err
}

func (e *Engine) snapshot(op Operation, after uint64) Event {
	seq := after + 1
	if op.Ended != nil {
		seq = max(seq, uint64(max(op.Ended.UnixMicro(), 0)))
	}
	return Event{Seq: seq, Time: e.clk.Now(), Kind: EventNow, Operation: op}
}

// Wait follows an operation until it has ended and returns it. It returns earlier
// when ctx or the engine ends, with the operation as it is then.
func (e *Engine) Wait(ctx context.Context, id string) (op Operation, err error) {
	for ev, err := range e.Follow(ctx, id, 0) {
		if err != nil {
			return Operation{}, err
		}
		op = ev.Operation
	}
	return op, ctx.Err()
}
