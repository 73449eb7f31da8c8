package proxmox

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/poll"
)

const page = 500 // log lines a request

// patience is how long a task of a type may say nothing: then it is told that it does,
// and after the longer time it hangs. A disk may be slow for hours, so that those which
// move whole disks have a day.
func patience(kind string) (told, hangs time.Duration) {
	switch kind {
	case "vzdump", "qmrestore", "qmcreate", "download":
		return 2 * time.Hour, 24 * time.Hour
	default:
		return 10 * time.Minute, 2 * time.Hour
	}
}

// Wait follows a task to its end, for as long as the box says that it runs, and
// reports the fraction done (0 while unknown) and the last log line whenever they
// change; report may be nil. A task of ours that hangs is stopped; one that cannot be
// is waited for. "WARNINGS: n" is a success; any other exit status is a *taskError,
// transient when it is a lock timeout.
func (c *Client) Wait(ctx context.Context, upid string, report func(fraction float64, line string)) (fleet.Task, error) {
	u, err := parseUPID(upid)
	if err != nil {
		return fleet.Task{}, err
	}
	w := waiting{c: c, upid: upid, node: u.Node, kind: u.Type, report: report, heard: c.clk.Now()}
	work := workOf(u)
	work.Begun = c.clk.Now().Sub(u.Started) > 2*time.Second
	w.watch = c.pace.Begin(c.clk, c.box, work)
	for {
		if err := w.watch.Wait(ctx); err != nil {
			return fleet.Task{}, err
		}
		exit, done, err := w.look(ctx)
		if err != nil {
			return fleet.Task{}, err
		}
		if done {
			w.watch.Over()
			return w.end(u, exit)
		}
		if err := w.bear(ctx); err != nil {
			return fleet.Task{}, err
		}
	}
}

// workOf is what is known of a task beforehand. Tasks of most types take about as long
// each time; those that move whole disks do not, and tell their progress.
func workOf(u UPID) poll.Work {
	switch u.Type {
	case "vzdump", "qmrestore":
		return poll.Work{Least: 20 * time.Second}
	case "qmcreate", "download":
		return poll.Work{}
	case "qmstart":
		return poll.Work{Kind: u.Type, Least: 3 * time.Second}
	default:
		return poll.Work{Kind: u.Type}
	}
}

// waiting is one wait for one task.
type waiting struct {
	c                *Client
	watch            *poll.Watch
	upid, node, kind string
	report           func(float64, string)
	log              []string
	fraction         float64
	at               time.Duration // of the task's own time, at the fraction; 0: not told
	heard            time.Time     // when the log last grew
	asked            time.Time     // when the box was last asked whether it runs
	stopped          bool          // by us, since it hung
}

// look is one look at the task: one request where its log has grown, since the last
// line of a log tells the end. Proxmox reads the exit status from the same line
// (PVE::Tools, upid_read_status). Where the log says nothing new for a while, the box
// is asked whether the task still runs: one whose process was killed ends without a
// word.
func (w *waiting) look(ctx context.Context) (exit string, done bool, err error) {
	grew, err := w.readLog(ctx)
	if err != nil {
		return "", false, err
	}
	now := w.c.clk.Now()
	if grew || now.Sub(w.heard) < quiet || now.Sub(w.asked) < now.Sub(w.heard)/10 {
		exit, done = lastWord(w.log)
		return exit, done, nil
	}
	w.asked = now
	if exit, done, err = w.status(ctx); done && err == nil {
		_, err = w.readLog(ctx) // what it said since
	}
	return exit, done, err
}

// quiet is how long a log may say nothing without a question.
const quiet = 20 * time.Second

var lastWords = regexp.MustCompile(`^TASK (?:(OK)|ERROR: (.+)|(WARNINGS: \d+))$`)

// lastWord is the exit status that a log ends with.
func lastWord(log []string) (exit string, ended bool) {
	if len(log) == 0 {
		return "", false
	}
	m := lastWords.FindStringSubmatch(strings.TrimSpace(log[len(log)-1]))
	if m == nil {
		return "", false
	}
	return m[1] + m[2] + m[3], true
}

