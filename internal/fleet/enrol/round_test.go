package enrol_test

import (
	"testing"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
)

// A round sees at once what changes from minute to minute; what changes by somebody's
// hand it sees within the hour, and its mending at once.
func TestRound(t *testing.T) {
	b := fleettest.New(t, "9.2")
	b.Run()
	box := b.Enrolled()
	root := b.Client(box, b.Password())
	defer root.Close()
	ctx := t.Context()
	round := func() fleet.Observation {
		t.Helper()
		box.Observed = b.Enrol.Round(ctx, box)
		if box.Observed.Error != "" {
			t.Fatal(box.Observed.Error)
		}
		return box.Observed
	}
	if o := round(); len(o.Drift) != 0 {
		t.Fatalf("a box just enrolled: %+v", o.Drift)
	}
	hdd := fleet.StorageConfig{Name: "hdd", Content: []string{"backup", "iso"}, Nodes: []string{box.Node}}
	if err := root.UpdateDir(ctx, hdd); err != nil {
		t.Fatal(err)
	}
	if o := round(); len(o.Drift) != 0 {
		t.Errorf("definitions were read in the next round: %+v", o.Drift)
	}
	job := box.Job
	job.Schedule = "03:00"
	if err := root.UpdateJob(ctx, job); err != nil {
		t.Fatal(err)
	}
	if o := round(); len(o.Drift) != 1 || o.Drift[0].What != "local backup job: schedule" {
		t.Errorf("the job that was changed: %+v", o.Drift)
	}
	// As long as something is wrong, all of it is read each time.
	if o := round(); len(o.Drift) != 2 || o.Drift[0].What != "storage hdd" {
		t.Errorf("the storage that was changed: %+v", o.Drift)
	}
	hdd.Content = []string{"backup"}
	if err := root.UpdateDir(ctx, hdd); err != nil {
		t.Fatal(err)
	}
	if err := root.UpdateJob(ctx, box.Job); err != nil {
		t.Fatal(err)
	}
	if o := round(); len(o.Drift) != 0 {
		t.Errorf("all is mended, and yet: %+v", o.Drift)
	}
	b.VaultDown.Set(true)
	if o := round(); len(o.Drift) != 1 || o.Drift[0].What != "storage vault" {
		t.Errorf("a vault that is away: %+v", o.Drift)
	}
}
