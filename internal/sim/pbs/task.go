package pbs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// task is a piece of work that takes time. Its effect comes at its end.
type task struct {
	UPID   string    `json:"upid"`
	Type   string    `json:"type"`
	ID     string    `json:"id"`
	Auth   authID    `json:"auth"`
	PID    int       `json:"pid"`
	PStart int       `json:"pstart"`
	Begun  time.Time `json:"begun"`
	End    time.Time `json:"end"`    // when it ends, or ended
	Status string    `json:"status"` // "OK" or the error; "" while it runs
	Log    []string  `json:"log"`
	Work   work      `json:"work"`
}

// work is what a running task does at its end; one field is set.
type work struct {
	Verify *verifyWork `json:"verify,omitempty"`
	Prune  *pruneWork  `json:"prune,omitempty"`
	GC     *gcWork     `json:"gc,omitempty"`
}

func (t *task) running() bool { return t.Status == "" }

var plainID = regexp.MustCompile(`[^A-Za-z0-9_.]`)

// newTask makes a task's record; its ID is escaped in the UPID as systemd does.
func (s *Server) newTask(kind, id string, who authID, now time.Time) *task {
	s.state.LastPID++
	t := &task{Type: kind, ID: id, Auth: who, PID: s.state.LastPID, Begun: now}
	t.PStart = int(now.Unix() & 0x7fffffff)
	escaped := plainID.ReplaceAllStringFunc(id, func(c string) string {
		if c == "/" {
			return "-"
		}
		var b strings.Builder
		for i := range len(c) {
			fmt.Fprintf(&b, `\x%02x`, c[i])
		}
		return b.String()
	})
	t.UPID = fmt.Sprintf("UPID:%s:%08X:%08X:%08X:%08X:%s:%s:%s:", s.state.Name, t.PID, t.PStart, t.PID, now.Unix(), kind, escaped, who)
	s.state.Tasks = append(s.state.Tasks, t)
	return t
}

// record is a task that was over at once.
func (s *Server) record(kind, id string, who authID, now time.Time, status string, lines ...string) *task {
	t := s.newTask(kind, id, who, now)
	for _, line := range lines {
		t.say(s, now, "%s", line)
	}
	t.finish(s, now, status)
	return t
}

// start begins work that is done after a time, and gives its UPID.
func (s *Server) start(kind, id string, who authID, now time.Time, takes time.Duration, w work) string {
	t := s.newTask(kind, id, who, now)
	t.Work = w
	t.End = now.Add(max(takes, time.Second))
	return t.UPID
}

func (t *task) say(s *Server, at time.Time, format string, args ...any) {
	t.Log = append(t.Log, at.In(s.zone()).Format(time.RFC3339)+": "+fmt.Sprintf(format, args...))
}

func (t *task) finish(s *Server, at time.Time, status string) {
	t.End, t.Status = at, status
	if status == "OK" {
		t.say(s, at, "TASK OK")
	} else {
		t.say(s, at, "TASK ERROR: %s", status)
	}
}

func (s *Server) nextEvent() time.Time {
	next := s.nextJob()
	for _, t := range s.state.Tasks {
		if t.running() && (next.IsZero() || t.End.Before(next)) {
			next = t.End
		}
	}
	return next
}

// runDue ends the tasks whose time has come, and starts the jobs.
func (s *Server) runDue(now time.Time) {
	s.startJobs(now)
	for _, t := range s.state.Tasks {
		if !t.running() || t.End.After(now) {
			continue
		}
		var err error
		switch {
		case t.Work.Verify != nil:
			err = t.Work.Verify.do(s, t, now)
		case t.Work.Prune != nil:
			err = t.Work.Prune.do(s, t, now)
		case t.Work.GC != nil:
			err = t.Work.GC.do(s, t, now)
		}
		status := "OK"
		if err != nil {
			status = err.Error()
		}
		t.finish(s, now, status)
	}
}

func (s *Server) task(upid string) (*task, error) {
	for _, t := range s.state.Tasks {
		if t.UPID == upid {
			return t, nil
		}
	}
	return nil, failf("no such task")
}

// mayRead lets see a task those who own it, and auditors of the system.
func (c *call) mayRead(t *task) error {
	if t.Auth == c.auth || (t.Auth.isToken() && t.Auth.user() == c.auth) {
		return nil
	}
	if c.server.state.Access.holdsAny(c.auth, "/system/tasks", []string{"Sys.Audit"}) {
		return nil
	}
	return denied("task access not allowed")
}

