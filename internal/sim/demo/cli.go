package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// accolade runs the CLI as a technician would and returns what it printed. stdin is
// what it is given to read.
func (s *story) accolade(ctx context.Context, stdin string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.opts.Accolade, append([]string{"--socket", s.socket(), "--yes"}, args...)...)
	cmd.Env, cmd.Stdin = unset(), strings.NewReader(stdin)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if s.seen != nil {
		s.seen("the arguments of a command", []byte(strings.Join(cmd.Args, "\x00")))
		s.seen("the output of accolade "+args[0], out.Bytes())
		s.seen("the talk of accolade "+args[0], errOut.Bytes())
	}
	if err != nil {
		return out.String(), fmt.Errorf("accolade %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errOut.String()))
	}
	return out.String(), nil
}

// do shows the command and runs it.
func (s *story) do(ctx context.Context, args ...string) error {
	s.out.line("$ accolade %s", shown(args))
	_, err := s.accolade(ctx, "", args...)
	return err
}

// ask runs the CLI with -o json and decodes the answer.
func (s *story) ask(ctx context.Context, v any, args ...string) error {
	out, err := s.accolade(ctx, "", append(args, "-o", "json")...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(out), v); err != nil {
		return fmt.Errorf("accolade %s: its JSON: %w: %.200s", strings.Join(args, " "), err, out)
	}
	return nil
}

// shown is a command line as one would type it.
func shown(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		if a == "" || strings.ContainsAny(a, " '\"()&;*?$") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words[i] = a
	}
	return strings.Join(words, " ")
}

// operation is what the story reads of one.
type operation struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	State    string `json:"state"`
	Step     string `json:"step"`
	Waiting  string `json:"waiting"`
	Progress struct {
		Text string `json:"text"`
	} `json:"progress"`
	Problem struct {
		Step string `json:"step"`
		What string `json:"what"`
		Fix  string `json:"fix"`
	} `json:"problem"`
}

// finish waits, in simulated time, until an operation is done. watch, if not nil,
// sees it each time; it returns true when it has seen enough.
func (s *story) finish(ctx context.Context, id string, watch func(operation) (bool, error)) error {
	last := ""
	for {
		var op operation
		if err := s.ask(ctx, &op, "operation", "show", id); err != nil {
			return err
		}
		if op.Step != last && op.Step != "" {
			s.out.line("%s  %s", s.clock.Now().In(s.paris).Format("15:04:05"), op.Step)
			last = op.Step
		}
		switch op.State {
		case "done":
			s.out.line("%s  done", s.clock.Now().In(s.paris).Format("15:04:05"))
			return nil
		case "failed", "cancelled", "blocked":
			return fmt.Errorf("operation %s %s at step %s: %s (%s)", id, op.State, op.Problem.Step, op.Problem.What, op.Problem.Fix)
		}
		if watch != nil {
			if enough, err := watch(op); enough || err != nil {
				return err
			}
		}
		if err := s.sleep(5 * time.Second); err != nil {
			return err
		}
	}
}

// sleep waits in simulated time.
func (s *story) sleep(d time.Duration) error { return s.clock.Sleep(s.ctx, d) }

// until waits for an instant of simulated time, given in Paris.
func (s *story) until(year int, month time.Month, day, hour, minute int) error {
	return s.clock.SleepUntil(s.ctx, time.Date(year, month, day, hour, minute, 0, 0, s.paris))
}
