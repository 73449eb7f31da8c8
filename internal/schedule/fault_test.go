package schedule_test

import (
	"context"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/schedule"
)

// The controller's clock is set back by an hour: right before a run, during it, right
// after it, and while no controller runs. Each instant has its run, and none has two.
func TestFaultClockThatJumpsBackAnHour(t *testing.T) {
	for name, jump := range map[string]struct {
		at   time.Duration // after noon
		want []string      // of the entry of every quarter of an hour
	}{
		"before the run": {19 * time.Minute, []string{"23 10:15", "23 10:30", "23 10:45", "23 11:00"}},
		"during the run": {16 * time.Minute, []string{"23 10:15", "23 10:30", "23 10:45", "23 11:00"}},
		"after the run":  {34 * time.Minute, []string{"23 10:15", "23 10:30", "23 10:45", "23 11:00"}},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " and a restart"}[restart], func(t *testing.T) {
				world, db := clocktest.Auto(noon), memory(t)
				own := &clocktest.Own{Clock: world}
				test, done := world.Work(t.Context()) // time stands still between two lives
				defer done()
				var quarters, nights runs
				work := func(ctx context.Context, at time.Time) error {
					quarters.note(at)
					return own.Sleep(ctx, 3*time.Minute)
				}
				live := func(pass func(context.Context)) {
					t.Helper()
					s := schedule.New(db, own, nil)
					ctx, cancel := context.WithCancel(test)
					for _, e := range []schedule.Entry{{Name: "quarter", Spec: "*/15 * * * *", Run: work}, nightly(&nights)} {
						if err := s.Add(e); err != nil {
							t.Fatal(err)
						}
					}
					if err := s.Start(ctx); err != nil {
						t.Fatal(err)
					}
					pass(ctx)
					cancel()
					s.Wait()
				}
				sleep := func(ctx context.Context, d time.Duration) {
					t.Helper()
					if err := own.Sleep(ctx, d); err != nil {
						t.Fatal(err)
					}
				}
				before := func(ctx context.Context) { sleep(ctx, jump.at); own.Set(-time.Hour) }
				after := func(ctx context.Context) { sleep(ctx, 125*time.Minute-jump.at) } // the clock shows 11:05 then
				if restart {
					live(before)
					live(after)
				} else {
					live(func(ctx context.Context) { before(ctx); after(ctx) })
				}
				want := jump.want
				if restart && name == "during the run" {
					want = append([]string{"23 10:15"}, want...) // it was cut off, and is run again
				}
				quarters.want(t, want...)
				nights.want(t)
			})
		}
	}
}

// A nightly run is begun once, though its time comes twice.
func TestFaultClockThatJumpsBackOverTheNight(t *testing.T) {
	var r runs
	own := &clocktest.Own{Clock: clocktest.Auto(noon)}
	s := schedule.New(memory(t), own, nil)
	ctx, cancel := context.WithCancel(t.Context())
	marked, idle := own.Work(ctx)
	if err := s.Add(nightly(&r)); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	for range 3 { // each night, ten minutes after the run
		if err := own.SleepUntil(marked, own.Now().Truncate(24*time.Hour).Add(24*time.Hour+40*time.Minute)); err != nil {
			t.Fatal(err)
		}
		own.Set(-time.Hour)
		if err := own.Sleep(marked, 2*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	idle()
	s.Wait()
	r.want(t, "24 00:30", "25 00:30", "26 01:30")
}
