package controller

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

// TestCrashStoreCopy cuts the controller off at each thing that the nightly copy of the
// store does: to the file that it writes, to the oldest one, which has to go, and to
// the record of the schedule. In the end there is that night's copy, whole, and
// nothing else is new.
func TestCrashStoreCopy(t *testing.T) {
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		dir := t.TempDir()
		night := crashtest.Start.AddDate(0, 0, 1)
		return crashtest.World{
			Prepare: func(_ context.Context, db store.DB) error {
				for i := range copiesKept {
					name := night.AddDate(0, 0, -1-i).Format("store-2006-01-02.db")
					if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
						return err
					}
				}
				_, err := fleet.NewRegistry(db, clk).AddSite(fleet.Site{Name: "lorient", Address: "12 quai des Indes, 56100 Lorient", Travel: fleet.Bike, Minutes: 15})
				return err
			},
			Controller: func(c *crashtest.Controller) error {
				return wholefile.Sweep(c.Disk(wholefile.OS), dir) // as every start does
			},
			Work: func(c *crashtest.Controller) error {
				scheduler := schedule.New(c.DB, c.Clock, slog.New(slog.DiscardHandler))
				if err := scheduler.Add(copies{db: c.DB, disk: c.Disk(wholefile.OS), folder: dir, zone: calendar.Paris()}.entry()); err != nil {
					return err
				}
				return untilRun(c, scheduler, night)
			},
			State: func(_ context.Context, db store.DB) (any, error) { return nightly(db, clk, dir, night) },
		}
	})
}

// untilRun lets the scheduler run until its entry's run of that day has ended.
func untilRun(c *crashtest.Controller, scheduler *schedule.Scheduler, day time.Time) error {
	ctx, stop := context.WithCancel(c.Context)
	defer stop()
	marked, idle := c.Clock.Work(ctx)
	over := make(chan error, 1)
	go func() { defer idle(); over <- scheduler.Run(marked) }()
	err := func() error {
		for range 3 * 24 {
			list, err := scheduler.List()
			if err != nil || list[0].Ended.After(day.Truncate(24*time.Hour)) {
				return err
			}
			if err := c.Clock.Sleep(ctx, time.Hour); err != nil {
				return err
			}
		}
		return errors.New("it has not run within three days")
	}()
	stop()
	return errors.Join(err, <-over) // with the mark held: ending takes no time
}

// nightly is what a night's copy leaves.
func nightly(db store.DB, clk *clocktest.Clock, dir string, night time.Time) (any, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	list, err := scheduled(db, clk, dir)
	if err != nil {
		return nil, err
	}
	back := filepath.Join(filepath.Dir(dir), "back", "store.db")
	if err := store.Restore(filepath.Join(dir, night.Format("store-2006-01-02.db")), back, nil); err != nil {
		return nil, err
	}
	copied, err := store.Open(back, store.Options{})
	if err != nil {
		return nil, err
	}
	defer copied.Close()
	sites, err := fleet.NewRegistry(copied, clk).Sites()
	return map[string]any{"files": names, "result": list.Result, "next": list.Next, "sites": len(sites)}, err
}

func scheduled(db store.DB, clk *clocktest.Clock, dir string) (schedule.Status, error) {
	scheduler := schedule.New(db, clk, nil)
	if err := scheduler.Add(copies{db: db, disk: wholefile.OS, folder: dir, zone: calendar.Paris()}.entry()); err != nil {
		return schedule.Status{}, err
	}
	list, err := scheduler.List()
	if err != nil {
		return schedule.Status{}, err
	}
	return list[0], nil
}
