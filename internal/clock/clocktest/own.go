package clocktest

import (
	"context"
	"sync/atomic"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
)

// Own is the clock of one machine in the world of another clock: it goes as fast, and
// shows what somebody set it to. As with the clock of a system, a wait that is under way
// when it is set takes as long as it would have.
type Own struct {
	clock.Clock
	ahead atomic.Int64 // of the world's clock, in nanoseconds
}

// Set puts the clock forward, or with a negative d back.
func (o *Own) Set(d time.Duration) { o.ahead.Add(int64(d)) }

// Now implements clock.Clock.
func (o *Own) Now() time.Time { return o.Clock.Now().Add(time.Duration(o.ahead.Load())) }

// SleepUntil implements clock.Clock.
func (o *Own) SleepUntil(ctx context.Context, t time.Time) error {
	return o.Clock.SleepUntil(ctx, t.Add(-time.Duration(o.ahead.Load())))
}
