package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/operation"
)

// detachFlag adds --detach to a verb that starts an operation.
func detachFlag(c *cobra.Command) *bool {
	return c.Flags().Bool("detach", false, "start the operation and return at once; accolade operation follow ID watches it")
}

// watch shows an operation until it has ended; with --detach it only tells which one
// was started. It returns an error with exit code 1 when the operation failed. The operation is the
// controller's: it goes on whatever becomes of this program.
func (e *env) watch(c *cobra.Command, client *api.Client, op operation.Operation, detach bool) error {
	if detach {
		e.say("operation %s started: %s %s; watch it with: accolade operation follow %s", op.ID, op.Kind, op.Subject, op.ID)
		t := newTable("operation", "kind", "subject")
		t.add(op.ID, op.Kind, op.Subject)
		return e.print(op, t)
	}
	return e.follow(c.Context(), client, op.ID)
}

func (e *env) follow(ctx context.Context, client *api.Client, id string) error {
	p := &progress{e: e, live: terminal(e.stderr), told: map[string]operation.StepState{}}
	var last operation.Operation
	err := client.FollowOperation(ctx, id, func(ev operation.Event) bool {
		last = ev.Operation
		p.show(last)
		return !last.State.Ended()
	})
	p.clear()
	if errors.Is(err, context.Canceled) {
		e.say("operation %s goes on without you: watch it with accolade operation follow %s, end it with accolade operation cancel %s", id, id, id)
		return err
	}
	if err != nil {
		return err
	}
	return outcome(last)
}

// outcome is nil for an operation that is done, and its problem as an error else.
func outcome(op operation.Operation) error {
	if op.State == operation.Done {
		return nil
	}
	what := fmt.Sprintf("operation %s (%s %s) %s", op.ID, op.Kind, op.Subject, op.State)
	f := &failure{what: what, fix: "look at it with accolade operation show " + op.ID + "; try again with accolade operation retry " + op.ID}
	if op.Problem != nil {
		f.what += " at " + op.Problem.Step + ": " + op.Problem.What
		if op.Problem.Fix != "" {
			f.fix = op.Problem.Fix
			if !strings.Contains(f.fix, "retry") {
				f.fix += "; then: accolade operation retry " + op.ID
			}
		}
	}
	for _, left := range op.CannotUndo {
		f.what += "\n  left behind: " + left
	}
	return f
}

// progress draws an operation on standard error: one line for each step that ended,
// and on a terminal one more that shows the step in progress.
type progress struct {
	e      *env
	live   bool
	drawn  bool // the live line is on the screen
	told   map[string]operation.StepState
	latest string // last line that was told of the step in progress
}

func (p *progress) show(op operation.Operation) {
	p.clear()
	for _, s := range op.Steps {
		if p.told[s.Name] == s.State {
			continue
		}
		switch s.State {
		case operation.StepDone:
			p.line("done", green, s.Name, took(s))
		case operation.StepFailed:
			p.line("failed", red, s.Name, s.Error)
		case operation.StepUndone:
			p.line("undone", yellow, s.Name, "")
		case operation.StepRemains:
			p.line("remains", yellow, s.Name, "")
		default:
			continue
		}
		p.told[s.Name] = s.State
	}
	text, telling := current(op)
	if op.State.Ended() {
		return
	}
	if p.live {
		fmt.Fprint(p.e.stderr, clean(text))
		p.drawn = true
	} else if telling && text != p.latest {
		fmt.Fprintln(p.e.stderr, clean(text))
	}
	p.latest = text
}

func (p *progress) line(word string, c colour, name, more string) {
	if more != "" {
		more = "  " + clean(more)
	}
	fmt.Fprintf(p.e.stderr, "%s %s%s\n", p.e.paint(c, fmt.Sprintf("%-7s", word)), name, more)
}

// clear takes the live line off the screen.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.e.stderr, "\r\x1b[K")
		p.drawn = false
	}
}

// current is one line about what is going on: step, bar, text. telling says that it
// tells more than the step's name.
func current(op operation.Operation) (line string, telling bool) {
	var parts []string
	switch op.State {
	case operation.Running, operation.Undoing:
		parts = append(parts, fmt.Sprintf("%-7s %s", "…", op.Step))
	default:
		parts = append(parts, fmt.Sprintf("%-7s", op.State))
	}
	if f := op.Progress.Fraction; f > 0 {
		full := int(f * 20)
		parts = append(parts, fmt.Sprintf("[%s%s] %3.0f %%", strings.Repeat("#", full), strings.Repeat(".", 20-full), 100*f))
	}
	for _, text := range []string{op.Waiting, op.Progress.Text, op.Progress.Line} {
		if text != "" {
			parts, telling = append(parts, text), true
			break
		}
	}
	return strings.Join(parts, "  "), telling
}

func took(s operation.StepStatus) string {
	if s.Started == nil || s.Ended == nil {
		return ""
	}
	return s.Ended.Sub(*s.Started).Round(100_000_000).String()
}
