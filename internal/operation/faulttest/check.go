package faulttest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"

	"codeberg.org/accolade/accolade/internal/operation"
)

// check compares a run with the one without a fault.
func (o *outcome) check(want outcome) {
	if o.problem != "" {
		return
	}
	if o.op.State == operation.Failed {
		o.problem = unclear(*o.op.Problem)
	} else if o.refused != nil {
		o.problem = unclear(operation.Problem{What: o.refused.Error(), Fix: "try again"})
	}
	if o.problem != "" || o.lost || o.wrecked { // its VMID is another one then
		return
	}
	if diff := cmp.Diff(want.state, o.state); diff != "" {
		o.problem = fmt.Sprintf("another end state (-without a fault +with it), after %s (%s):\n%s", o.op.State, reason(o), diff)
	}
}

var (
	// named is what a sentence for a technician is about.
	named = regexp.MustCompile(`\b(box|vault|VM|server|storage|SHA512SUMS|user)s? [\w.:/-]+`)
	// raw is what only a programmer reads.
	raw = regexp.MustCompile(`%!|<nil>|goroutine|0x[0-9a-f]{6}|context canceled|unexpected end of JSON|invalid character|\bEOF\b`)
)

// unclear says why a technician could not act on a failure; "" if he could.
func unclear(p operation.Problem) string {
	switch {
	case p.What == "" || p.Fix == "":
		return fmt.Sprintf("a failure without a reason or without what to do: %+v", p)
	case !named.MatchString(p.What):
		return fmt.Sprintf("the failure names neither box, VM, storage nor vault: %q", p.What)
	case raw.MatchString(p.What) || raw.MatchString(p.Fix):
		return fmt.Sprintf("the failure is not for people: %q [%s]", p.What, p.Fix)
	case slices.ContainsFunc(strings.Split(p.What, "; "), func(one string) bool { return strings.Count(one, ": ") > 7 }):
		return fmt.Sprintf("the failure is a stack of errors: %q", p.What)
	}
	return ""
}

// tally counts how the runs ended.
type tally struct {
	mu                                                      sync.Mutex
	runs, done, waited, undone, refused, goneWrong, wrecked int
}

func (t *tally) add(o outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs++
	switch {
	case o.problem != "":
		t.goneWrong++
	case o.refused != nil:
		t.refused++
	case o.op.State == operation.Done:
		t.done++
	default:
		t.undone++
	}
	if o.wrecked {
		t.wrecked++
	}
	if o.waited {
		t.waited++
	}
}

func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprintf("%d runs with faults: %d succeeded, %d failed and were taken back, %d were refused at the start, %d went wrong; %d waited for days for a counterpart; %d left a half-made VM that the doctor names",
		t.runs, t.done, t.undone, t.refused, t.goneWrong, t.waited, t.wrecked)
}
