package pbs

import (
	"testing"
	"time"
)

// Jobs run on their schedule by themselves, on the server's clock.
func TestJobs(t *testing.T) {
	w, admin := newServer(t)
	w.now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	s := admin.session(admin.box("kiosk"), "kiosk")
	for i := range 5 {
		if err := s.Put(upload(w.now.Add(time.Duration(i)*time.Minute), uint64(i))); err != nil {
			t.Fatal(err)
		}
	}
	admin.ok("POST", "/config/prune", v("id", "nightly", "store", "main", "schedule", "02:30", "keep-last", "2"), nil)
	admin.ok("POST", "/config/verify", v("id", "check", "store", "main", "schedule", "04:00", "ignore-verified", "false"), nil)
	admin.refused("POST", "/config/prune", v("id", "nightly", "store", "main", "schedule", "02:30"), 400, "job 'nightly' already exists.")
	admin.refused("POST", "/config/prune", v("id", "other", "store", "main", "schedule", "nonsense"), 400, "'schedule'")
	admin.refused("POST", "/config/verify", v("id", "other", "store", "nope", "schedule", "02:30"), 400, "no such datastore 'nope'")
	for _, path := range []string{"/config/prune", "/config/prune/nightly", "/config/verify", "/config/verify/check", "/admin/prune", "/admin/verify"} {
		admin.ok("GET", path, nil, nil)
	}
	for range 20 {
		next := admin.server.NextEvent()
		if next.IsZero() || next.After(w.now.Add(48*time.Hour)) || next.Day() > 25 {
			break
		}
		w.now = next
		admin.server.Advance(next)
	}
	list, err := s.List()
	if err != nil || len(list) != 2 || list[0].Verified == nil {
		t.Errorf("after the night: %+v %v", list, err)
	}
	var tasks []struct {
		WorkerType string `json:"worker_type"`
		Starttime  int64
		Status     string
	}
	admin.ok("GET", "/nodes/localhost/tasks", v("typefilter", "job"), &tasks)
	if len(tasks) != 2 || tasks[1].WorkerType != "prunejob" || tasks[1].Status != "OK" || tasks[1].Starttime != time.Date(2026, 11, 25, 1, 30, 0, 0, time.UTC).Unix() {
		t.Errorf("tasks %+v", tasks)
	}
	admin.ok("PUT", "/config/prune/nightly", v("disable", "1"), nil)
	admin.ok("POST", "/admin/prune/nightly/run", nil, nil)
	admin.ok("DELETE", "/config/prune/nightly", nil, nil)
	admin.refused("GET", "/config/prune/nightly", nil, 400, "no such job 'nightly'")
	admin.ok("POST", "/config/traffic-control", v("name", "office", "network", "192.0.2.0/24", "rate-in", "10MB"), nil)
	admin.ok("GET", "/config/traffic-control", nil, nil)
	admin.ok("DELETE", "/config/traffic-control/office", nil, nil)
}
