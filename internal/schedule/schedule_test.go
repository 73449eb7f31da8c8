package schedule_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
)

var noon = time.Date(2026, 10, 23, 10, 0, 0, 0, time.UTC) // 12:00 in Paris

// runs notes the instants for which an entry ran.
type runs struct {
	mu sync.Mutex
	at []string
}

func (r *runs) note(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = append(r.at, at.UTC().Format("02 15:04"))
}

func (r *runs) want(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.at, want) {
		t.Errorf("ran for %q, want %q", r.at, want)
	}
}

// live runs a scheduler with some entries on a store for a while.
func live(t *testing.T, db store.DB, from time.Time, d time.Duration, entries ...schedule.Entry) *schedule.Scheduler {
	t.Helper()
	clk := clocktest.Auto(from)
	s := schedule.New(db, clk, nil)
	ctx, cancel := context.WithCancel(t.Context())
	wctx, idle := clk.Work(ctx)
	for _, e := range entries {
		if err := s.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := clk.Sleep(wctx, d); err != nil {
		t.Fatal(err)
	}
	cancel()
	idle()
	s.Wait()
	return s
}

func memory(t *testing.T) store.DB {
	db := store.Memory()
	t.Cleanup(func() { db.Close() })
	return db
}

func nightly(r *runs) schedule.Entry {
	return schedule.Entry{Name: "nightly", Spec: "30 2 * * *", Begin: func(_ store.Tx, at time.Time) error {
		r.note(at)
		return nil
	}}
}

func TestNightsOverTheChangeOfOctober(t *testing.T) {
	var r runs
	live(t, memory(t), noon, 4*24*time.Hour, nightly(&r))
	r.want(t, "24 00:30", "25 00:30", "26 01:30", "27 01:30")
}

func TestARunMissedWhileDownIsCaughtUpOnce(t *testing.T) {
	var r runs
	db := memory(t)
	live(t, db, noon, 24*time.Hour, nightly(&r))
	live(t, db, noon.Add(80*time.Hour), 6*time.Hour, nightly(&r)) // three nights later, at 20:00
	r.want(t, "24 00:30", "26 01:30")
	live(t, db, noon.Add(90*time.Hour), 24*time.Hour, nightly(&r))
	r.want(t, "24 00:30", "26 01:30", "27 01:30", "28 01:30")
}

func TestANewEntryDoesNotRunForThePast(t *testing.T) {
	var r runs
	live(t, memory(t), noon, time.Hour, nightly(&r))
	r.want(t)
}

func TestAChangedExpressionBeginsAnew(t *testing.T) {
	var r runs
	db := memory(t)
	live(t, db, noon, time.Hour, nightly(&r))
	e := nightly(&r)
	e.Spec = "0 22 * * *"
	live(t, db, noon.Add(20*time.Hour), 24*time.Hour, e)
	r.want(t, "24 20:00")
}

// A Begin that fails has written nothing, and comes again the next time.
func TestBeginIsOneTransactionWithTheNote(t *testing.T) {
	var r runs
	db := memory(t)
	failing := schedule.Entry{Name: "nightly", Spec: "30 2 * * *", Begin: func(tx store.Tx, at time.Time) error {
		r.note(at)
		if err := tx.Put([]byte("x"), []byte("half")); err != nil {
			return err
		}
		return errors.New("no room")
	}}
	s := live(t, db, noon, 24*time.Hour, failing)
	r.want(t, "24 00:30")
	list, err := s.List()
	if err != nil || len(list) != 1 || list[0].Result != "no room" {
		t.Errorf("listed as %+v, %v; want the result \"no room\"", list, err)
	}
	err = db.View(func(tx store.Tx) error {
		if v, err := tx.Get([]byte("x")); err != nil || v != nil {
			t.Errorf("the failed run left %q, %v", v, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A Run that is cut off is called again for the same instant; one that ended is not.
func TestARunThatWasCutOffIsRunAgain(t *testing.T) {
	var r runs
	db := memory(t)
	slow := schedule.Entry{Name: "slow", Spec: "0 13 * * *"}
	clk := clocktest.Auto(noon)
	slow.Run = func(ctx context.Context, at time.Time) error {
		r.note(at)
		return clk.Sleep(ctx, 3*time.Hour)
	}
	s := schedule.New(db, clk, nil)
	ctx, cancel := context.WithCancel(t.Context())
	wctx, idle := clk.Work(ctx)
	if err := s.Add(slow); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := clk.Sleep(wctx, 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	cancel()
	idle()
	s.Wait()
	r.want(t, "23 11:00")
	slow.Run = func(_ context.Context, at time.Time) error { r.note(at); return nil }
	live(t, db, noon.Add(3*time.Hour), time.Hour, slow)
	live(t, db, noon.Add(5*time.Hour), time.Hour, slow)
	r.want(t, "23 11:00", "23 11:00")
}

// While one run lasts, those that fall due meanwhile are made up for once.
func TestRunsOfOneEntryNeverOverlap(t *testing.T) {
	var r runs
	clk := clocktest.Auto(noon)
	var running int
	e := schedule.Entry{Name: "e", Spec: "*/10 * * * *", Run: func(ctx context.Context, at time.Time) error {
		r.note(at)
		running++
		if running > 1 {
			t.Error("two runs at once")
		}
		defer func() { running-- }()
		if at.Minute() == 10 && at.Hour() == 10 {
			return clk.Sleep(ctx, 35*time.Minute)
		}
		return nil
	}}
	s := schedule.New(memory(t), clk, nil)
	ctx, cancel := context.WithCancel(t.Context())
	wctx, idle := clk.Work(ctx)
	if err := s.Add(e); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := clk.Sleep(wctx, 65*time.Minute); err != nil {
		t.Fatal(err)
	}
	cancel()
	idle()
	s.Wait()
	r.want(t, "23 10:10", "23 10:40", "23 10:50", "23 11:00")
}

func TestJitterIsBoundedAndTheSameEachTime(t *testing.T) {
	next := func(name string) time.Time {
		s := schedule.New(memory(t), clocktest.Auto(noon), nil)
		e := nightly(new(runs))
		e.Name, e.Jitter = name, 10*time.Minute
		if err := s.Add(e); err != nil {
			t.Fatal(err)
		}
		list, err := s.List()
		if err != nil {
			t.Fatal(err)
		}
		return list[0].Next
	}
	exact := time.Date(2026, 10, 24, 0, 30, 0, 0, time.UTC)
	seen := map[time.Time]bool{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		at := next(name)
		if late := at.Sub(exact); late < 0 || late > 10*time.Minute {
			t.Errorf("%s comes at %v, want at most 10 minutes after %v", name, at, exact)
		}
		if !at.Equal(next(name)) {
			t.Errorf("%s: another jitter the second time", name)
		}
		seen[at] = true
	}
	if len(seen) < 3 {
		t.Errorf("five entries come at only %d instants", len(seen))
	}
}

func TestAddRefuses(t *testing.T) {
	s := schedule.New(memory(t), clocktest.Auto(noon), nil)
	begin := func(store.Tx, time.Time) error { return nil }
	for want, e := range map[string]schedule.Entry{
		"needs a name": {Spec: "@daily", Begin: begin},
		"Begin or Run": {Name: "x", Spec: "@daily"},
		"no time zone": {Name: "x", Spec: "@daily", Zone: "Paris", Begin: begin},
		"want five":    {Name: "x", Spec: "daily", Begin: begin},
	} {
		if err := s.Add(e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error with %q", e, err, want)
		}
	}
}

func TestAnEntryAddedLaterRuns(t *testing.T) {
	var r runs
	clk := clocktest.Auto(noon)
	s := schedule.New(memory(t), clk, nil)
	ctx, cancel := context.WithCancel(t.Context())
	wctx, idle := clk.Work(ctx)
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := clk.Sleep(wctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(nightly(&r)); err != nil {
		t.Fatal(err)
	}
	if err := clk.Sleep(wctx, 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove("nightly"); err != nil {
		t.Fatal(err)
	}
	if err := clk.Sleep(wctx, 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	cancel()
	idle()
	s.Wait()
	r.want(t, "24 00:30")
}

// fullAt is a disk that is full from the nth commit on, for three.
type fullAt struct{ n, commits int }

func (f *fullAt) BeforeCommit() error {
	if f.commits++; f.commits >= f.n && f.commits < f.n+3 {
		return &store.FullError{Path: "accolade.db", Err: errors.New("no space left on device")}
	}
	return nil
}

func (*fullAt) AfterCommit() {}

// TestAFullDiskSkipsNoRun: the run whose note finds no room comes again a little later,
// and so do all after it.
func TestAFullDiskSkipsNoRun(t *testing.T) {
	for _, begins := range []bool{true, false} {
		var begun runs
		e := schedule.Entry{Name: "backup", Spec: "0 23 * * *"}
		if begins {
			e.Begin = func(tx store.Tx, at time.Time) error { return tx.Put([]byte("xbegun-"+at.Format("02")), []byte{1}) }
		} else {
			e.Run = func(_ context.Context, at time.Time) error { begun.note(at); return nil }
		}
		db := memory(t)
		live(t, store.Observe(db, &fullAt{n: 2}), noon, 48*time.Hour, e) // 1 is Add's
		if !begins {
			begun.want(t, "23 21:00", "23 21:00", "23 21:00", "23 21:00", "24 21:00") // it can be done twice
			continue
		}
		var days []string
		if err := db.View(func(tx store.Tx) error {
			for key := range tx.Scan([]byte("xbegun-")) {
				days = append(days, string(key))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(days, []string{"xbegun-23", "xbegun-24"}) {
			t.Errorf("begun %q, want both nights", days)
		}
	}
}
