package pve

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var (
	_ = handle("GET /nodes/{node}/tasks", listTasks)
	_ = handle("GET /nodes/{node}/tasks/{upid}", indexTask)
	_ = handle("GET /nodes/{node}/tasks/{upid}/status", taskStatus)
	_ = handle("GET /nodes/{node}/tasks/{upid}/log", taskLog)
	_ = handle("DELETE /nodes/{node}/tasks/{upid}", stopTask)
	_ = handle("GET /cluster/tasks", clusterTasks)
)

// answer is a task as lists and status show it; a token's task names the user and
// the token apart.
func (t *task) answer() map[string]any {
	u, _ := parseUPID(t.UPID)
	user, token, has := strings.Cut(u.User, "!")
	out := map[string]any{
		"upid": t.UPID, "node": u.Node, "pid": u.PID, "pstart": u.PStart, "starttime": u.Start, "type": u.Type, "id": u.ID, "user": user,
	}
	if has {
		out["tokenid"] = token
	}
	return out
}

// ownTask tells whether a task is the caller's: a user's are also those of all its
// tokens, a token's only its own.
func (c *call) ownTask(t *task) bool {
	return t.User == c.auth.ID() || c.auth.Token == "" && strings.HasPrefix(t.User, c.auth.User+"!")
}

// statusKind sorts exit statuses into ok, warning, error and unknown.
func (t *task) statusKind() string {
	switch {
	case t.running():
		return "ok" // a running task has none yet, and is in the list all the same
	case t.Exit == "OK":
		return "ok"
	case strings.HasPrefix(t.Exit, "WARNINGS: "):
		return "warning"
	case t.Exit == "unexpected status" || t.Exit == "":
		return "unknown"
	}
	return "error"
}

func listTasks(c *call) (any, error) {
	source := c.p.StrOr("source", "archive")
	kinds := []string{"ok", "warning", "error", "unknown"}
	if c.p.Bool("errors") {
		kinds = kinds[1:]
	} else if c.p.Has("statusfilter") {
		kinds = c.p.List("statusfilter")
	}
	auditor := c.can("/nodes/"+c.p.Str("node"), "Sys.Audit")
	start, limit := c.p.IntOr("start", 0), c.p.IntOr("limit", 50)
	list := []any{}
	for _, t := range slices.Backward(c.box.machine.Tasks) {
		if t.running() && source == "archive" || !t.running() && source == "active" || !auditor && !c.ownTask(t) || !c.wantsTask(t, kinds) {
			continue
		}
		if start--; start >= 0 || int64(len(list)) >= limit {
			continue
		}
		out := t.answer()
		if t.running() {
			out["status"] = "RUNNING"
		} else {
			out["endtime"], out["status"] = c.box.clock(t.Ended).Unix(), t.Exit
		}
		list = append(list, out)
	}
	return list, nil
}

// wantsTask applies the filters of the list.
func (c *call) wantsTask(t *task, kinds []string) bool {
	u, _ := parseUPID(t.UPID)
	user, _, _ := strings.Cut(u.User, "!")
	switch {
	case c.p.Has("userfilter") && !strings.Contains(strings.ToLower(user), strings.ToLower(c.p.Str("userfilter"))),
		c.p.Has("typefilter") && c.p.Str("typefilter") != u.Type,
		c.p.Has("vmid") && c.p.Str("vmid") != u.ID,
		c.p.Has("since") && u.Start < c.p.Int("since"),
		c.p.Has("until") && u.Start > c.p.Int("until"):
		return false
	}
	return slices.Contains(kinds, t.statusKind())
}

// taskParam finds the task that a call names and checks that the caller may see it.
func (c *call) task(priv string) (*task, error) {
	name := c.p.Str("upid")
	u, ok := parseUPID(name)
	if !ok {
		return nil, badParam("upid", "unable to parse worker upid")
	}
	t := c.box.findTask(name)
	if t == nil {
		if u.User != c.auth.ID() {
			if err := c.require("/nodes/"+c.p.Str("node"), priv); err != nil {
				return nil, err
			}
		}
		return nil, badParam("upid", "no such task")
	}
	if !c.ownTask(t) {
		if err := c.require("/nodes/"+c.p.Str("node"), priv); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func indexTask(*call) (any, error) { return subdirs("name", "log", "status"), nil }

func taskStatus(c *call) (any, error) {
	t, err := c.task("Sys.Audit")
	if err != nil {
		return nil, err
	}
	out := t.answer()
	if t.running() {
		out["status"] = "running"
	} else {
		out["status"], out["exitstatus"] = "stopped", t.Exit
	}
	return out, nil
}

// taskLog gives lines from start on; an empty log has one line that says so.
func taskLog(c *call) (any, error) {
	t, err := c.task("Sys.Audit")
	if err != nil {
		return nil, err
	}
	if c.p.Bool("download") {
		return nil, &failure{Status: 501, Reason: "download of a task log is not simulated"}
	}
	lines := t.log(c.now)
	if len(lines) == 0 {
		lines = []string{"no content"}
	}
	start, limit := c.p.IntOr("start", 0), c.p.IntOr("limit", 50)
	list := []any{}
	for i, line := range lines {
		if n := int64(i); n >= start && (limit == 0 || n < start+limit) {
			list = append(list, map[string]any{"n": i + 1, "t": line})
		}
	}
	return list, nil
}

func stopTask(c *call) (any, error) {
	t, err := c.task("Sys.Modify")
	if err != nil {
		return nil, err
	}
	if t.running() {
		text := "received interrupt"
		if t.Type == "vzdump" { // which has a word of its own for it
			text = "interrupted by signal"
		}
		c.box.breakTask(t, c.now, failf("%s", text))
	}
	return nil, nil
}

// clusterTasks is the short list of recent tasks that the web interface shows.
func clusterTasks(c *call) (any, error) {
	list := []any{}
	auditor := c.can("/nodes/"+c.box.name, "Sys.Audit")
	for _, t := range slices.Backward(c.box.machine.Tasks) {
		if !auditor && !c.ownTask(t) {
			continue
		}
		out := t.answer()
		if !t.running() {
			out["endtime"], out["status"], out["saved"] = c.box.clock(t.Ended).Unix(), t.Exit, "1"
		}
		if list = append(list, out); len(list) == 25 {
			break
		}
	}
	return list, nil
}

// taskTook is for logs: "00:10:01".
func taskTook(d time.Duration) string {
	s := int64(d.Seconds())
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}
