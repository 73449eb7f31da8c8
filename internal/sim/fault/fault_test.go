package fault_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/fault"
)

// target is a server behind a set of rules, and how often it acted.
type target struct {
	*httptest.Server
	acted   atomic.Int32
	machine []fault.Kind
}

func serve(t *testing.T, s *fault.Set) *target {
	tg := &target{}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tg.acted.Add(1)
		io.WriteString(w, "done")
	})
	tg.Server = httptest.NewServer(s.Wrap("pve1", h, func(r fault.Rule) error {
		if r.Storage == "none" {
			return errors.New("no such storage")
		}
		tg.machine = append(tg.machine, r.Kind)
		return nil
	}))
	t.Cleanup(tg.Close)
	return tg
}

// post sends a request that net/http never repeats.
func (tg *target) post(t *testing.T, path string) (string, error) {
	t.Helper()
	res, err := tg.Client().Post(tg.URL+path, "text/plain", strings.NewReader("x"))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	_, err = io.ReadAll(res.Body)
	return res.Status, err
}

func TestWhatEachKindDoes(t *testing.T) {
	tests := []struct {
		rule  fault.Rule
		acted int32 // whether the request was acted upon
		want  string
	}{
		{fault.Rule{Kind: fault.ResetBefore}, 0, "broken"},
		{fault.Rule{Kind: fault.ResetMiddle}, 1, "broken"},
		{fault.Rule{Kind: fault.ResetAfter}, 1, "broken"},
		{fault.Rule{Kind: fault.Refused, Count: -1}, 0, "broken"},
		{fault.Rule{Kind: fault.Slow, Delay: 1}, 1, "200 OK"},
		{fault.Rule{Kind: fault.Error, Reason: "can't lock file '/run/lock/x' - got timeout"}, 0, "500 can't lock file '/run/lock/x' - got timeout"},
		{fault.Rule{Kind: fault.Error, Status: 595, Reason: "No route to host"}, 0, "595 No route to host"},
		{fault.Rule{Kind: fault.TaskHangs}, 1, "200 OK"},
		{fault.Rule{Kind: fault.DiskFull, Storage: "none"}, 0, "500 Internal Server Error"},
	}
	for _, tc := range tests {
		var s fault.Set
		tg := serve(t, &s)
		tc.rule.Target = "*"
		if _, err := s.Add(tc.rule); err != nil {
			t.Fatal(err)
		}
		got, err := tg.post(t, "/x")
		if err != nil {
			got = "broken"
		}
		if got != tc.want || tg.acted.Load() != tc.acted {
			t.Errorf("%+v: %q and acted upon %d times, want %q and %d", tc.rule, got, tg.acted.Load(), tc.want, tc.acted)
		}
	}
}

func TestWhichRequestsAreStruck(t *testing.T) {
	tests := []struct {
		rule fault.Rule
		want string // one letter a request: x struck, - not
	}{
		{fault.Rule{}, "x----"},
		{fault.Rule{Count: 2}, "xx---"},
		{fault.Rule{Count: -1}, "xxxxx"},
		{fault.Rule{Skip: 2}, "--x--"},
		{fault.Rule{Skip: 1, Count: 3}, "-xxx-"},
		{fault.Rule{Method: "GET", Count: -1}, "-----"},
		{fault.Rule{Method: "POST", Count: -1}, "xxxxx"},
		{fault.Rule{Path: "/nodes/*/qemu", Count: -1}, "xxxxx"},
		{fault.Rule{Path: "/nodes/*", Count: -1}, "-----"},
		{fault.Rule{Path: "/nodes/**", Count: -1}, "xxxxx"},
		{fault.Rule{Path: "/pools/**", Count: -1}, "-----"},
		{fault.Rule{Target: "pve2", Count: -1}, "-----"},
	}
	for _, tc := range tests {
		var s fault.Set
		tg := serve(t, &s)
		tc.rule.Kind = fault.Error
		if tc.rule.Target == "" {
			tc.rule.Target = "pve1"
		}
		if _, err := s.Add(tc.rule); err != nil {
			t.Fatal(err)
		}
		if got := pattern(t, tg, 5); got != tc.want {
			t.Errorf("%+v: %s, want %s", tc.rule, got, tc.want)
		}
	}
}

func pattern(t *testing.T, tg *target, n int) string {
	t.Helper()
	var b strings.Builder
	for range n {
		status, err := tg.post(t, "/nodes/pve1/qemu")
		if err != nil {
			t.Fatal(err)
		}
		if status == "200 OK" {
			b.WriteByte('-')
		} else {
			b.WriteByte('x')
		}
	}
	return b.String()
}

