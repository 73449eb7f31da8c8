package crashtest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"codeberg.org/accolade/accolade/internal/racetest"
)

// Environment variables.
const (
	// crashVar "all" has every event cut, and pairsCI pairs, as CI does. The name of a
	// plan ("after-17", "after-17-then-before-3") has that one run alone.
	crashVar = "ACCOLADE_CRASH"
	// SoakVar "1" has pairsSoak pairs cut besides every event.
	SoakVar = "ACCOLADE_SOAK"
	// TableVar names a file to which each workflow adds a line of what was done.
	TableVar = "ACCOLADE_CAMPAIGN_TABLE"
)

// How many runs with a crash there are: of single cuts all, or a sample; of pairs so
// many, or all if there are no more. The race detector looks at a few of them, which
// take several times as long under it.
const (
	singlesSample = 14
	singlesRace   = 4
	pairsSample   = 6
	pairsRace     = 1
	pairsCI       = 100
	pairsSoak     = 2000
)

// pairsSeed has the same pairs chosen each time.
const pairsSeed = 20260914

// Report counts what Run did.
type Report struct {
	Requests int // to the counterparts, in the run without a crash
	Commits  int
	Effects  int // on files
	Singles  int // runs in which one controller died
	Pairs    int // runs in which the controller after it died too
	AllPairs int // that there are, of the singles that were run
	Full     int // runs in which commits found the disk full
	Images   int // of what a power cut may leave, that were opened
	Failures int
}

// Points is how many instants there are at which a controller can die: right before
// and right after each event.
func (r Report) Points() int { return 2 * (r.Requests + r.Commits + r.Effects) }

func (r Report) String() string {
	return fmt.Sprintf("%4d kill points (%3d requests, %3d commits, %3d on files)  %4d single kills  %5d pairs of %6d  %3d full disks  %5d power cuts  %d failures",
		r.Points(), r.Requests, r.Commits, r.Effects, r.Singles, r.Pairs, r.AllPairs, r.Full, r.Images, r.Failures)
}

// Run checks one workflow. Without a word from the environment it is a sample of cuts,
// evenly spread; `make crash` and `make soak` give the word. A cut that goes wrong is a
// failed subtest; ACCOLADE_CRASH with its name runs it alone.
func Run(t *testing.T, build Build) Report {
	t.Helper()
	want := run(t, build)
	if err := cmp.Or(want.err, want.stateErr); err != nil {
		t.Fatalf("the run without a crash: %v", err)
	}
	report := Report{Requests: want.events.requests, Commits: want.events.commits, Effects: want.events.effects}
	every, pairs := amount()
	c := &campaign{t: t, build: build, want: want, recovery: map[point]int{}}
	if plan, ok := planOf(os.Getenv(crashVar)); ok {
		report.Singles = c.cut("cut", [][]point{plan})
		return report
	}
	singles := points(want.events.all())
	if !every {
		n := singlesSample
		if racetest.On {
			n = singlesRace
		}
		singles = spread(singles, n)
	}
	report.Singles = c.cut("cut", singles)
	some, all := c.pairs(pairs)
	report.Pairs, report.AllPairs = c.cut("pair", some), all
	report.Full, report.Images = c.fullDisk(), c.powerLoss()
	report.Failures = int(c.failures.Load())
	t.Log(report)
	if err := AddToTable(t.Name(), report.String()); err != nil {
		t.Error(err)
	}
	return report
}

// Check is Run with every single cut and a few pairs, that returns what went wrong
// instead of failing the test.
func Check(t testing.TB, build Build) (problems []string) {
	t.Helper()
	want := run(t, build)
	if err := cmp.Or(want.err, want.stateErr); err != nil {
		t.Fatalf("the run without a crash: %v", err)
	}
	c := &campaign{recovery: map[point]int{}}
	check := func(plan []point) {
		got := run(t, build, plan...)
		c.note(plan, got)
		if problem := compare(want, got); problem != "" {
			problems = append(problems, nameOf(plan)+": "+problem)
		}
	}
	for _, plan := range points(want.events.all()) {
		check(plan)
	}
	some, _ := c.pairs(pairsSample)
	for _, plan := range some {
		check(plan)
	}
	return problems
}

