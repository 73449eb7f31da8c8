package fleet_test

import (
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/store"
)

// Readers see each observation; the disk sees those that tell something new, and one
// an hour.
func TestObserved(t *testing.T) {
	db := store.Memory()
	if err := db.Update(func(tx store.Tx) error { return fleet.Boxes.Insert(tx, "kiosk", fleet.Box{Name: "kiosk"}) }); err != nil {
		t.Fatal(err)
	}
	r := fleet.NewRegistry(db, clock.Real())
	stored := func() fleet.Observation {
		var b fleet.Box
		if err := db.View(func(tx store.Tx) (err error) { b, err = fleet.Boxes.Get(tx, "kiosk"); return err }); err != nil {
			t.Fatal(err)
		}
		return b.Observed
	}
	start := time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)
	step := func(minutes int, used int64, fault string, wantStored bool) {
		t.Helper()
		at := start.Add(time.Duration(minutes) * time.Minute)
		o := fleet.Observation{At: at, Seen: at, Version: "9.2.4", Error: fault, Storages: []fleet.ObservedStorage{{Name: "hdd", Active: true, Used: used}}}
		if err := r.Observed("kiosk", o); err != nil {
			t.Fatal(err)
		}
		b, err := r.Box("kiosk")
		if err != nil || !b.Observed.At.Equal(at) || b.Observed.Storages[0].Used != used {
			t.Errorf("minute %d: Box tells %+v, %v", minutes, b.Observed, err)
		}
		all, err := r.Boxes()
		if err != nil || !all[0].Observed.At.Equal(at) {
			t.Errorf("minute %d: Boxes tells %+v, %v", minutes, all, err)
		}
		if got := stored().At.Equal(at); got != wantStored {
			t.Errorf("minute %d: stored is %v, wanted is %v", minutes, got, wantStored)
		}
	}
	step(0, 1, "", true)
	step(5, 2, "", false)
	step(10, 2, "no answer", true)
	step(15, 3, "no answer", false)
	step(20, 3, "", true)
	step(79, 4, "", false)
	step(80, 4, "", true)
	// Another version is an update, told once.
	for _, version := range []string{"9.2.5", "9.2.5"} {
		if err := r.Observed("kiosk", fleet.Observation{At: start.Add(90 * time.Minute), Version: version}); err != nil {
			t.Fatal(err)
		}
	}
	b, err := r.Box("kiosk")
	if want := (fleet.Update{Seen: start.Add(90 * time.Minute), From: "9.2.4", To: "9.2.5"}); err != nil || len(b.Updates) != 1 || b.Updates[0] != want {
		t.Errorf("updates are %v (%v), want %v", b.Updates, err, want)
	}
	// The clock is set back by an hour: what a box says now is told all the same.
	step(25, 5, "", true)
	step(30, 6, "", false)
}