func TestProbabilityFollowsTheSeed(t *testing.T) {
	run := func(seed uint64) string {
		var s fault.Set
		tg := serve(t, &s)
		if _, err := s.Add(fault.Rule{Target: "pve1", Kind: fault.Error, Count: -1, Probability: 0.5, Seed: seed}); err != nil {
			t.Fatal(err)
		}
		return pattern(t, tg, 40)
	}
	first := run(7)
	if again := run(7); again != first {
		t.Errorf("the same seed gave %s and %s", first, again)
	}
	if other := run(8); other == first {
		t.Errorf("two seeds gave the same %s", first)
	}
	if n := strings.Count(first, "x"); n < 8 || n > 32 {
		t.Errorf("%d of 40 struck at a probability of 0.5: %s", n, first)
	}
}

func TestARuleThatStruckAMachineIsMendedWhenItEnds(t *testing.T) {
	var s fault.Set
	var mended []fault.Kind
	s.OnEnd(func(r fault.Rule) { mended = append(mended, r.Kind) })
	tg := serve(t, &s)
	full, err := s.Add(fault.Rule{Target: "pve1", Kind: fault.DiskFull, Storage: "hdd"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(fault.Rule{Target: "pve1", Method: "DELETE", Kind: fault.StorageOffline, Storage: "hdd"}); err != nil {
		t.Fatal(err)
	}
	if _, err := tg.post(t, "/x"); err != nil {
		t.Fatal(err)
	}
	if !s.Remove(full.ID) || s.Remove(full.ID) {
		t.Error("a rule is removed once")
	}
	s.Clear()
	if len(mended) != 1 || mended[0] != fault.DiskFull {
		t.Errorf("mended %v, want the one that struck", mended)
	}
}

func TestAddRefuses(t *testing.T) {
	for want, r := range map[string]fault.Rule{
		"kind":          {Target: "*", Kind: "earthquake"},
		"path":          {Target: "*", Kind: fault.Slow, Path: "[", Count: -1},
		"probability":   {Target: "*", Kind: fault.Slow, Probability: 2},
		"skip 0, count": {Target: "*", Kind: fault.Slow, Count: -2},
		"status":        {Target: "*", Kind: fault.Error, Status: 200},
		"storage":       {Target: "*", Kind: fault.DiskFull},
		"vmid":          {Target: "*", Kind: fault.AgentNever},
		"vmid: kind vm": {Target: "*", Kind: fault.VMDeleted},
		"vmid: kind v":  {Target: "*", Kind: fault.VMIDTaken},
	} {
		var s fault.Set
		if _, err := s.Add(r); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want an error that names %s", r, err, want)
		}
	}
}

// TestOnTheClientsSide: the same rules strike in front of a transport.
func TestOnTheClientsSide(t *testing.T) {
	for _, tc := range []struct {
		rule  fault.Rule
		acted int32
		want  string
	}{
		{fault.Rule{Kind: fault.Refused}, 0, "dial: connection refused"},
		{fault.Rule{Kind: fault.ResetBefore}, 0, "read: connection reset by peer"},
		{fault.Rule{Kind: fault.ResetAfter}, 1, "read: connection reset by peer"},
		{fault.Rule{Kind: fault.Slow, Delay: 7}, 1, "200 OK"},
		{fault.Rule{Kind: fault.Error, Status: 595, Reason: "No route to host"}, 0, "595 No route to host"},
		{fault.Rule{Kind: fault.TaskHangs}, 1, "200 OK"},
		{fault.Rule{Kind: fault.DiskFull, Storage: "none"}, 0, "no such storage"},
	} {
		var s, none fault.Set
		tg := serve(t, &none)
		var slept []time.Duration
		client := &http.Client{Transport: &fault.Between{Set: &s, Next: http.DefaultTransport,
			Target: func(*http.Request) string { return "pve1" },
			Pause:  func(_ context.Context, d time.Duration) error { slept = append(slept, d); return nil },
			Machine: func(r fault.Rule) error {
				if r.Storage == "none" {
					return errors.New("no such storage")
				}
				return nil
			}}}
		tc.rule.Target = "pve1"
		if _, err := s.Add(tc.rule); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{tc.want, "200 OK"} {
			got := ""
			res, err := client.Post(tg.URL, "text/plain", strings.NewReader("x"))
			if err != nil {
				got = err.Error()
			} else {
				got = res.Status
				res.Body.Close()
			}
			if !strings.HasSuffix(got, want) || tg.acted.Load() != tc.acted+int32(i) {
				t.Errorf("%+v: request %d: %q and acted upon %d times, want %q", tc.rule, i+1, got, tg.acted.Load(), want)
			}
		}
		if (len(slept) == 1) != (tc.rule.Kind == fault.Slow) {
			t.Errorf("%+v: slept %v", tc.rule, slept)
		}
	}
}