func (w *waiting) status(ctx context.Context) (exit string, done bool, err error) {
	var row struct {
		Status string `json:"status"`
		Exit   string `json:"exitstatus"`
	}
	err = w.c.get(ctx, join("nodes", w.node, "tasks", w.upid, "status"), nil, &row)
	if err == nil && row.Status != "running" && row.Status != "stopped" {
		err = operation.Transient(fmt.Errorf("box %s: task %s: %q is no state of a task", w.c.box, w.kind, row.Status))
	}
	return row.Exit, row.Status == "stopped", err
}

func (w *waiting) readLog(ctx context.Context) (grew bool, err error) {
	for {
		var rows []struct {
			N int64  `json:"n"`
			T string `json:"t"`
		}
		if err := w.c.get(ctx, join("nodes", w.node, "tasks", w.upid, "log"), map[string]any{"start": len(w.log), "limit": page}, &rows); err != nil {
			return grew, err
		}
		had := len(w.log)
		for _, r := range rows {
			// An empty log says "no content"; and a line that was read already, from a box that
			// does not heed start, must not keep us reading for ever.
			if len(w.log) == 0 && r.T == "no content" || int(r.N) <= had {
				continue
			}
			w.log, grew = append(w.log, r.T), true
			if f, at, ok := lineProgress(r.T); ok && f >= w.fraction {
				w.fraction, w.at = f, at
			}
		}
		if len(rows) < page || len(w.log) == had {
			break
		}
	}
	if grew {
		w.heard = w.c.clk.Now()
		if w.watch != nil {
			w.watch.Progress(w.fraction, w.at)
		}
		if w.report != nil {
			w.report(w.fraction, w.last())
		}
	}
	return grew, nil
}

// bear deals with a task that is silent for longer than is usual. One that hangs is
// stopped, for nothing else would ever let go of its locks. Only one of our own can be
// stopped; another is for the people at the box, who read that it is silent.
func (w *waiting) bear(ctx context.Context) error {
	silent := w.c.clk.Now().Sub(w.heard)
	told, hangs := patience(w.kind)
	if silent <= told {
		return nil
	}
	state := "and the box says that it still runs"
	if silent > hangs && !w.stopped {
		w.stopped = true
		err := w.c.StopTask(ctx, w.upid)
		if operation.IsTransient(err) || ctx.Err() != nil {
			return err
		}
	}
	if w.stopped {
		state = "was asked to stop, and the box says that it still runs: look at it there"
	}
	if w.report != nil {
		w.report(w.fraction, fmt.Sprintf("box %s: task %s has said nothing for %s, %s; its last line: %q", w.c.box, w.kind, silent.Round(time.Minute), state, w.last()))
	}
	return nil
}

func (w *waiting) last() string {
	if len(w.log) == 0 {
		return ""
	}
	return strings.TrimSpace(w.log[len(w.log)-1])
}

var warningsPattern = regexp.MustCompile(`^WARNINGS: (\d+)$`)

func (w *waiting) end(u UPID, exit string) (fleet.Task, error) {
	task := ended(fleet.Task{UPID: w.upid, Type: u.Type, ID: u.ID, Started: u.Started, Log: w.log}, exit)
	if task.OK {
		return task, nil
	}
	err := fmt.Errorf("box %s: %w", w.c.box, &taskError{UPID: w.upid, Exit: exit, Log: w.log})
	switch {
	case passing(err):
		return task, operation.Away(err)
	case errors.Is(err, fleet.ErrLockTimeout) || gone(exit):
		return task, operation.Transient(err)
	}
	return task, err
}

// ended fills in how a task ended.
func ended(t fleet.Task, exit string) fleet.Task {
	t.Exit, t.OK = exit, exit == "OK"
	if m := warningsPattern.FindStringSubmatch(exit); m != nil {
		t.OK, t.Warnings = true, integer(m[1])
	}
	return t
}

// gone tells a task that did not fail of itself: its process was ended with the
// box, by a reboot or a power cut. What it did half is for the caller to look at.
func gone(exit string) bool {
	return exit == "unexpected status" || exit == "unable to read tail (got 0 bytes)" || exit == "interrupted by signal" || exit == "received interrupt"
}

