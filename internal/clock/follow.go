package clock

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/json"
	"fmt"
	"io"
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

// moment is what the sandbox answers; see the time handler of the sandbox.
type moment struct {
	Now   time.Time `json:"now"`
	Speed float64   `json:"speed"`
	Jump  bool      `json:"jump"`
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

// mark is carried by the context of somebody who works. It counts while it is
// neither lifted nor ended; both are guarded by the clock's lock.
type mark struct{ lifted, ended bool }

type markKey struct{}

func markOf(ctx context.Context) *mark {
	m, _ := ctx.Value(markKey{}).(*mark)
	return m
}

// Work marks the caller as working.
func (f *Follower) Work(ctx context.Context) (context.Context, func()) {
	m := new(mark)
	f.begin()
	return context.WithValue(ctx, markKey{}, m), func() { f.finish(m) }
}

// Idle runs wait with the context's mark lifted.
func (f *Follower) Idle(ctx context.Context, wait func()) {
	m := markOf(ctx)
	f.mu.Lock()
	lifted := f.lift(m)
	f.mu.Unlock()
	if !lifted {
		wait()
		return
	}
	f.changed()
	defer f.resume(m)
	wait()
}

// lift takes a mark out of the count and tells whether it was in it. f.mu is held.
func (f *Follower) lift(m *mark) bool {
	if m == nil || m.lifted || m.ended {
		return false
	}
	m.lifted = true
	f.working--
	return true
}

// restore puts a lifted mark back. f.mu is held.
func (f *Follower) restore(m *mark) {
	m.lifted = false
	if !m.ended {
		f.working++
	}
}

// resume restores a mark after something else than time ended the wait.
func (f *Follower) resume(m *mark) {
	f.begin()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.restore(m)
	f.working-- // begin counted already
}

func (f *Follower) finish(m *mark) {
	f.mu.Lock()
	if !m.ended && !m.lifted {
		f.working--
	}
	m.ended = true
	f.mu.Unlock()
	f.changed()
}

// begin counts one more who works. If the sandbox believes that everybody here
// waits, it is told first and answers the present: nobody may work while time jumps.
func (f *Follower) begin() {
	f.mu.Lock()
	f.working++
	tell := f.told && f.jump && f.err == nil
	f.mu.Unlock()
	if !tell {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := f.tellBusy(ctx); err != nil {
		f.stop(err)
	}
}

// tellBusy ends the wait that the sandbox believes in, even one that it has yet to
// receive: reports are numbered, and a wait older than what it knows is void.
func (f *Follower) tellBusy(ctx context.Context) error {
	in := struct {
		Seq uint64 `json:"seq"`
	}{f.number()}
	var m moment
	if err := f.call(ctx, http.MethodPost, "/busy", in, &m); err != nil {
		return err
	}
	f.hear(m)
	return nil
}

func (f *Follower) number() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	return f.seq
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

// report keeps one wait request open whenever nobody here works, and always while
// time runs at wall pace.
func (f *Follower) report(ctx context.Context) {
	defer close(f.ended)
	for {
		w, ok := f.awaited()
		if !ok {
			select {
			case <-f.change:
				continue
			case <-ctx.Done():
				f.stop(ctx.Err())
				return
			}
		}
		m, err := f.wait(ctx, w)
		if err != nil {
			f.stop(err)
			return
		}
		f.hear(m)
		f.wakeDue()
	}
}

// waiting reports that nobody here works, or that time is believed to run at wall pace.
type waiting struct {
	Seq   uint64    `json:"seq"`
	Jump  bool      `json:"jump"` // the mode believed in; a wait in the wrong belief ends at once
	Until time.Time `json:"until,omitzero"`
}

// awaited is the wait to report, if there is one.
func (f *Follower) awaited() (w waiting, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.jump && f.working > 0 {
		return waiting{}, false
	}
	f.told = true
	f.seq++
	w = waiting{Seq: f.seq, Jump: f.jump}
	if f.sleepers.Len() > 0 {
		w.Until = f.sleepers[0].at
	}
	return w, true
}

// wait reports the wait and returns when it is over. A sleeper that comes in
// meanwhile and wants to be woken earlier makes the report obsolete: the sandbox is
// told busy, which ends the request, and the next report has the new instant.
func (f *Follower) wait(ctx context.Context, w waiting) (moment, error) {
	type result struct {
		m   moment
		err error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		r.err = f.call(ctx, http.MethodPost, "/wait", w, &r.m)
		done <- r
	}()
	for {
		select {
		case r := <-done:
			f.mu.Lock()
			f.told = false
			f.mu.Unlock()
			return r.m, r.err
		case <-f.change:
			if !f.obsolete(w.Until) {
				continue
			}
			if err := f.tellBusy(ctx); err != nil && ctx.Err() == nil {
				f.stop(err)
			}
		}
	}
}

func (f *Follower) obsolete(until time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sleepers.Len() > 0 && (until.IsZero() || f.sleepers[0].at.Before(until))
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

func (f *Follower) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, f.base+path, body)
	if err != nil {
		return err
	}
	res, err := f.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, req.URL, res.Status, bytes.TrimSpace(answer))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
