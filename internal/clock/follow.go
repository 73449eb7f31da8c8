package clock

import (
	"container/heap"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Follower is a clock that takes its time from a sandbox: it takes part in the
// simulated time under a name, and tells the sandbox when nobody here works and
// until when. While time runs at wall pace it wakes its sleepers at that pace;
// while another participant holds time in jump mode, time goes on only when all
// participants wait.
//
// If the sandbox cannot be reached any more, the clock stops: Sleep returns Err.
type Follower struct {
	base   string // URL of the participant
	client *http.Client
	cancel context.CancelFunc
	ended  chan struct{}

	mu       sync.Mutex
	now      time.Time // simulated, at the real instant heard
	heard    time.Time
	speed    float64
	jump     bool
	seq      uint64 // of what the sandbox was told last
	order    uint64 // of sleepers
	working  int
	told     bool // the sandbox believes that we wait, or is being told so
	sleepers sleepers
	change   chan struct{} // wakes the reporter
	err      error
}

// FollowOption changes how a Follower takes part.
type FollowOption func(*join)

type join struct {
	Hold bool `json:"hold"`
}

// Hold keeps the sandbox in jump mode for as long as this participant takes part.
func Hold() FollowOption { return func(j *join) { j.Hold = true } }

// Follow joins the simulated time at a sandbox's control URL as the named
// participant. A participant of that name that died is replaced. The caller counts
// as working until it sleeps with a context from Work; Close leaves.
func Follow(ctx context.Context, control, participant string, opts ...FollowOption) (*Follower, error) {
	var j join
	for _, o := range opts {
		o(&j)
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &Follower{
		base: strings.TrimSuffix(control, "/") + "/time/participants/" + url.PathEscape(participant),
		client: &http.Client{Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			MaxIdleConnsPerHost: 4,
		}},
		cancel: cancel,
		ended:  make(chan struct{}),
		change: make(chan struct{}, 1),
	}
	var m moment
	if err := f.call(ctx, http.MethodPut, "", j, &m); err != nil {
		cancel()
		return nil, fmt.Errorf("join the simulated time at %s: %w", control, err)
	}
	f.hear(m)
	go f.report(run)
	return f, nil
}

// Close leaves the simulated time and waits for the reporter to end. Whoever still
// sleeps is woken with an error.
func (f *Follower) Close() error {
	f.cancel()
	<-f.ended
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := f.call(ctx, http.MethodDelete, "", nil, nil)
	f.client.CloseIdleConnections()
	return err
}

// Err is why the clock stopped, nil while it runs.
func (f *Follower) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// Now is the simulated instant, in UTC.
func (f *Follower) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.present()
}

func (f *Follower) present() time.Time {
	if f.jump {
		return f.now
	}
	return f.now.Add(time.Duration(float64(time.Since(f.heard)) * f.speed))
}

func (f *Follower) hear(m moment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now, f.heard, f.speed, f.jump = m.Now.UTC(), time.Now(), m.Speed, m.Jump
}

// Sleep waits for d of simulated time.
func (f *Follower) Sleep(ctx context.Context, d time.Duration) error {
	return f.SleepUntil(ctx, f.Now().Add(d))
}

// SleepUntil waits until the simulated instant t.
func (f *Follower) SleepUntil(ctx context.Context, t time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := markOf(ctx)
	f.mu.Lock()
	if f.err != nil {
		defer f.mu.Unlock()
		return f.err
	}
	if !t.After(f.present()) {
		f.mu.Unlock()
		return nil
	}
	f.order++
	s := &sleeper{at: t, order: f.order, wake: make(chan struct{})}
	if f.lift(m) {
		s.mark = m
	}
	heap.Push(&f.sleepers, s)
	f.mu.Unlock()
	f.changed()

	select {
	case <-s.wake:
		return f.Err()
	case <-ctx.Done():
	}
	f.mu.Lock()
	if s.index >= 0 { // not woken in the meantime, so the mark is still lifted
		heap.Remove(&f.sleepers, s.index)
		f.mu.Unlock()
		if s.mark != nil {
			f.resume(s.mark)
		}
	} else {
		f.mu.Unlock()
	}
	return ctx.Err()
}

func (f *Follower) changed() {
	select {
	case f.change <- struct{}{}:
	default:
	}
}

// stop ends the clock and wakes everybody.
func (f *Follower) stop(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = fmt.Errorf("simulated time: %w", err)
	}
	for f.sleepers.Len() > 0 {
		f.wake(heap.Pop(&f.sleepers).(*sleeper))
	}
}

func (f *Follower) wake(s *sleeper) {
	if s.mark != nil {
		f.restore(s.mark)
	}
	close(s.wake)
}

// wakeDue wakes, in order, everybody whose instant has come; each counts as working
// from here on.
func (f *Follower) wakeDue() {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.present()
	for f.sleepers.Len() > 0 && !f.sleepers[0].at.After(now) {
		f.wake(heap.Pop(&f.sleepers).(*sleeper))
	}
}
