package faulttest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/fault"
)

// request is one that the workflow sends without a fault.
type request struct {
	target       string
	method, path string
}

// Parts of a path that differ from run to run, or from one thing to the next.
var (
	upids   = regexp.MustCompile(`UPID:[^/]*`)
	volumes = regexp.MustCompile(`/content/[^/]+$`)
	numbers = regexp.MustCompile(`/[0-9]+`)
)

// kind is the method and the path with its variable parts taken out.
func (r request) kind() string {
	path := upids.ReplaceAllString(r.path, "{upid}")
	path = volumes.ReplaceAllString(path, "/content/{volume}")
	return r.target + " " + r.method + " " + numbers.ReplaceAllString(path, "/{n}")
}

// hasBody tells whether the request has a body, which can be cut in the middle.
func (r request) hasBody() bool { return r.method != http.MethodGet && r.method != http.MethodDelete }

// kindsOf maps each kind to the numbers of its requests, from 1.
func kindsOf(all []request) map[string][]int {
	kinds := map[string][]int{}
	for i, r := range all {
		kinds[r.kind()] = append(kinds[r.kind()], i+1)
	}
	return kinds
}

// hour is how long a fault lasts that comes and goes.
const (
	hour      = time.Hour
	threeDays = 72 * time.Hour
	// toTheEnd is a fault that lasts until the operation has ended; one that the
	// operation waits for is mended after a while, as a person would.
	toTheEnd    = time.Duration(-1)
	untilMended = 96 * time.Hour
)

// strike is a fault that begins at one request, counted over all targets.
type strike struct {
	at    int
	rule  fault.Rule // its target is the one of the request
	lasts time.Duration
}

func (s strike) String() string {
	words := []string{fmt.Sprintf("%03d", s.at), string(s.rule.Kind)}
	if s.rule.Storage != "" {
		words = append(words, s.rule.Storage)
	}
	if s.rule.Kind == fault.Error {
		words = append(words, fmt.Sprint(max(s.rule.Status, 500)), strings.Fields(s.rule.Reason + " x")[0])
	}
	if s.rule.Kind == fault.ClockWrong {
		words = append(words, s.rule.Delay.String())
	}
	switch s.lasts {
	case 0:
	case toTheEnd:
		words = append(words, "stays")
	default:
		words = append(words, "for "+s.lasts.String())
	}
	return strings.Join(words, " ")
}

// plan is the faults of one run.
type plan []strike

func (p plan) String() string {
	var words []string
	for _, s := range p {
		words = append(words, s.String())
	}
	return strings.Join(words, " + ")
}

// faults are all that may strike a target: those of the wire, and for a box each kind
// of the simulator's list at each of its storages.
func (t Target) faults() (all []strike) {
	add := func(lasts time.Duration, r fault.Rule) { all = append(all, strike{rule: r, lasts: lasts}) }
	add(threeDays, fault.Rule{Kind: fault.Refused, Count: -1})
	add(0, fault.Rule{Kind: fault.ResetBefore})
	add(0, fault.Rule{Kind: fault.ResetMiddle})
	add(0, fault.Rule{Kind: fault.ResetAfter})
	add(0, fault.Rule{Kind: fault.Slow, Delay: 2 * time.Minute})
	add(0, fault.Rule{Kind: fault.Error})
	add(0, fault.Rule{Kind: fault.Error, Status: 596, Reason: "broken pipe"})
	if t.Box == nil {
		return all
	}
	add(0, fault.Rule{Kind: fault.Error, Reason: "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"})
	add(0, fault.Rule{Kind: fault.TaskFails, Reason: "command failed: exit code 1", Delay: 5 * time.Second})
	add(0, fault.Rule{Kind: fault.TaskWarns, Reason: "something looked odd"})
	add(toTheEnd, fault.Rule{Kind: fault.TaskHangs})
	for _, storage := range t.Storages {
		add(hour, fault.Rule{Kind: fault.DiskFull, Storage: storage})
		add(toTheEnd, fault.Rule{Kind: fault.DiskFull, Storage: storage})
		add(hour, fault.Rule{Kind: fault.StorageOffline, Storage: storage})
		add(toTheEnd, fault.Rule{Kind: fault.StorageOffline, Storage: storage})
	}
	add(0, fault.Rule{Kind: fault.Reboot})
	add(toTheEnd, fault.Rule{Kind: fault.ClockWrong, Delay: hour})
	add(toTheEnd, fault.Rule{Kind: fault.ClockWrong, Delay: -hour})
	add(0, fault.Rule{Kind: fault.TasksRotated})
	if t.VMID != 0 {
		add(toTheEnd, fault.Rule{Kind: fault.AgentNever, VMID: t.VMID})
		add(0, fault.Rule{Kind: fault.VMLocked, VMID: t.VMID})
		add(0, fault.Rule{Kind: fault.VMIDTaken, VMID: t.VMID})
		add(0, fault.Rule{Kind: fault.VMDeleted, VMID: t.VMID})
	}
	return all
}

func targetOf(name string, targets []Target) Target {
	for _, t := range targets {
		if t.Name == name {
			return t
		}
	}
	return Target{Name: name}
}

// choose has every fault strike at every request; or, unless whole, once at each kind
// of request, at one of them that the fault's name picks.
func choose(requests []request, targets []Target, whole bool) (plans []plan) {
	add := func(at int, s strike) {
		if s.rule.Kind == fault.ResetMiddle && !requests[at-1].hasBody() {
			return
		}
		s.at, s.rule.Target = at, requests[at-1].target
		plans = append(plans, plan{s})
	}
	if whole {
		for i, r := range requests {
			for _, s := range targetOf(r.target, targets).faults() {
				add(i+1, s)
			}
		}
		return plans
	}
	for kind, same := range kindsOf(requests) {
		one := map[string]strike{} // of the same fault in several lengths, or on several storages, one
		for _, s := range targetOf(requests[same[0]-1].target, targets).faults() {
			name := string(s.rule.Kind) + s.rule.Reason
			if had, ok := one[name]; !ok || hash(kind, s.String()) < hash(kind, had.String()) {
				one[name] = s
			}
		}
		for name, s := range one {
			add(same[int(hash(name, kind)%uint64(len(same)))], s)
		}
	}
	slices.SortFunc(plans, func(a, b plan) int { return strings.Compare(a.String(), b.String()) })
	return plans
}

func hash(words ...string) uint64 {
	h := fnv.New64a()
	for _, w := range words {
		h.Write([]byte(w + "\x00"))
	}
	return h.Sum64()
}

// mix draws plans of two to five faults. Later ones may strike on the way back, or not
// at all, where an earlier one has changed the way.
func mix(requests []request, targets []Target, n int) (plans []plan) {
	for seed := range uint64(n) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var p plan
		for range 2 + rnd.IntN(4) {
			at := 1 + rnd.IntN(len(requests)+20)
			near := requests[min(at, len(requests))-1]
			target := near.target
			all := slices.DeleteFunc(targetOf(target, targets).faults(), func(s strike) bool {
				return s.rule.Kind == fault.ResetMiddle && !near.hasBody()
			})
			s := all[rnd.IntN(len(all))]
			s.at, s.rule.Target = at, target
			p = append(p, s)
		}
		plans = append(plans, p)
	}
	return plans
}
