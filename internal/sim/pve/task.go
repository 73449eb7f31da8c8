package pve

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// task is a worker process: its name, its log, and the work that is left. A running
// task is data: at Next its work does one more step.
type task struct {
	UPID  string    `json:"upid"`
	Type  string    `json:"type"`
	ID    string    `json:"id"`
	User  string    `json:"user"` // root@pam or root@pam!token
	Begun time.Time `json:"begun"`
	// Next is when the work goes on; zero for a task that hangs.
	Next time.Time `json:"next,omitzero"`
	// Ended is zero while the task runs.
	Ended time.Time `json:"ended,omitzero"`
	Exit  string    `json:"exit,omitempty"` // OK, WARNINGS: n, or the error
	// Log may hold lines of the future: what the work will say on its way to Next.
	Log      []logLine `json:"log,omitempty"`
	Warnings int       `json:"warnings,omitempty"`
	Work     work      `json:"work"`
	// Waiting is since when the task waits for a lock.
	Waiting time.Time `json:"waiting,omitzero"`
	// Fault is what was injected into this task, if anything.
	Fault *taskFault `json:"fault,omitempty"`
}

// logLine is one line of a task's log and the instant at which it appears.
type logLine struct {
	At   time.Time `json:"at"`
	Text string    `json:"t"`
}

func (t *task) running() bool { return t.Ended.IsZero() }

// say adds a line to the log at an instant.
func (t *task) say(at time.Time, format string, args ...any) {
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		t.Log = append(t.Log, logLine{At: at, Text: line})
	}
}

// warn adds a warning: the task then ends with WARNINGS.
func (t *task) warn(at time.Time, format string, args ...any) {
	t.Warnings++
	t.say(at, "WARN: "+format, args...)
}

// log is what can be read at an instant.
func (t *task) log(at time.Time) []string {
	var lines []string
	for _, l := range t.Log {
		if !l.At.After(at) {
			lines = append(lines, l.Text)
		}
	}
	return lines
}

// worker is the work of one kind of task.
type worker interface {
	// step does what is due now and tells in how long it goes on; zero when it is
	// done. An error ends the task with its text. The first step comes as soon as
	// the task starts.
	step(b *Box, t *task, now time.Time) (time.Duration, error)
}

// cleaner is a worker that leaves something behind when it is cut off: stopped by
// a person, or failed by a fault.
type cleaner interface {
	clean(b *Box, t *task, now time.Time)
}

// startTask forks a worker and gives its UPID. The first step happens at once, so a
// task may be over, failed even, when its UPID is known.
func (b *Box) startTask(now time.Time, kind, id, user string, w worker) string {
	t := b.newTask(now, kind, id, user, w)
	b.stepTask(t, now)
	return t.UPID
}

func (b *Box) newTask(now time.Time, kind, id, user string, w worker) *task {
	b.machine.LastPID += 1 + int64(b.random().IntN(7))
	name := upid{
		Node: b.name, PID: b.machine.LastPID, PStart: now.Sub(b.machine.Booted).Milliseconds() / 10,
		Start: b.clock(now).Unix(), Type: kind, ID: id, User: user,
	}
	t := &task{UPID: name.String(), Type: kind, ID: id, User: user, Begun: now, Next: now, Work: workOf(w)}
	t.Fault = b.faultFor(t)
	b.machine.Tasks = append(b.machine.Tasks, t)
	b.forgetOldTasks()
	return t
}

// keptTasks is how many finished tasks a box remembers.
const keptTasks = 3000

func (b *Box) forgetOldTasks() {
	over := len(b.machine.Tasks) - keptTasks
	if over < 500 {
		return
	}
	kept := b.machine.Tasks[:0:0]
	for i, t := range b.machine.Tasks {
		if i >= over || t.running() {
			kept = append(kept, t)
		}
	}
	b.machine.Tasks = kept
}

// stepTask lets a task's work go on until it waits for a later instant.
func (b *Box) stepTask(t *task, now time.Time) {
	for t.running() && !t.Next.IsZero() && !t.Next.After(now) {
		if t.Fault != nil && b.stepFault(t, now) {
			return
		}
		wait, err := t.Work.worker().step(b, t, now)
		switch {
		case err != nil:
			b.endTask(t, now, err)
		case wait <= 0:
			b.endTask(t, now, nil)
		default:
			t.Next = now.Add(wait)
			if due := t.Fault.due(t); due.After(now) && due.Before(t.Next) {
				t.Next = due
			}
		}
	}
}

// endTask ends a task as its worker process does: the last line of the log and the
// exit status.
func (b *Box) endTask(t *task, now time.Time, err error) {
	t.Ended, t.Next = now, time.Time{}
	t.cut(now)
	switch {
	case err != nil:
		t.Exit = exitText(err)
		t.say(now, "TASK ERROR: %s", t.Exit)
	case t.Warnings > 0:
		t.Exit = fmt.Sprintf("WARNINGS: %d", t.Warnings)
		t.say(now, "TASK %s", t.Exit)
	default:
		t.Exit = "OK"
		t.say(now, "TASK OK")
	}
	t.Work = work{}
	b.releaseLocks(t)
}

// exitText is an error as a worker process prints it: an API failure carries its
// status unless it is 500, and the parameters that it is about.
func exitText(err error) string {
	var f *failure
	if !errors.As(err, &f) || f.Status == 500 {
		return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", " ")
	}
	text := fmt.Sprintf("%d %s", f.Status, f.Reason)
	for _, name := range slices.Sorted(maps.Keys(f.Errors)) {
		text += fmt.Sprintf(" %s: %s", name, strings.TrimSpace(f.Errors[name]))
	}
	return text
}

// cut drops the log lines that will never be written.
func (t *task) cut(now time.Time) {
	kept := t.Log[:0]
	for _, l := range t.Log {
		if !l.At.After(now) {
			kept = append(kept, l)
		}
	}
	t.Log = kept
}

// breakTask ends a task from outside: a person stopped it, the host went down or a
// fault hit it. What it left half done is cleaned up as far as the work does that.
func (b *Box) breakTask(t *task, now time.Time, err error) {
	if c, ok := t.Work.worker().(cleaner); ok {
		c.clean(b, t, now)
	}
	b.endTask(t, now, err)
}

// findTask looks a task up by its UPID.
func (b *Box) findTask(name string) *task {
	for i := len(b.machine.Tasks) - 1; i >= 0; i-- {
		if b.machine.Tasks[i].UPID == name {
			return b.machine.Tasks[i]
		}
	}
	return nil
}