var progressPatterns = []*regexp.Regexp{
	regexp.MustCompile(`^(?:INFO:)?\s*(\d+(?:\.\d+)?)% \(.*\) in ((?:\d+[dhms] ?)+)`), // vzdump: " 12% (1.0 GiB of 8.0 GiB) in 10s, …"
	regexp.MustCompile(`^(?:INFO:)?\s*(\d+(?:\.\d+)?)% \(`),
	regexp.MustCompile(`^progress (\d+(?:\.\d+)?)%`),                 // restore: "progress 12% (read … bytes, …)"
	regexp.MustCompile(`^transferred .* of .* \((\d+(?:\.\d+)?)%\)`), // import: "transferred 1.2 GiB of 8.0 GiB (15.00%)"
	regexp.MustCompile(`^\s*\d+K[ .]+\s(\d+)%`),                      // download: wget's dots
	regexp.MustCompile(`^restored? .* \((\d+(?:\.\d+)?)%\)`),         // live restore
}

// lineProgress reads the fraction done from a log line, if it tells one, and after
// how much time it was, 0 where that is not told.
func lineProgress(line string) (fraction float64, after time.Duration, ok bool) {
	for _, p := range progressPatterns {
		m := p.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		percent, err := strconv.ParseFloat(m[1], 64)
		if err != nil || percent > 100 {
			continue
		}
		if len(m) > 2 {
			after = span(m[2])
		}
		return percent / 100, after, true
	}
	return 0, 0, false
}

// span reads a duration as vzdump writes it: "1h 2m 3s"; 0 for what it does not.
func span(text string) (d time.Duration) {
	units := map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute, 's': time.Second}
	for _, part := range strings.Fields(text) {
		n, err := strconv.Atoi(part[:len(part)-1])
		if err != nil {
			return 0
		}
		d += time.Duration(n) * units[part[len(part)-1]]
	}
	return d + time.Second // it is cut off to whole ones
}

// TaskLog reads every line of a task's log.
func (c *Client) TaskLog(ctx context.Context, upid string) ([]string, error) {
	u, err := parseUPID(upid)
	if err != nil {
		return nil, err
	}
	w := waiting{c: c, upid: upid, node: u.Node}
	_, err = w.readLog(ctx)
	return w.log, err
}

// Task tells how a task does, without its log and its end time.
func (c *Client) Task(ctx context.Context, upid string) (fleet.Task, error) {
	u, err := parseUPID(upid)
	if err != nil {
		return fleet.Task{}, err
	}
	w := waiting{c: c, upid: upid, node: u.Node}
	exit, done, err := w.status(ctx)
	task := fleet.Task{UPID: upid, Type: u.Type, ID: u.ID, Running: !done, Started: u.Started}
	if done {
		task = ended(task, exit)
	}
	return task, err
}

// StopTask asks a task to end. One that a token started may be stopped by that
// token alone.
func (c *Client) StopTask(ctx context.Context, upid string) error {
	u, err := parseUPID(upid)
	if err != nil {
		return err
	}
	return c.delete(ctx, join("nodes", u.Node, "tasks", upid), nil, nil)
}

// Tasks lists running and ended tasks, newest first. Without Sys.Audit on the node
// only our own are shown.
func (c *Client) Tasks(ctx context.Context, f fleet.TaskFilter) ([]fleet.Task, error) {
	query := map[string]any{"source": "all"}
	if f.Active {
		query["source"] = "active"
	}
	if f.VMID != 0 {
		query["vmid"] = f.VMID
	}
	if f.Type != "" {
		query["typefilter"] = f.Type
	}
	if !f.Since.IsZero() {
		query["since"] = f.Since.Unix()
	}
	if f.Errors {
		query["errors"] = 1
	}
	if f.Limit > 0 {
		query["limit"] = f.Limit
	}
	var rows []struct {
		UPID   string `json:"upid"`
		Type   string `json:"type"`
		ID     string `json:"id"`
		User   string `json:"user"`
		Start  int64  `json:"starttime"`
		End    int64  `json:"endtime"`
		Status string `json:"status"`
	}
	if err := c.get(ctx, c.path("tasks"), query, &rows); err != nil {
		return nil, err
	}
	var out []fleet.Task
	for _, r := range rows {
		t := fleet.Task{UPID: r.UPID, Type: r.Type, ID: r.ID, Started: time.Unix(r.Start, 0).UTC(), Running: r.End == 0}
		if !t.Running {
			t.Ended = time.Unix(r.End, 0).UTC()
			t = ended(t, r.Status)
		}
		out = append(out, t)
	}
	return out, nil
}
