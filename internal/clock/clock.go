// Package clock is the only place that reads time. Everything else is handed a
// Clock: the real one, or one that follows the simulated time of a sandbox.
//
// Simulated time may jump, but only while nobody works. So every goroutine that
// does work says so with Work, and every wait for time goes through Sleep, which
// lifts that mark while it waits. A wait for something else than time (a channel,
// a lock) goes through Idle. Whoever hands work to another goroutine takes a mark
// for the receiver before handing it over; otherwise there is an instant in which
// neither is seen to work, and time may jump in between.
//
// The package never decides when something is due: that is for package schedule.
package clock

import (
	"context"
	"time"
)

// Clock tells the time and waits for it.
type Clock interface {
	// Now is the present instant in UTC.
	Now() time.Time
	// Sleep waits for d and returns nil, or the context's error if that ends first.
	// A d of zero or less returns at once.
	Sleep(ctx context.Context, d time.Duration) error
	// SleepUntil waits until t as Sleep does.
	SleepUntil(ctx context.Context, t time.Time) error
	// Work marks the caller as working until done is called (once or more often).
	// The returned context carries the mark, so that Sleep and Idle can lift it.
	Work(ctx context.Context) (marked context.Context, done func())
	// Idle runs wait with the context's mark lifted.
	Idle(ctx context.Context, wait func())
}

// Real is the clock of the machine. Its marks cost nothing.
func Real() Clock { return realClock{} }

type realClock struct{}

func (realClock) Now() time.Time { return time.Now().UTC() }

func (realClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c realClock) SleepUntil(ctx context.Context, t time.Time) error {
	return c.Sleep(ctx, time.Until(t))
}

func (realClock) Work(ctx context.Context) (context.Context, func()) { return ctx, func() {} }

func (realClock) Idle(_ context.Context, wait func()) { wait() }
