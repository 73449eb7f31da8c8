package pbs

import (
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

var (
	_ = handle("POST /admin/datastore/{store}/gc", startGC)
	_ = handle("GET /admin/datastore/{store}/gc", readGC)
)

// gcStatus is the result of the last garbage collection.
type gcStatus struct {
	UPID    string `json:"upid"`
	Removed int64  `json:"removed"` // bytes
	Begun   int64  `json:"begun"`   // Unix seconds
	Ended   int64  `json:"ended"`
}

// gcWork frees the room of chunks that no snapshot uses.
type gcWork struct {
	Store string `json:"store"`
}

// gcSpeed is how many bytes of indices are walked in a second.
const gcSpeed = 20 << 30

func startGC(c *call) (any, error) {
	name := c.p.Str("store")
	d, err := c.server.store(name)
	if err != nil {
		return nil, err
	}
	for _, t := range c.server.state.Tasks {
		if t.running() && t.Work.GC != nil && t.Work.GC.Store == name {
			return nil, failf("garbage collection already running")
		}
	}
	w := &gcWork{Store: name}
	return c.server.start("garbage_collection", name, c.auth, c.now, 5*time.Second+taskSpeed(d.indexed(), gcSpeed), work{GC: w}), nil
}

func (w *gcWork) do(s *Server, t *task, now time.Time) error {
	d, err := s.store(w.Store)
	if err != nil {
		return err
	}
	t.say(s, now, "starting garbage collection on store %s", w.Store)
	t.say(s, now, "Removed garbage: %s", gib(d.Garbage))
	t.say(s, now, "Original data usage: %s", gib(d.indexed()))
	t.say(s, now, "On-Disk usage: %s", gib(d.used()-d.Garbage))
	d.LastGC = &gcStatus{UPID: t.UPID, Removed: d.Garbage, Begun: t.Begun.Unix(), Ended: now.Unix()}
	d.Garbage = 0
	return nil
}

func gib(n int64) string { return fmt.Sprintf("%.3f GiB", float64(n)/(1<<30)) }

// indexed is what all snapshots together would take without deduplication, in bytes.
func (d *datastore) indexed() (n int64) {
	d.each(func(_, _ string, _ *group, s *snapshot) { n += s.Image.Used() })
	return n
}

// gc is the state of the datastore's garbage as the API tells it.
func (d *datastore) gc() map[string]any {
	files := 0
	d.each(func(_, _ string, _ *group, s *snapshot) { files += len(s.Image.Disks) })
	out := map[string]any{
		"index-file-count": files, "index-data-bytes": d.indexed(),
		"disk-bytes": d.used(), "disk-chunks": d.used() / archive.BlockSize,
		"pending-bytes": d.Garbage, "pending-chunks": d.Garbage / archive.BlockSize,
		"removed-bytes": 0, "removed-chunks": 0, "removed-bad": 0, "still-bad": 0,
	}
	if d.LastGC != nil {
		out["upid"] = d.LastGC.UPID
		out["removed-bytes"], out["removed-chunks"] = d.LastGC.Removed, d.LastGC.Removed/archive.BlockSize
	}
	return out
}

func readGC(c *call) (any, error) {
	d, err := c.server.store(c.p.Str("store"))
	if err != nil {
		return nil, err
	}
	out := d.gc()
	out["store"] = c.p.Str("store")
	if d.LastGC != nil {
		out["last-run-endtime"], out["last-run-state"], out["duration"] = d.LastGC.Ended, "OK", d.LastGC.Ended-d.LastGC.Begun
	}
	return out, nil
}
