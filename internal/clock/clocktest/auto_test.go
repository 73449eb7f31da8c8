package clocktest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
)

var start = time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)

func TestTimeJumpsToTheNextSleeper(t *testing.T) {
	clk := clocktest.Auto(start)
	ctx, done := clk.Work(t.Context())
	defer done()
	if err := clk.Sleep(ctx, 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := clk.Now().Sub(start); got != 48*time.Hour {
		t.Errorf("slept %v, want 48h", got)
	}
	if err := clk.SleepUntil(ctx, start); err != nil || clk.Now().Sub(start) != 48*time.Hour {
		t.Errorf("a sleep into the past: %v, now %v", err, clk.Now())
	}
}

func TestSleepersWakeInOrder(t *testing.T) {
	clk := clocktest.Auto(start)
	ctx, done := clk.Work(t.Context())
	defer done()
	var woken []int
	finished := make(chan struct{})
	for i, d := range []time.Duration{3, 1, 2, 1} {
		own, ownDone := clk.Work(context.WithoutCancel(ctx))
		asleep := make(chan struct{})
		go func() {
			defer func() { ownDone(); finished <- struct{}{} }()
			close(asleep)
			_ = clk.Sleep(own, d*time.Hour)
			woken = append(woken, i) // one at a time, says the clock: no lock
		}()
		<-asleep
	}
	clk.Idle(ctx, func() {
		for range 4 {
			<-finished
		}
	})
	// The two that wait for the same hour may have gone to sleep in either order.
	if !slices.Equal(woken, []int{1, 3, 2, 0}) && !slices.Equal(woken, []int{3, 1, 2, 0}) {
		t.Errorf("woken in the order %v", woken)
	}
	if got := clk.Now().Sub(start); got != 3*time.Hour {
		t.Errorf("time stands at +%v, want +3h", got)
	}
}

func TestTimeStandsStillWhileSomebodyWorks(t *testing.T) {
	clk := clocktest.Auto(start)
	_, working := clk.Work(t.Context())
	woken := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { woken <- clk.Sleep(ctx, time.Hour) }()
	cancel()
	if err := <-woken; !errors.Is(err, context.Canceled) {
		t.Errorf("the sleeper got %v, want it to be held until cancelled", err)
	}
	if !clk.Now().Equal(start) {
		t.Errorf("time went to %v while somebody worked", clk.Now())
	}
	working()
	working() // more than once is allowed
	if err := clk.Sleep(t.Context(), time.Hour); err != nil || !clk.Now().Equal(start.Add(time.Hour)) {
		t.Errorf("after the work: %v, now %v", err, clk.Now())
	}
}

// bell is an actor that rings at times it is told.
type bell struct {
	mu    sync.Mutex
	due   []time.Time
	rings []time.Time
}

func (b *bell) NextEvent() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.due) == 0 {
		return time.Time{}
	}
	return b.due[0]
}

func (b *bell) Advance(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.due) > 0 && !b.due[0].After(now) {
		b.rings = append(b.rings, now)
		b.due = b.due[1:]
	}
}

func TestActorsMoveWithTheClock(t *testing.T) {
	clk := clocktest.Auto(start)
	ctx, done := clk.Work(t.Context())
	defer done()
	b := &bell{}
	clk.Add(t.Context(), b)
	at := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
	for _, due := range [][]time.Time{{at(5)}, {at(3), at(5)}, {at(2), at(3), at(5)}} {
		b.mu.Lock()
		b.due = due
		clk.Poke()
		b.mu.Unlock()
	}
	if err := clk.SleepUntil(ctx, at(4)); err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.rings, []time.Time{at(2), at(3)}) {
		t.Errorf("rang at %v", b.rings)
	}
}

// TestCancelledSleeper: time does not pass while a sleeper whose context has ended
// is still on its way to wake up.
func TestCancelledSleeper(t *testing.T) {
	for range 200 {
		clk := clocktest.Auto(start)
		ctx, done := clk.Work(t.Context())
		cancelled, cancel := context.WithCancel(ctx)
		mine, over := clk.Work(cancelled)
		woke := make(chan time.Time)
		go func() {
			_ = clk.Sleep(mine, time.Hour)
			woke <- clk.Now()
			over()
		}()
		other, otherOver := clk.Work(t.Context())
		slept := make(chan struct{})
		go func() {
			defer close(slept)
			defer otherOver()
			_ = clk.Sleep(other, 30*time.Minute) // somebody that time could jump to
		}()
		if err := clk.Sleep(ctx, time.Minute); err != nil { // both sleep by now
			t.Fatal(err)
		}
		cancel()
		var at time.Time
		clk.Idle(ctx, func() { at = <-woke })
		if want := start.Add(time.Minute); !at.Equal(want) {
			t.Fatalf("the cancelled sleeper woke at %s, want %s", at, want)
		}
		done()
		<-slept
	}
}
