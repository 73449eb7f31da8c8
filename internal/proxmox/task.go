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
)

// The rhythm of polling a task: quick at first, since most tasks end within a
// second or two, then slower, but never past the end that the progress foretells.
const (
	firstPoll = 250 * time.Millisecond
	lastPoll  = 20 * time.Second
	// stalled is how long a task may run without a new log line before it is stopped.
	// It is no limit on the task: a disk may be slow for hours as long as it says so.
	stalled = 2 * time.Hour
	page    = 500 // log lines a request
)

// StalledError is a task that still runs but has said nothing for a long time.
type StalledError struct {
	UPID string
	Last string // its last log line
	For  time.Duration
}

func (e *StalledError) Error() string {
	return fmt.Sprintf("task %s has said nothing for %s; its last line: %s", e.UPID, e.For, e.Last)
}

// Wait follows a task to its end, for as long as it makes progress, and reports
// the fraction done (0 while unknown) and the last log line whenever they change;
// report may be nil. A task of ours that hangs is stopped. "WARNINGS: n" is a success; any other exit status is a
// *TaskError, transient when it is a lock timeout.
func (c *Client) Wait(ctx context.Context, upid string, report func(fraction float64, line string)) (fleet.Task, error) {
	u, err := ParseUPID(upid)
	if err != nil {
		return fleet.Task{}, err
	}
	w := waiting{c: c, upid: upid, node: u.Node, report: report, began: c.clk.Now(), pause: firstPoll}
	w.heard = w.began
	for {
		exit, done, err := w.status(ctx)
		if err != nil {
			return fleet.Task{}, err
		}
		if err := w.readLog(ctx); err != nil {
			return fleet.Task{}, err
		}
		if done {
			return w.end(u, exit)
		}
		if silent := c.clk.Now().Sub(w.heard); silent > stalled {
			if err := w.giveUp(ctx, silent); err != nil {
				return fleet.Task{}, err
			}
		}
		if err := c.clk.Sleep(ctx, w.next()); err != nil {
			return fleet.Task{}, err
		}
	}
}

// giveUp stops a task that hangs: nothing else would ever let go of its locks. Only
// one of our own can be stopped; another is for the people at the box.
func (w *waiting) giveUp(ctx context.Context, silent time.Duration) error {
	hangs := fmt.Errorf("box %s: %w", w.c.box, &StalledError{UPID: w.upid, Last: w.last(), For: silent.Round(time.Minute)})
	const fix = "look at the task on the box; stop it there or let it end"
	if w.stopped {
		return operation.Permanent(hangs, fix)
	}
	if err := w.c.StopTask(ctx, w.upid); err != nil {
		if operation.IsTransient(err) || ctx.Err() != nil {
			return err
		}
		return operation.Permanent(hangs, fix)
	}
	w.stopped, w.heard = true, w.c.clk.Now()
	return nil
}

// waiting is one wait for one task.
type waiting struct {
	c          *Client
	upid, node string
	report     func(float64, string)
	log        []string
	fraction   float64
	began      time.Time // when we began to watch
	heard      time.Time // when the log last grew
	pause      time.Duration
	stopped    bool // by us, since it hung
}

func (w *waiting) status(ctx context.Context) (exit string, done bool, err error) {
	var row struct {
		Status string `json:"status"`
		Exit   string `json:"exitstatus"`
	}
	err = w.c.get(ctx, join("nodes", w.node, "tasks", w.upid, "status"), nil, &row)
	return row.Exit, row.Status == "stopped", err
}

func (w *waiting) readLog(ctx context.Context) error {
	grew := false
	for {
		var rows []struct {
			N number `json:"n"`
			T string `json:"t"`
		}
		if err := w.c.get(ctx, join("nodes", w.node, "tasks", w.upid, "log"), map[string]any{"start": len(w.log), "limit": page}, &rows); err != nil {
			return err
		}
		had := len(w.log)
		for _, r := range rows {
			// An empty log says "no content"; and a line that was read already, from a box that
			// does not heed start, must not keep us reading for ever.
			if len(w.log) == 0 && r.T == "no content" || int(r.N) <= had {
				continue
			}
			w.log, grew = append(w.log, r.T), true
			if f, ok := lineProgress(r.T); ok && f >= w.fraction {
				w.fraction = f
			}
		}
		if len(rows) < page || len(w.log) == had {
			break
		}
	}
	if grew {
		w.heard = w.c.clk.Now()
		if w.report != nil {
			w.report(w.fraction, w.last())
		}
	}
	return nil
}