func amount() (every bool, pairs int) {
	switch {
	case os.Getenv(SoakVar) == "1":
		return true, pairsSoak
	case os.Getenv(crashVar) == "all":
		return true, pairsCI
	}
	if racetest.On {
		return false, pairsRace
	}
	return false, pairsSample
}

// campaign is the runs of one workflow.
type campaign struct {
	t        *testing.T
	build    Build
	want     outcome
	failures atomic.Int64

	mu       sync.Mutex
	recovery map[point]int // after a single cut: the events of the controller that went on
}

// cut runs each plan as a subtest, and returns their number once all are over.
func (c *campaign) cut(group string, plans [][]point) int {
	c.t.Run(group, func(t *testing.T) {
		for _, plan := range plans {
			t.Run(nameOf(plan), func(t *testing.T) {
				t.Cleanup(func() {
					if t.Failed() {
						c.failures.Add(1)
					}
				})
				t.Parallel()
				got := run(t, c.build, plan...)
				c.note(plan, got)
				if problem := compare(c.want, got); problem != "" {
					t.Error(problem)
				}
			})
		}
	})
	return len(plans)
}

func (c *campaign) note(plan []point, got outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(plan) == 1 && got.err == nil {
		c.recovery[plan[0]] = got.events.all()
	}
}

// pairs are n plans of two cuts, the second one at an event of the recovery from the
// first, chosen among all of them with a fixed seed; or all, if there are no more.
func (c *campaign) pairs(n int) (some [][]point, all int) {
	firsts := make([]point, 0, len(c.recovery))
	for p, events := range c.recovery {
		firsts = append(firsts, p)
		all += 2 * events
	}
	slices.SortFunc(firsts, point.compare)
	rng := rand.New(rand.NewPCG(pairsSeed, 0))
	left := all
	for _, first := range firsts {
		for _, second := range points(c.recovery[first]) {
			if rng.IntN(left) < n-len(some) { // each choice of n among all is as likely
				some = append(some, []point{first, second[0]})
			}
			left--
		}
	}
	return some, all
}

// points are all instants around that many events, each a plan.
func points(events int) (plans [][]point) {
	for i := range events {
		plans = append(plans, []point{{i + 1, false}}, []point{{i + 1, true}})
	}
	return plans
}

// spread is n of the plans, or all.
func spread(plans [][]point, n int) [][]point {
	if len(plans) <= n {
		return plans
	}
	some := make([][]point, 0, n)
	for i := range n {
		some = append(some, plans[i*len(plans)/n])
	}
	return some
}

// AddToTable adds a line to the table of whoever runs the campaigns of several
// packages, if there is one.
func AddToTable(name, line string) error {
	path := os.Getenv(TableVar)
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%-24s %s\n", name, line) // one write, so that packages do not mix lines
	return cmp.Or(err, f.Close())
}

// point is where a controller is cut off: right before or after the nth event of its
// life. Zero: never.
type point struct {
	n     int
	after bool
}

func (p point) String() string {
	if p.after {
		return fmt.Sprintf("after-%d", p.n)
	}
	return fmt.Sprintf("before-%d", p.n)
}

func (p point) compare(q point) int {
	if c := cmp.Compare(p.n, q.n); c != 0 || p.after == q.after {
		return c
	}
	if q.after {
		return -1
	}
	return 1
}

func nameOf(plan []point) string {
	var words []string
	for _, p := range plan {
		words = append(words, p.String())
	}
	return strings.Join(words, "-then-")
}

// planOf reads what nameOf wrote.
func planOf(name string) (plan []point, ok bool) {
	for word := range strings.SplitSeq(name, "-then-") {
		side, number, _ := strings.Cut(word, "-")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || side != "after" && side != "before" {
			return nil, false
		}
		plan = append(plan, point{n, side == "after"})
	}
	return plan, true
}
