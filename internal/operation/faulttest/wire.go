package faulttest

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/sim/fault"
)

// wire is the network of one run: it counts requests, and lets the plan's faults begin.
type wire struct {
	ctx     context.Context // of the run
	clk     *clocktest.Clock
	targets []Target
	plan    plan
	set     fault.Set
	onMend  func(strike) // right before a fault that lasted is mended

	mu       sync.Mutex
	counting bool
	requests []request
	struck   []*struckRule
	timers   sync.WaitGroup
	stop     context.CancelFunc
}

// struckRule is a fault that has begun.
type struckRule struct {
	strike
	id int
}

func newWire(ctx context.Context, clk *clocktest.Clock, targets []Target, p plan) *wire {
	w := &wire{clk: clk, targets: targets, plan: p, counting: true, onMend: func(strike) {}}
	w.ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	w.set.OnEnd(w.mend)
	return w
}

// mend ends what a rule did to a machine. A storage or a VM that is gone took with it
// what was wrong.
func (w *wire) mend(r fault.Rule) {
	if box := targetOf(r.Target, w.targets).Box; box != nil {
		_ = box.Mend(r)
	}
}

// between is crashtest.Controller.Between.
func (w *wire) between(next http.RoundTripper) http.RoundTripper {
	return counted{w, &fault.Between{Set: &w.set, Next: next, Target: w.target,
		Pause: w.clk.Sleep,
		Machine: func(r fault.Rule) error {
			if box := targetOf(r.Target, w.targets).Box; box != nil {
				_ = box.Strike(r) // a storage or VM that is not there (yet) cannot break
			}
			return nil
		}}}
}

type counted struct {
	wire *wire
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.wire.count(r)
	return c.next.RoundTrip(r)
}

func (w *wire) target(r *http.Request) string {
	for _, t := range w.targets {
		if t.Host == r.URL.Host {
			return t.Name
		}
	}
	return r.URL.Host
}

func (w *wire) count(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.counting {
		return
	}
	w.requests = append(w.requests, request{w.target(r), r.Method, r.URL.EscapedPath()})
	for _, s := range w.plan {
		if s.at == len(w.requests) {
			w.begin(s)
		}
	}
}

// begin puts a fault in force; one that lasts for a time is mended when that is over.
func (w *wire) begin(s strike) {
	rule, err := w.set.Add(s.rule)
	if err != nil {
		panic(err) // test code: the table of faults is wrong
	}
	began := &struckRule{s, rule.ID}
	w.struck = append(w.struck, began)
	if s.lasts == 0 {
		return
	}
	ctx, done := w.clk.Work(w.ctx)
	until := w.clk.Now().Add(w.lasted(s))
	w.timers.Go(func() {
		defer done()
		if w.clk.SleepUntil(ctx, until) == nil {
			w.onMend(s)
			w.set.Remove(rule.ID)
		}
	})
}

// rest stops counting: what comes now is the doctor, or a second try.
func (w *wire) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counting = false
}

// lasting are the faults that have begun and that the doctor may see: those that may
// still be in force, and what somebody has done by hand.
func (w *wire) lasting() (all []strike) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.struck {
		if s.lasts != 0 || s.rule.VMID != 0 || s.rule.Kind == fault.Reboot || s.rule.Kind == fault.TaskHangs {
			all = append(all, s.strike)
		}
	}
	return all
}

// clear mends everything. The caller works: time does not go to the end of a fault.
func (w *wire) clear() {
	w.stop()
	w.timers.Wait()
	w.set.Clear()
}

// lasted is how long a fault was in force when it was mended.
func (w *wire) lasted(s strike) time.Duration {
	if s.lasts == toTheEnd {
		return untilMended
	}
	return s.lasts
}

// planned tells whether a fault of a kind is in the plan, whether or not it struck.
func (w *wire) planned(kind fault.Kind) bool {
	return slices.ContainsFunc(w.plan, func(s strike) bool { return s.rule.Kind == kind })
}

// aHalfDay is after what the doctor says that a task hangs, and a little more.
const aHalfDay = 13 * time.Hour

// aMoment is what a mended counterpart needs to be itself again.
const aMoment = 10 * time.Minute
