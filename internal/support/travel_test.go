package support_test

import (
	"testing"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

// TestTravel: how somebody gets to a site is noted with the way, and stays when the
// site's way changes.
func TestTravel(t *testing.T) {
	db := store.Memory()
	l, _ := officeIn(t, db)
	sites := fleet.NewRegistry(db, clock.Real())
	for _, s := range []fleet.Site{{Name: "quai", Address: "1 quai", Travel: fleet.Bike, Minutes: 15}, {Name: "here", Address: "1 rue", Travel: fleet.Bike}} {
		if _, err := sites.AddSite(s); err != nil {
			t.Fatal(err)
		}
	}
	visit := work(t, "2026-10-06", 120)
	visit.Where = "quai"
	made, err := l.AddOnSite(anne, visit)
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != 2 || made[0].Minutes != 120 || made[0].Mode != "" || made[1].Minutes != 30 || made[1].Kind != contract.Travel || made[1].Mode != fleet.Bike || made[1].Where != "quai" {
		t.Errorf("a visit became %+v", made)
	}
	if _, err := sites.EditSite("quai", func(s *fleet.Site) { s.Travel = fleet.Truck }); err != nil {
		t.Fatal(err)
	}
	hour := calendar.Minutes(60)
	mended, err := l.Correct(anne, made[1].ID, support.Correction{Minutes: &hour, Why: "pluie"})
	if err != nil || mended[1].Mode != fleet.Bike {
		t.Errorf("the way was by bike when it was made: %+v, %v", mended, err)
	}
	way := work(t, "2026-10-07", 40)
	way.Kind = contract.Travel
	for where, want := range map[string]fleet.Travel{"quai": fleet.Truck, "chez Yann": "", "": ""} {
		way.Where = where
		if e, err := l.Add(anne, way); err != nil || e.Mode != want {
			t.Errorf("to %q: by %q, %v; want %q", where, e.Mode, err, want)
		}
	}
	way.Mode = "boat"
	_, err = l.Add(anne, way)
	wants(t, err, "mode boat", "bike or truck")
	way.Kind = contract.Training
	_, err = l.Add(anne, way)
	wants(t, err, "only travel has one")
	for where, want := range map[string]string{"chez Yann": "is no site", "here": "does not say how long"} {
		visit.Where = where
		_, err = l.AddOnSite(anne, visit)
		wants(t, err, want)
	}
	if all, err := l.List(support.Filter{}); err != nil || len(all) != 7 {
		t.Errorf("%d entries, %v: a refused visit left something", len(all), err)
	}
}
