package poll

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
)

// looked watches work that takes a while, and says how often and how long too late.
func looked(t *testing.T, m *Memory, work Work, takes time.Duration, progress func(time.Duration) (float64, time.Duration)) (looks int, late time.Duration) {
	t.Helper()
	w := m.Begin(clock.Real(), "kiosk", work)
	began := time.Now()
	for {
		if err := w.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		looks++
		ran := time.Since(began)
		if ran >= takes {
			w.Over()
			return looks, ran - takes
		}
		if progress != nil {
			w.Progress(progress(ran))
		}
	}
}

// Whatever the work takes, looks and lost time keep the balance that worth sets: about
// as many looks as are worth the time that they save.
func TestUnknownWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for takes := time.Second; takes < 24*time.Hour; takes = takes * 5 / 4 {
			looks, late := looked(t, &Memory{}, Work{}, takes, nil)
			most := 2 * math.Sqrt(takes.Seconds()/(2*worth.Seconds()))
			if takes < 2*time.Hour && float64(looks) > 3+1.2*most {
				t.Errorf("%s: %d looks, about %.0f are worth it", takes, looks, most)
			}
			if late > even(takes)+firstLook || late > longest {
				t.Errorf("%s: noticed %s late", takes, late)
			}
		}
	})
}

func TestProgressForetellsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, takes := range []time.Duration{20 * time.Second, 5 * time.Minute, 3 * time.Hour} {
			looks, late := looked(t, &Memory{}, Work{}, takes, func(ran time.Duration) (float64, time.Duration) {
				return ran.Seconds() / takes.Seconds(), 0
			})
			if most := 6 + int(math.Sqrt(told*takes.Seconds())) + int(takes/longest); looks > most || late > time.Second {
				t.Errorf("%s: %d looks, %s late; wanted at most %d", takes, looks, late, most)
			}
		}
	})
}

// Progress that was told for an earlier instant is taken for that instant, and work
// that goes on after its last per cent is still looked at less and less.
func TestOldAndFullProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks, late := looked(t, &Memory{}, Work{}, 130*time.Second, func(ran time.Duration) (float64, time.Duration) {
			tenth := min(ran/(10*time.Second), 10)
			return float64(tenth) / 10, tenth * 10 * time.Second
		})
		if looks > 20 || late > 10*time.Second {
			t.Errorf("%d looks, %s late", looks, late)
		}
	})
}

func TestWhatWasSeenIsForeseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &Memory{}
		work := Work{Kind: "install", Least: 10 * time.Second}
		first, _ := looked(t, m, work, 10*time.Minute, nil)
		for i, takes := range []time.Duration{10 * time.Minute, 10 * time.Minute, 605 * time.Second, 595 * time.Second} {
			looks, late := looked(t, m, work, takes, nil)
			if looks > 4 || late > takes/20 {
				t.Errorf("time %d, %s: %d looks (%d the first time), %s late", i+2, takes, looks, first, late)
			}
		}
		if got := m.expect("elsewhere", "install"); got == 0 {
			t.Error("another place learns nothing")
		}
		after := &Memory{}
		after.Recall(m.Lately())
		if looks, late := looked(t, after, work, 10*time.Minute, nil); looks > 4 || late > 30*time.Second {
			t.Errorf("after a restart: %d looks, %s late", looks, late)
		}
		// Twice as long as ever, or much shorter: a few looks more, a little late.
		if looks, late := looked(t, m, work, 20*time.Minute, nil); looks > 30 || late > time.Minute {
			t.Errorf("twice as long: %d looks, %s late", looks, late)
		}
	})
}

// Work that may be over is looked at once, and its duration says nothing.
func TestBegunWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &Memory{}
		if looks, late := looked(t, m, Work{Kind: "task", Least: time.Hour, Begun: true}, 0, nil); looks != 1 || late != 0 {
			t.Errorf("%d looks, %s late", looks, late)
		}
		if m.expect("kiosk", "task") != 0 {
			t.Error("a part was taken for the whole")
		}
	})
}