var (
	_ = handle("GET /nodes/{node}/tasks", listTasks)
	_ = handle("GET /nodes/{node}/tasks/{upid}", func(*call) (any, error) { return subdirs("log", "status"), nil })
	_ = handle("GET /nodes/{node}/tasks/{upid}/status", taskStatus)
	_ = handle("GET /nodes/{node}/tasks/{upid}/log", taskLog)
	_ = handle("DELETE /nodes/{node}/tasks/{upid}", stopTask)
)

func subdirs(names ...string) []map[string]string {
	out := []map[string]string{}
	for _, name := range names {
		out = append(out, map[string]string{"subdir": name})
	}
	return out
}

func listTasks(c *call) (any, error) {
	out := []map[string]any{}
	for _, t := range slices.Backward(c.server.state.Tasks) {
		if c.mayRead(t) != nil || !c.wanted(t) {
			continue
		}
		entry := map[string]any{
			"upid": t.UPID, "node": c.server.state.Name, "pid": t.PID, "pstart": t.PStart, "starttime": t.Begun.Unix(),
			"worker_type": t.Type, "worker_id": t.ID, "user": string(t.Auth),
		}
		if !t.running() {
			entry["endtime"], entry["status"] = t.End.Unix(), t.Status
		}
		out = append(out, entry)
	}
	total := len(out)
	first := min(int(c.p.Int("start")), total)
	last := total
	if limit := int(c.p.IntOr("limit", 50)); limit > 0 {
		last = min(first+limit, total)
	}
	return answer{Data: out[first:last], Total: total}, nil
}

// wanted applies the filters of a task list.
func (c *call) wanted(t *task) bool {
	switch {
	case c.p.Has("store") && !strings.HasPrefix(t.ID+":", c.p.Str("store")+":"):
		return false
	case c.p.Bool("running") && !t.running():
		return false
	case c.p.Bool("errors") && (t.running() || t.Status == "OK"):
		return false
	case c.p.Has("since") && t.Begun.Unix() < c.p.Int("since"):
		return false
	case c.p.Has("until") && t.Begun.Unix() > c.p.Int("until"):
		return false
	case c.p.Has("userfilter") && !strings.Contains(string(t.Auth), c.p.Str("userfilter")):
		return false
	case c.p.Has("typefilter") && !strings.Contains(t.Type, c.p.Str("typefilter")):
		return false
	}
	return true
}

func (c *call) theTask() (*task, error) {
	t, err := c.server.task(c.p.Str("upid"))
	if err != nil {
		return nil, err
	}
	return t, c.mayRead(t)
}

func taskStatus(c *call) (any, error) {
	t, err := c.theTask()
	if err != nil {
		return nil, err
	}
	out := map[string]any{
		"upid": t.UPID, "node": c.server.state.Name, "pid": t.PID, "pstart": t.PStart, "starttime": t.Begun.Unix(),
		"type": t.Type, "id": t.ID, "user": string(t.Auth.user()), "status": "running",
	}
	if t.Auth.isToken() {
		out["tokenid"] = t.Auth.tokenName()
	}
	if !t.running() {
		out["status"], out["exitstatus"], out["endtime"] = "stopped", t.Status, t.End.Unix()
	}
	return out, nil
}

func taskLog(c *call) (any, error) {
	t, err := c.theTask()
	if err != nil {
		return nil, err
	}
	first := min(int(c.p.Int("start")), len(t.Log))
	last := len(t.Log)
	if limit := int(c.p.IntOr("limit", 50)); limit > 0 {
		last = min(first+limit, last)
	}
	out := []map[string]any{}
	for i, line := range t.Log[first:last] {
		out = append(out, map[string]any{"n": first + i + 1, "t": line})
	}
	return answer{Data: out, Total: len(t.Log)}, nil
}

func stopTask(c *call) (any, error) {
	t, err := c.server.task(c.p.Str("upid"))
	if err != nil {
		return nil, err
	}
	if t.Auth != c.auth && !c.server.state.Access.holdsAny(c.auth, "/system/tasks", []string{"Sys.Modify"}) {
		return nil, denied("permission check failed")
	}
	if t.running() {
		t.finish(c.server, c.now, "abort requested - aborting task")
	}
	return nil, nil
}
