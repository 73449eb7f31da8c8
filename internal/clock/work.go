package clock

import (
	"context"
	"time"
)

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
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // a busy machine takes its time
	defer cancel()
	if err := f.tellBusy(ctx); err != nil {
		f.stop(err)
	}
}
