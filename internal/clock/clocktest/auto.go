// Package clocktest has a clock for tests whose time costs nothing: it stands still
// while somebody works, and jumps to the next instant that anybody waits for as
// soon as nobody does.
//
// It never wakes two sleepers at once. Those that wait for the same instant are
// woken in the order in which they went to sleep, the next one when all marks are
// lifted again; so a test whose goroutines keep to the rules of package clock runs
// the same way each time.
package clocktest

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
)

// Clock is a clock.Clock that jumps.
type Clock struct {
	mu       sync.Mutex
	now      time.Time
	working  int // marks that are held and not lifted
	sleepers sleepers
	slept    uint64 // number of sleeps so far, the order of sleepers of one instant
	drivers  []*driver
}

var _ clock.Clock = (*Clock)(nil)

// Auto returns a clock that starts at the given instant.
func Auto(start time.Time) *Clock { return &Clock{now: start.UTC()} }

// Now implements clock.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep implements clock.Clock.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	return c.SleepUntil(ctx, c.Now().Add(d))
}

// SleepUntil implements clock.Clock.
func (c *Clock) SleepUntil(ctx context.Context, t time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	if !t.After(c.now) {
		c.mu.Unlock()
		return nil
	}
	c.slept++
	s := &sleeper{ctx: ctx, until: t, order: c.slept, mark: c.markOf(ctx), woken: make(chan struct{})}
	heap.Push(&c.sleepers, s)
	s.mark.lift()
	c.jump()
	c.mu.Unlock()

	select {
	case <-s.woken:
		return nil
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		if s.index >= 0 { // not woken in the meantime
			heap.Remove(&c.sleepers, s.index)
			s.mark.restore()
			c.jump() // it may have been waited for without a mark
		}
		return ctx.Err()
	}
}

// Work implements clock.Clock.
func (c *Clock) Work(ctx context.Context) (context.Context, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &mark{clock: c, held: true}
	c.working++
	return context.WithValue(ctx, markKey{c}, m), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		m.over = true
		m.lift()
		c.jump()
	}
}

// Idle implements clock.Clock.
func (c *Clock) Idle(ctx context.Context, wait func()) {
	c.mu.Lock()
	m := c.markOf(ctx)
	m.lift()
	c.jump()
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		m.restore()
	}()
	wait()
}

// jump wakes the next sleeper if nobody works. A sleeper whose context has ended is
// about to wake by itself, and time waits for it: else it would depend on the machine
// how far time has come when it does. c.mu is held.
func (c *Clock) jump() {
	for c.working == 0 && len(c.sleepers) > 0 {
		if slices.ContainsFunc(c.sleepers, func(s *sleeper) bool { return s.ctx.Err() != nil }) {
			return
		}
		s := heap.Pop(&c.sleepers).(*sleeper)
		if s.until.After(c.now) {
			c.now = s.until.UTC()
		}
		s.mark.restore() // before it runs, so that time stays here for it
		close(s.woken)
	}
}

type markKey struct{ clock *Clock }

// mark is one goroutine's word that it works. A nil mark is that of a goroutine
// that never gave it: time does not wait for it.
type mark struct {
	clock *Clock
	held  bool // counted in clock.working
	over  bool // done was called
}

func (c *Clock) markOf(ctx context.Context) *mark {
	m, _ := ctx.Value(markKey{c}).(*mark)
	return m
}

func (m *mark) lift() {
	if m != nil && m.held {
		m.held = false
		m.clock.working--
	}
}

func (m *mark) restore() {
	if m != nil && !m.held && !m.over {
		m.held = true
		m.clock.working++
	}
}

type sleeper struct {
	ctx   context.Context
	until time.Time
	order uint64
	mark  *mark
	woken chan struct{}
	index int // in the heap, -1 once woken
}

type sleepers []*sleeper

func (s sleepers) Len() int { return len(s) }

func (s sleepers) Less(i, j int) bool {
	if s[i].until.Equal(s[j].until) {
		return s[i].order < s[j].order
	}
	return s[i].until.Before(s[j].until)
}

func (s sleepers) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

func (s *sleepers) Push(x any) {
	e := x.(*sleeper)
	e.index = len(*s)
	*s = append(*s, e)
}

func (s *sleepers) Pop() any {
	old := *s
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	e.index = -1
	return e
}
