// Package fault breaks what works: on chosen requests to a simulated counterpart it
// refuses, resets, slows or fails, as networks and machines do.
//
// It owns the rules and what happens on the wire. What happens inside a machine (a
// task that hangs, a disk that is full) it hands to the machine, at the request that
// a rule names.
package fault

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Rule is one fault and the requests that it strikes.
type Rule struct {
	// ID is given by the Set.
	ID int `json:"id"`
	// Target is the counterpart's name ("pve1", "vault", "relay"); "*" for all.
	Target string `json:"target"`
	// Method is the HTTP method; empty for any.
	Method string `json:"method,omitempty"`
	// Path is a pattern as path.Match takes it, on the request's path without its
	// query; empty for any. A final "/**" takes everything below.
	Path string `json:"path,omitempty"`
	Kind Kind   `json:"kind"`

	// Skip is how many matching requests pass unharmed first.
	Skip int `json:"skip,omitempty"`
	// Count is how many are struck; 0 for one, -1 for all until the rule is removed.
	Count int `json:"count,omitempty"`
	// Probability strikes only some of them, chosen by Seed; 0 for all.
	Probability float64 `json:"probability,omitempty"`
	Seed        uint64  `json:"seed,omitempty"`

	Delay   time.Duration `json:"delay,omitempty"`  // nanoseconds
	Status  int           `json:"status,omitempty"` // of Error; 0 for 500
	Reason  string        `json:"reason,omitempty"`
	Storage string        `json:"storage,omitempty"`
	VMID    int           `json:"vmid,omitempty"`

	seen, struck int
	random       *rand.Rand
}

func (r *Rule) check() error {
	if !slices.Contains(kinds, r.Kind) {
		return fmt.Errorf("kind: %q is none of %v", r.Kind, kinds)
	}
	if _, err := path.Match(strings.TrimSuffix(r.Path, "/**"), "/"); err != nil {
		return fmt.Errorf("path: %q is not a pattern: %w", r.Path, err)
	}
	if r.Probability < 0 || r.Probability > 1 {
		return fmt.Errorf("probability: %v is not between 0 and 1", r.Probability)
	}
	if r.Skip < 0 || r.Count < -1 {
		return fmt.Errorf("skip %d, count %d: skip is 0 or more, count -1 (all) or more", r.Skip, r.Count)
	}
	if r.Status != 0 && (r.Status < 400 || r.Status > 599) {
		return fmt.Errorf("status: %d is not between 400 and 599", r.Status)
	}
	if (r.Kind == DiskFull || r.Kind == StorageOffline) && r.Storage == "" {
		return fmt.Errorf("storage: kind %s needs the name of one", r.Kind)
	}
	if r.Kind.ofVM() && r.VMID == 0 {
		return fmt.Errorf("vmid: kind %s needs the number of a VM", r.Kind)
	}
	return nil
}

func (r *Rule) matches(target string, req *http.Request) bool {
	if r.Target != "*" && r.Target != target {
		return false
	}
	if r.Method != "" && r.Method != req.Method {
		return false
	}
	if r.Path == "" {
		return true
	}
	if below, ok := strings.CutSuffix(r.Path, "/**"); ok {
		return strings.HasPrefix(req.URL.Path, below+"/")
	}
	ok, err := path.Match(r.Path, req.URL.Path)
	return err == nil && ok // the pattern was checked when the rule was added
}

// strikes counts a matching request and tells whether it is to be struck.
func (r *Rule) strikes() bool {
	r.seen++
	if r.seen <= r.Skip || r.spent() {
		return false
	}
	if r.Probability > 0 && r.random.Float64() >= r.Probability {
		return false
	}
	r.struck++
	return true
}

func (r *Rule) spent() bool { return r.Count >= 0 && r.struck >= max(r.Count, 1) }

// Set is the rules in force at one sandbox.
type Set struct {
	mu       sync.Mutex
	rules    []*Rule
	last     int
	onChange func()
	onEnd    func(Rule)
}

// OnChange has f called after each change of the rules by Add, Remove and Clear.
func (s *Set) OnChange(f func()) { s.onChange = f }

// OnEnd has f called for each rule that struck a machine and is taken out of force,
// so that the machine can be mended.
func (s *Set) OnEnd(f func(Rule)) { s.onEnd = f }

// Add puts a rule in force and returns it with its ID.
func (s *Set) Add(r Rule) (Rule, error) {
	if err := r.check(); err != nil {
		return Rule{}, err
	}
	s.mu.Lock()
	s.last++
	r.ID, r.seen, r.struck = s.last, 0, 0
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %s %s", r.Target, r.Method, r.Path)
	r.random = rand.New(rand.NewPCG(r.Seed, h.Sum64()))
	s.rules = append(s.rules, &r)
	s.mu.Unlock()
	s.changed()
	return r, nil
}

// Remove takes a rule out of force and tells whether there was one.
func (s *Set) Remove(id int) bool {
	return s.remove(func(r *Rule) bool { return r.ID == id }) > 0
}

// Clear takes all rules out of force.
func (s *Set) Clear() { s.remove(func(*Rule) bool { return true }) }

func (s *Set) remove(which func(*Rule) bool) int {
	s.mu.Lock()
	var gone []Rule
	s.rules = slices.DeleteFunc(s.rules, func(r *Rule) bool {
		if which(r) {
			gone = append(gone, *r)
			return true
		}
		return false
	})
	s.mu.Unlock()
	for _, r := range gone {
		if s.onEnd != nil && r.struck > 0 && !r.Kind.Wire() {
			s.onEnd(r)
		}
	}
	s.changed()
	return len(gone)
}

// Rules lists what is in force.
func (s *Set) Rules() []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Rule, 0, len(s.rules))
	for _, r := range s.rules {
		list = append(list, *r)
	}
	return list
}

// Refusing tells whether nobody listens at a target. Such a rule has no pattern: it
// is in force until it is removed.
func (s *Set) Refusing(target string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.rules, func(r *Rule) bool {
		return r.Kind == Refused && (r.Target == "*" || r.Target == target)
	})
}

// struck are the rules that strike this request, in the order of their IDs.
func (s *Set) struck(target string, req *http.Request) (list []Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rules {
		if r.matches(target, req) && r.strikes() {
			list = append(list, *r)
		}
	}
	return list
}

func (s *Set) changed() {
	if s.onChange != nil {
		s.onChange()
	}
}
