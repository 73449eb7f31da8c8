// Package faulttest proves that a workflow bears every fault of its counterparts. It
// runs the workflow once and notes its requests; then it runs it again for each fault
// at each request, one at a time, and for mixtures of several.
//
// Whatever strikes, the operation ends done, with the same end state as without the
// fault; or it ends failed, with everything taken back and a sentence that a technician
// can act on. Either way the doctor finds nothing once the fault is gone, and after a
// failure the workflow, begun again, ends as it should. A counterpart that is away for
// days keeps the operation waiting, with the reason to be read, and it goes on by
// itself.
//
// What the controller logs and keeps in all these runs, and what it and the doctor tell,
// holds no secret.
//
// The worlds are those of package crashtest. The package knows no workflow.
package faulttest

import (
	"context"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/racetest"
	"codeberg.org/accolade/accolade/internal/secret/secrettest"
	"codeberg.org/accolade/accolade/internal/sim/fault"
	"codeberg.org/accolade/accolade/internal/sim/pve"
	"codeberg.org/accolade/accolade/internal/store"
)

// World is a world of crashtest, and what is to be known of it to break it.
type World struct {
	crashtest.World
	// Targets are the counterparts that requests go to.
	Targets []Target
	// Left lists what is there that an operation may have made: on the counterparts
	// and in the store. A failed operation leaves it as it was before.
	Left func(ctx context.Context, db store.DB) ([]string, error)
	// Damaged is a world in which the doctor finds something before the workflow, which
	// mends it: a failure may leave it so, or better.
	Damaged bool
	// Doctor is what `accolade doctor` finds, one sentence a finding.
	Doctor func(ctx context.Context, db store.DB) ([]string, error)
}

// Target is one counterpart.
type Target struct {
	Name string // as a technician knows it: "box kiosk"
	Host string // HOST:PORT of its requests
	// Box is what machine faults strike; nil: only the wire breaks.
	Box      *pve.Box
	Storages []string // of the box, that can be full or away
	VMID     int      // of the box, that the workflow is about; 0: none
	Stands   bool     // that VM is there before: the workflow cannot make up for its loss
}

// Build makes a world on a clock. Worlds of several runs live at the same time, so
// they share nothing.
type Build func(t testing.TB, clk *clocktest.Clock) World

// wholeCampaign is the environment variable that, set to 1, has every fault strike at
// every request, and the mixtures; else each fault strikes once at each kind of request.
const wholeCampaign = "ACCOLADE_SOAK"

// mixtures is how many seeded mixtures of faults the whole campaign makes.
const mixtures = 500

// underRace is how many runs the race detector looks at, which looks for races and not
// for what a fault leaves behind.
const underRace = 4

// Run checks one workflow. A run that goes wrong is a failed subtest, whose name tells
// the request and the fault; with ACCOLADE_SOAK=1 it can be run alone by its name.
func Run(t *testing.T, build Build) {
	t.Helper()
	seen := secrettest.Watch(t)
	want := run(t, build, nil, seen)
	if want.problem != "" {
		t.Fatalf("the run without a fault: %s", want.problem)
	}
	whole := os.Getenv(wholeCampaign) == "1"
	plans := choose(want.requests, want.targets, whole)
	switch {
	case whole:
		plans = append(plans, mix(want.requests, want.targets, mixtures)...)
	case racetest.On || testing.Short():
		plans = sample(plans, underRace)
	}
	var count tally
	t.Run("fault", func(t *testing.T) {
		for _, p := range plans {
			t.Run(p.String(), func(t *testing.T) {
				t.Parallel()
				got := run(t, build, p, seen)
				got.check(want)
				if got.problem != "" {
					t.Error(got.problem)
				}
				count.add(got)
			})
		}
	})
	seen.Check(t)
	t.Logf("%d requests of %d kinds; %s", len(want.requests), len(kindsOf(want.requests)), &count)
}

// sample takes so many of them, evenly.
func sample(plans []plan, n int) []plan {
	if len(plans) <= n {
		return plans
	}
	some := make([]plan, 0, n)
	for i := range n {
		some = append(some, plans[i*len(plans)/n])
	}
	return some
}

// Strike is Run for one fault, at each request of the workflow whose method and path
// are these; the path is the end of one, as path.Match takes its last two parts.
func Strike(t *testing.T, build Build, method, pattern string, rule fault.Rule) {
	t.Helper()
	seen := secrettest.Watch(t)
	want := run(t, build, nil, seen)
	if want.problem != "" {
		t.Fatalf("the run without a fault: %s", want.problem)
	}
	struck := 0
	for i, r := range want.requests {
		parts := strings.Split(r.path, "/")
		end := strings.Join(parts[max(0, len(parts)-1-strings.Count(pattern, "/")):], "/")
		if match, err := path.Match(pattern, end); err != nil || !match || r.method != method {
			continue
		}
		if struck++; struck > 1 && racetest.On {
			break
		}
		rule.Target = r.target
		got := run(t, build, plan{{at: i + 1, rule: rule}}, seen)
		got.check(want)
		if got.problem != "" {
			t.Errorf("at request %d, %s %s: %s", i+1, r.method, r.path, got.problem)
		}
	}
	seen.Check(t)
	if struck == 0 {
		t.Errorf("no request is %s …/%s", method, pattern)
	}
}

// Absence is Run for one fault that lasts three days, from the first request on, from
// one in the middle, and from the last. rule.Target names what is away. One of a whole
// counterpart has to be waited for, with its reason to be read; after any other the
// operation may have failed meanwhile, with a sentence, and ends well when it is begun
// again.
func Absence(t *testing.T, build Build, rule fault.Rule) {
	t.Helper()
	seen := secrettest.Watch(t)
	want := run(t, build, nil, seen)
	if want.problem != "" {
		t.Fatalf("the run without a fault: %s", want.problem)
	}
	places := []int{1, (len(want.requests) + 1) / 2, len(want.requests)}
	if racetest.On {
		places = places[:1]
	}
	for _, at := range places {
		got := run(t, build, plan{{at: at, rule: rule, lasts: threeDays}}, seen)
		got.check(want)
		if got.problem == "" && rule.Kind == fault.Refused && (!got.waited || got.op.State != operation.Done) {
			got.problem = fmt.Sprintf("it is %s and did not wait for %s: %+v", got.op.State, rule.Target, got.op.Problem)
		}
		if got.problem != "" {
			t.Errorf("%s, from request %d on: %s", rule.Kind, at, got.problem)
		}
		t.Logf("%s from request %d on: %s, waited %t, %+v", rule.Kind, at, got.op.State, got.waited, got.op.Problem)
	}
	seen.Check(t)
}