func (w *waiting) last() string {
	if len(w.log) == 0 {
		return ""
	}
	return strings.TrimSpace(w.log[len(w.log)-1])
}

// next is the pause until the next look. With a known fraction the end is
// foretold from the pace so far, and we look right after it.
func (w *waiting) next() time.Duration {
	pause := w.pause
	w.pause = min(w.pause*3/2, lastPoll)
	if w.fraction > 0.02 {
		ran := w.c.clk.Now().Sub(w.began)
		left := time.Duration(float64(ran) * (1 - w.fraction) / w.fraction)
		pause = max(firstPoll, min(pause, left+firstPoll))
	}
	return pause
}

var warningsPattern = regexp.MustCompile(`^WARNINGS: (\d+)$`)

func (w *waiting) end(u UPID, exit string) (fleet.Task, error) {
	task := ended(fleet.Task{UPID: w.upid, Type: u.Type, ID: u.ID, Started: u.Started, Log: w.log}, exit)
	if task.OK {
		return task, nil
	}
	err := fmt.Errorf("box %s: %w", w.c.box, &TaskError{UPID: w.upid, Exit: exit, Log: w.log})
	if errors.Is(err, fleet.ErrLockTimeout) || gone(exit) {
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
	regexp.MustCompile(`^(?:INFO:)?\s*(\d+(?:\.\d+)?)% \(`),          // vzdump: " 12% (1.0 GiB of 8.0 GiB) in 10s, …"
	regexp.MustCompile(`^progress (\d+(?:\.\d+)?)%`),                 // restore: "progress 12% (read … bytes, …)"
	regexp.MustCompile(`^transferred .* of .* \((\d+(?:\.\d+)?)%\)`), // import: "transferred 1.2 GiB of 8.0 GiB (15.00%)"
	regexp.MustCompile(`^\s*\d+K[ .]+\s(\d+)%`),                      // download: wget's dots
	regexp.MustCompile(`^restored? .* \((\d+(?:\.\d+)?)%\)`),         // live restore
}

// lineProgress reads the fraction done from a log line, if it tells one.
func lineProgress(line string) (float64, bool) {
	for _, p := range progressPatterns {
		if m := p.FindStringSubmatch(line); m != nil {
			if percent, err := strconv.ParseFloat(m[1], 64); err == nil && percent <= 100 {
				return percent / 100, true
			}
		}
	}
	return 0, false
}

// TaskLog reads every line of a task's log.
func (c *Client) TaskLog(ctx context.Context, upid string) ([]string, error) {
	u, err := ParseUPID(upid)
	if err != nil {
		return nil, err
	}
	w := waiting{c: c, upid: upid, node: u.Node}
	err = w.readLog(ctx)
	return w.log, err
}

// Task tells how a task does, without its log and its end time.
func (c *Client) Task(ctx context.Context, upid string) (fleet.Task, error) {
	u, err := ParseUPID(upid)
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
	u, err := ParseUPID(upid)
	if err != nil {
		return err
	}
	return c.delete(ctx, join("nodes", u.Node, "tasks", upid), nil, nil)
}

// Tasks lists running and ended tasks, newest first. Without Sys.Audit on the node
// only our own are shown.
func (c *Client) Tasks(ctx context.Context, f fleet.TaskFilter) ([]fleet.Task, error) {
	query := map[string]any{"source": "all"}
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
		Start  number `json:"starttime"`
		End    number `json:"endtime"`
		Status string `json:"status"`
	}
	if err := c.get(ctx, c.path("tasks"), query, &rows); err != nil {
		return nil, err
	}
	var out []fleet.Task
	for _, r := range rows {
		t := fleet.Task{UPID: r.UPID, Type: r.Type, ID: r.ID, Started: time.Unix(int64(r.Start), 0).UTC(), Running: r.End == 0}
		if !t.Running {
			t.Ended = time.Unix(int64(r.End), 0).UTC()
			t = ended(t, r.Status)
		}
		out = append(out, t)
	}
	return out, nil
}
