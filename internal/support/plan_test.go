package support_test

import (
	"errors"
	"testing"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

// tomorrow is a training of two hours on the day after the office's.
func tomorrow(t *testing.T) support.Booking {
	b := work(t, "2026-11-03", 120)
	b.Kind, b.Began, b.Note, b.Private = contract.Training, "14:30", "tableur", "clé chez le voisin"
	return b
}

// TestPlanBecomesWork: what was planned is booked as it was done, with the way, once.
func TestPlanBecomesWork(t *testing.T) {
	db := store.Memory()
	l, clk := officeIn(t, db)
	if _, err := fleet.NewRegistry(db, clock.Real()).AddSite(fleet.Site{Name: "quai", Address: "1 quai", Travel: fleet.Bike, Minutes: 15}); err != nil {
		t.Fatal(err)
	}
	b := tomorrow(t)
	b.Where = "quai"
	p, err := l.Plan(anne, b, true)
	if err != nil || p.ID != "P000001" || p.State != support.Planned || p.Start.Format("2006-01-02 15:04") != "2026-11-03 13:30" {
		t.Fatalf("plan = %+v, %v", p, err)
	}
	if all, err := l.List(support.Filter{}); err != nil || len(all) != 0 {
		t.Errorf("a plan is no entry: %v, %v", all, err)
	}
	_, _, err = l.FinishPlan(anne, p.ID, support.PlanDone{})
	wants(t, err, "2026-11-03", "future")
	clk.to(t, "2026-11-03 18:00:00")
	took := calendar.Minutes(150)
	done, made, err := l.FinishPlan(anne, p.ID, support.PlanDone{Minutes: &took})
	if err != nil || done.State != support.Done || len(made) != 2 || len(done.Entries) != 2 {
		t.Fatalf("done = %+v, %+v, %v", done, made, err)
	}
	if e := made[0]; e.Minutes != 150 || e.Note != "tableur" || e.Private != b.Private || !e.Began.Equal(p.Start) || e.Source != p.ID || made[1].Minutes != 30 || made[1].Mode != fleet.Bike {
		t.Errorf("booked %+v", made)
	}
	_, _, err = l.FinishPlan(anne, p.ID, support.PlanDone{})
	wants(t, err, "P000001 is done: it became H000001, H000002")
	if all, _ := l.Plans(support.Filter{Client: "Kerlann"}, true); len(all) != 0 {
		t.Errorf("still to come: %+v", all)
	}
}

// TestPlanAcrossMidnight becomes an entry for each day.
func TestPlanAcrossMidnight(t *testing.T) {
	l, clk := office(t)
	b := tomorrow(t)
	b.Began = "23:00"
	p, err := l.Plan(anne, b, false)
	if err != nil {
		t.Fatal(err)
	}
	clk.to(t, "2026-11-04 09:00:00")
	_, made, err := l.FinishPlan(anne, p.ID, support.PlanDone{})
	if err != nil || len(made) != 2 || made[0].Minutes != 60 || made[1].Minutes != 60 || made[1].Date != day(t, "2026-11-04") {
		t.Errorf("booked %+v, %v", made, err)
	}
}

// TestPlanChanges: a plan that moves keeps its identity and counts its changes.
func TestPlanChanges(t *testing.T) {
	l, clk := office(t)
	p, err := l.Plan(anne, tomorrow(t), false)
	if err != nil {
		t.Fatal(err)
	}
	clk.to(t, "2026-11-02 10:00:00")
	march := day(t, "2027-03-30") // after the clock was set forward
	moved, err := l.ChangePlan(anne, p.ID, support.PlanChange{Date: &march})
	if err != nil || moved.UID != p.UID || moved.Changes != 1 || !moved.Changed.After(p.Changed) || moved.Start.Format("2006-01-02 15:04") != "2027-03-30 12:30" {
		t.Errorf("moved to %+v, %v; want 14:30 in Paris", moved, err)
	}
	first, err := l.Plan(anne, tomorrow(t), false) // the hour is free now
	if err != nil {
		t.Fatal(err)
	}
	penmarch := tomorrow(t)
	penmarch.Client, penmarch.Began = "penmarch", "16:00"
	_, err = l.Plan(anne, penmarch, false)
	wants(t, err, "anne is planned from 2026-11-03 14:30 to 2026-11-03 16:30 already (P000002, kerlann)")
	penmarch.Began = "16:30"
	if _, err := l.Plan(anne, penmarch, false); err != nil {
		t.Errorf("right after the other: %v", err)
	}
	_, err = l.CancelPlan(anne, first.ID, " ")
	wants(t, err, "why")
	off, err := l.CancelPlan(anne, first.ID, "malade")
	if err != nil || off.State != support.Cancelled || off.Why != "malade" || off.Changes != 1 {
		t.Errorf("cancelled: %+v, %v", off, err)
	}
	_, err = l.CancelPlan(anne, first.ID, "encore")
	wants(t, err, "was cancelled: malade", "plan add")
	_, _, err = l.FinishPlan(anne, first.ID, support.PlanDone{})
	wants(t, err, "was cancelled")
	if _, err := l.ChangePlan(anne, "P000099", support.PlanChange{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown plan: %v", err)
	}
	all, err := l.Plans(support.Filter{Who: "anne", From: march}, false)
	if err != nil || len(all) != 1 || all[0].ID != p.ID {
		t.Errorf("from %s: %+v, %v", march, all, err)
	}
}

// TestClockSetForward: an hour that a day does not have is no time to begin at.
func TestClockSetForward(t *testing.T) {
	l, _ := office(t)
	b := tomorrow(t)
	b.Date, b.Began = day(t, "2027-03-28"), "02:30"
	_, err := l.Plan(anne, b, false)
	wants(t, err, "began 02:30 is refused: there is no such time on 2027-03-28")
	b.Began = "03:00"
	if _, err := l.Plan(anne, b, false); err != nil {
		t.Error(err)
	}
}

func TestPlanRefusals(t *testing.T) {
	l, _ := office(t)
	for name, test := range map[string]struct {
		edit func(*support.Booking)
		way  bool
		want []string
	}{
		"past":          {func(b *support.Booking) { b.Date = day(t, "2026-11-01") }, false, []string{"2026-11-01 14:30 lies in the past: it is 2026-11-02 09:00", "hours add"}},
		"no time":       {func(b *support.Booking) { b.Began = "" }, false, []string{"at is missing"}},
		"bad time":      {func(b *support.Booking) { b.Began = "25:00" }, false, []string{"began 25:00"}},
		"client":        {func(b *support.Booking) { b.Client = "nobody" }, false, []string{`"nobody"`}},
		"nothing":       {func(b *support.Booking) { b.Minutes = 0 }, false, []string{"minutes 0"}},
		"kind":          {func(b *support.Booking) { b.Kind = "tea" }, false, []string{"kind tea"}},
		"way":           {func(b *support.Booking) { b.Where = "chez Yann" }, true, []string{"is no site"}},
		"way to travel": {func(b *support.Booking) { b.Kind = contract.Travel }, true, []string{"way true", "planned with the work"}},
	} {
		b := tomorrow(t)
		test.edit(&b)
		_, err := l.Plan(anne, b, test.way)
		t.Log(name)
		wants(t, err, test.want...)
	}
	if all, err := l.Plans(support.Filter{}, false); err != nil || len(all) != 0 {
		t.Errorf("refused plans stand there: %+v, %v", all, err)
	}
}
