package clocktest

import (
	"context"
	"sync"
	"time"
)

// Actor is a simulated counterpart whose state changes with time; the actors of
// sim/simtime are of this form.
type Actor interface {
	// NextEvent is when the actor's state changes next by itself; zero: never.
	NextEvent() time.Time
	// Advance does everything that is due up to and including now.
	Advance(now time.Time)
}

// Add moves an actor along with the clock until ctx ends. With it the clock is the
// simulated world of a box, in one process and without a sandbox.
func (c *Clock) Add(ctx context.Context, a Actor) {
	d := &driver{clock: c}
	c.mu.Lock()
	c.drivers = append(c.drivers, d)
	c.mu.Unlock()
	ctx, done := c.Work(ctx)
	go func() {
		defer done()
		for ctx.Err() == nil {
			d.rest(ctx, a)
			if next := a.NextEvent(); ctx.Err() == nil && !next.IsZero() && !next.After(c.Now()) {
				a.Advance(c.Now())
			}
		}
	}()
}

// Poke tells the clock that an actor's next event may be earlier than it was. An
// actor may call it under its own lock.
func (c *Clock) Poke() {
	c.mu.Lock()
	drivers := c.drivers
	c.mu.Unlock()
	for _, d := range drivers {
		d.poke()
	}
}

// driver is the goroutine of one actor.
type driver struct {
	clock *Clock

	mu     sync.Mutex
	poked  bool
	wake   context.CancelFunc // ends the rest; nil while the driver works
	handed func()             // mark of work from the poke until the driver is awake
}

func (d *driver) poke() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.poked = true
	if d.wake == nil || d.handed != nil {
		return
	}
	_, d.handed = d.clock.Work(context.Background())
	d.wake()
}

// rest waits until the actor's next event, or until it is poked.
func (d *driver) rest(ctx context.Context, a Actor) {
	d.mu.Lock()
	d.poked = false
	d.mu.Unlock()
	next := a.NextEvent()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.mu.Lock()
	if d.poked {
		d.mu.Unlock()
		return
	}
	d.wake = cancel
	d.mu.Unlock()
	if next.IsZero() {
		d.clock.Idle(ctx, func() { <-ctx.Done() })
	} else {
		_ = d.clock.SleepUntil(ctx, next) // an early end is looked into by the caller
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wake = nil
	if d.handed != nil {
		d.handed()
		d.handed = nil
	}
}
