package provisioning_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/poll"
	simpve "codeberg.org/accolade/accolade/internal/sim/pve"
)

// figures stand between us and the box: they count the requests, and add up how long
// everything took that had to be waited for, as the simulator itself knows it: tasks,
// commands in the guest, the first boot. One comes after the other, so that all of
// them are the critical path.
type figures struct {
	b        *bench
	next     http.RoundTripper
	requests int
	up       time.Time             // when the guest's agent came up
	commands map[int]time.Duration // in the guest, by pid
}

func (f *figures) RoundTrip(r *http.Request) (*http.Response, error) {
	f.requests++
	switch {
	case strings.HasSuffix(r.URL.Path, "/agent/ping"):
		f.boot()
	case strings.HasSuffix(r.URL.Path, "/agent/exec-status"):
		f.b.Box.Advance(f.b.Clock.Now())
		pid, err := strconv.Atoi(r.URL.Query().Get("pid"))
		if err != nil {
			return nil, err
		}
		if p := find(f.state(), func(o map[string]any) bool { return o["pid"] == float64(pid) && o["done"] == true }); p != nil {
			f.commands[pid] = instant(p["ended"]).Sub(instant(p["started"]))
		}
	}
	return f.next.RoundTrip(r)
}

// boot lets the box live up to now, event by event, and notes when the agent came up.
func (f *figures) boot() {
	for next := f.b.Box.NextEvent(); f.up.IsZero() && !next.IsZero() && !next.After(f.b.Clock.Now()); next = f.b.Box.NextEvent() {
		f.b.Box.Advance(next)
		if find(f.state(), func(o map[string]any) bool { return o["agent"] == true && o["booted_at"] != nil }) != nil {
			f.up = next
		}
	}
}

func (f *figures) state() any {
	saved, err := f.b.Box.MarshalJSON()
	if err != nil {
		f.b.T.Fatal(err)
	}
	var state any
	if err := json.Unmarshal(saved, &state); err != nil {
		f.b.T.Fatal(err)
	}
	return state
}

// critical is the sum of all that was waited for since an instant.
func (f *figures) critical(since time.Time) (sum time.Duration) {
	var start time.Time
	find(f.state(), func(o map[string]any) bool {
		if upid, task := o["upid"].(string); task && !instant(o["begun"]).Before(since) {
			sum += instant(o["ended"]).Sub(instant(o["begun"]))
			if strings.Contains(upid, ":qmstart:") {
				start = instant(o["ended"])
			}
		}
		return false
	})
	for _, took := range f.commands {
		sum += took
	}
	return sum + f.up.Sub(start)
}

// find looks through a decoded document for the first object that is wanted.
func find(in any, wanted func(map[string]any) bool) map[string]any {
	switch v := in.(type) {
	case map[string]any:
		if wanted(v) {
			return v
		}
		for _, inner := range v {
			if found := find(inner, wanted); found != nil {
				return found
			}
		}
	case []any:
		for _, inner := range v {
			if found := find(inner, wanted); found != nil {
				return found
			}
		}
	}
	return nil
}

func instant(v any) time.Time {
	text, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// provisioned makes one server on a fresh box and tells what it cost.
func provisioned(b testing.TB, pace *poll.Memory) (requests int, ratio float64) {
	w := newBench(b, "9.2", func(c *simpve.Config) { c.Name = "pve1" })
	w.Pace = pace
	f := &figures{b: w, commands: map[int]time.Duration{}}
	w.Between = func(next http.RoundTripper) http.RoundTripper { return &figuresOf{f, next} }
	began := w.Clock.Now()
	op := w.provision(3)
	if op.State != operation.Done {
		b.Fatalf("provision: %+v", op.Problem)
	}
	wall := w.Clock.Now().Sub(began)
	critical := f.critical(began)
	b.Logf("%d requests; %s for %s of work", f.requests, wall, critical)
	return f.requests, wall.Seconds() / critical.Seconds()
}

// figuresOf is one connection's part in the figures.
type figuresOf struct {
	f    *figures
	next http.RoundTripper
}

func (o *figuresOf) RoundTrip(r *http.Request) (*http.Response, error) {
	o.f.next = o.next
	return o.f.RoundTrip(r)
}

// BenchmarkProvision makes servers with three users and two apps, in simulated time:
// the first of a controller that has never seen one, and a later one on a box of the
// same fleet. wall/critical is how much longer it takes than the work itself.
func BenchmarkProvision(b *testing.B) {
	run := func(b *testing.B, pace func() *poll.Memory) {
		requests, ratio := 0, 0.0
		for b.Loop() {
			requests, ratio = provisioned(b, pace())
		}
		b.ReportMetric(float64(requests), "requests/provision")
		b.ReportMetric(ratio, "wall/critical")
	}
	b.Run("first", func(b *testing.B) { run(b, func() *poll.Memory { return &poll.Memory{} }) })
	b.Run("later", func(b *testing.B) {
		pace := &poll.Memory{}
		provisioned(b, pace)
		run(b, func() *poll.Memory { return pace })
	})
}
