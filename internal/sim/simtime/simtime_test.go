package simtime_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/sim/simtime"
)

var start = time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)

// bells is an actor that notes when its events came.
type bells struct {
	mu   sync.Mutex
	due  []time.Time
	rang []time.Time
}

func (b *bells) NextEvent() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.due) == 0 {
		return time.Time{}
	}
	return b.due[0]
}

func (b *bells) Advance(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.due) > 0 && !b.due[0].After(now) {
		b.rang = append(b.rang, now)
		b.due = b.due[1:]
	}
}

func world(t *testing.T, speed float64, actors ...simtime.Actor) (*simtime.World, string) {
	t.Helper()
	w := simtime.New(simtime.Options{Start: start, Speed: speed})
	for _, a := range actors {
		w.Add(a)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	srv := httptest.NewServer(w.Handler())
	t.Cleanup(func() {
		srv.Close()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return w, srv.URL
}

func follow(t *testing.T, url, name string, opts ...clock.FollowOption) *clock.Follower {
	t.Helper()
	f, err := clock.Follow(t.Context(), url, name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestTimeJumpsToTheEarliestInstantAnybodyWaitsFor(t *testing.T) {
	b := &bells{due: []time.Time{start.Add(30 * time.Minute), start.Add(26 * time.Hour)}}
	w, url := world(t, 1, b)
	story := follow(t, url, "story", clock.Hold())
	ctx, done := story.Work(t.Context())
	defer done()
	for day := range 48 {
		if err := story.SleepUntil(ctx, start.AddDate(0, 0, day+1)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := w.Now(), start.Add(48*24*time.Hour); !got.Equal(want) {
		t.Errorf("after 48 days: %v, want %v", got, want)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	want := []time.Time{start.Add(30 * time.Minute), start.Add(26 * time.Hour)}
	if !slices.EqualFunc(b.rang, want, time.Time.Equal) {
		t.Errorf("events came at %v, want each at its own instant: %v", b.rang, want)
	}
}

// Two participants with many sleepers each: what happens at which instant, and in
// which order between the participants, is the same in every run.
func TestParticipantsTakeTurns(t *testing.T) {
	run := func() []string {
		_, url := world(t, 1)
		story := follow(t, url, "story", clock.Hold())
		ctx, done := story.Work(t.Context())
		defer done()
		var mu sync.Mutex
		var log []string
		note := func(who string, at time.Time) {
			mu.Lock()
			defer mu.Unlock()
			log = append(log, fmt.Sprintf("%s %v", who, at.Sub(start)))
		}
		// The world ran at wall pace until the story joined: begin at a full minute.
		if err := story.SleepUntil(ctx, start.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		controller := follow(t, url, "controller")
		var wg sync.WaitGroup
		wctx, wdone := controller.Work(t.Context())
		wg.Go(func() {
			defer wdone()
			for range 20 {
				if controller.Sleep(wctx, 5*time.Minute) != nil {
					return
				}
				note("controller", controller.Now())
			}
		})
		for range 10 {
			if err := story.Sleep(ctx, 10*time.Minute); err != nil {
				t.Fatal(err)
			}
			note("story", story.Now())
		}
		done()
		wg.Wait()
		return log
	}
	first := run()
	if len(first) != 30 {
		t.Fatalf("%d notes, want 30: %v", len(first), first)
	}
	for range 3 {
		if again := run(); !slices.Equal(first, again) {
			t.Fatalf("another run differs:\n%v\n%v", first, again)
		}
	}
}

func TestTimeStandsStillWhileAParticipantWorksOrIsDead(t *testing.T) {
	w, url := world(t, 1)
	story := follow(t, url, "story", clock.Hold())
	w.Join("controller", false) // never reports: as one that was killed
	ctx, done := story.Work(t.Context())
	defer done()

	late, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := story.Sleep(late, time.Hour); err == nil {
		t.Fatal("time went on although a participant never waited")
	}
	if !w.Now().Equal(start) && w.Now().Sub(start) > time.Minute {
		t.Errorf("time moved to %v", w.Now())
	}
	if err := w.Leave("controller"); err != nil {
		t.Fatal(err)
	}
	before := w.Now()
	if err := story.Sleep(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := w.Now().Sub(before); got != time.Hour {
		t.Errorf("after it was taken off, time went on by %v, want 1h", got)
	}
}

// Somebody who starts to work (an API call comes in) while its process is known to
// wait stops time before anything is done.
func TestWorkStopsTimeBeforeItBegins(t *testing.T) {
	w, url := world(t, 1)
	story := follow(t, url, "story", clock.Hold())
	controller := follow(t, url, "controller")
	ctx, done := story.Work(t.Context())
	for range 200 {
		_, served := controller.Work(t.Context())
		if got, want := controller.Now(), w.Now(); !got.Equal(want) {
			t.Fatalf("a call sees %v, the world is at %v", got, want)
		}
		served()
		if err := story.Sleep(ctx, time.Second); err != nil {
			t.Fatal(err)
		}
	}
	done()
}

func TestWallPace(t *testing.T) {
	b := &bells{due: []time.Time{start.Add(time.Minute)}}
	_, url := world(t, 36000, b) // 10 h in a real second
	c := follow(t, url, "controller")
	ctx, done := c.Work(t.Context())
	defer done()
	if err := c.Sleep(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := c.Now().Sub(start); got < time.Hour {
		t.Errorf("woken after %v of simulated time, want at least 1h", got)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.rang) != 1 {
		t.Errorf("the event after a minute came %d times, want once", len(b.rang))
	}
}

func TestLeavingJumpModeRunsAtWallPaceAgain(t *testing.T) {
	w, url := world(t, 36000)
	c := follow(t, url, "controller")
	story := follow(t, url, "story", clock.Hold())
	if m := w.Moment(); !m.Jump {
		t.Fatal("a participant that holds did not switch to jump mode")
	}
	if err := story.Close(); err != nil {
		t.Fatal(err)
	}
	if m := w.Moment(); m.Jump {
		t.Fatal("still in jump mode after the holder left")
	}
	ctx, done := c.Work(t.Context())
	defer done()
	if err := c.Sleep(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
}

// TestHeldFromTheStart: however fast the world is, no time passes before its holder
// waits, and then none beyond what it waits for.
func TestHeldFromTheStart(t *testing.T) {
	w := simtime.New(simtime.Options{Start: start, Speed: 1e6, Held: "hold"})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	if now := w.Now(); !now.Equal(start) {
		t.Errorf("it is %s before anybody waits, want %s", now, start)
	}
	until := start.Add(72 * time.Hour)
	if m, err := w.Wait(ctx, "hold", simtime.Report{Seq: 1, Jump: true, Until: until}); err != nil || !m.Now.Equal(until) || !w.Now().Equal(until) {
		t.Errorf("moved to %s, %v; want %s", m.Now, err, until)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
