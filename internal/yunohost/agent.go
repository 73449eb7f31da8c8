package yunohost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/templates"
)

// Agent runs commands inside one VM, as root. proxmox.Client is one.
type Agent interface {
	AgentExec(ctx context.Context, vmid int, argv []string, input []byte) (pid int, err error)
	AgentStatus(ctx context.Context, vmid, pid int) (fleet.Exec, error)
}

// MaxInput is what the guest agent takes as standard input, whatever it holds.
const MaxInput = 48 << 10

// Guest is the door through the guest agent.
type Guest struct {
	Agent Agent
	VMID  int
	Clock clock.Clock
	// Run sets the commands of one operation apart from those of another.
	Run string
}

// running is the exit status with which once.sh says that the command still runs.
const running = 75

// Do runs the call's command or script and reads the last line of its output.
func (g *Guest) Do(ctx context.Context, c Call) (json.RawMessage, error) {
	argv := c.Command
	if c.Script != "" {
		script, err := templates.Script(c.Script)
		if err != nil {
			return nil, err
		}
		argv = append([]string{"/bin/sh", "-c", script, c.Script}, c.Args...)
	}
	var done fleet.Exec
	var err error
	if c.Once == "" {
		done, err = g.Exec(ctx, argv, []byte(c.Input.Reveal()))
	} else {
		done, err = g.Once(ctx, c.Once, argv, []byte(c.Input.Reveal()))
	}
	if err != nil {
		return nil, err
	}
	if done.ExitCode != 0 {
		return nil, refused(&Error{Exit: done.ExitCode, Text: reason(done.Out, done.Err)})
	}
	return lastLine(done.Out), nil
}

// Exec runs a command and waits for its end.
func (g *Guest) Exec(ctx context.Context, argv []string, input []byte) (fleet.Exec, error) {
	if len(input) > MaxInput {
		return fleet.Exec{}, fmt.Errorf("%d bytes of input: the guest agent takes at most %d", len(input), MaxInput)
	}
	pid, err := g.Agent.AgentExec(ctx, g.VMID, argv, input)
	if err != nil {
		return fleet.Exec{}, fmt.Errorf("run %s in VM %d: %w", argv[0], g.VMID, err)
	}
	began := g.Clock.Now()
	for {
		done, err := g.Agent.AgentStatus(ctx, g.VMID, pid)
		if err != nil {
			return fleet.Exec{}, fmt.Errorf("wait for %s in VM %d: %w", argv[0], g.VMID, err)
		}
		if done.Exited {
			return done, nil
		}
		// A command that ran for a minute is not asked each second.
		pause := g.Clock.Now().Sub(began) / 3
		if err := g.Clock.Sleep(ctx, max(250*time.Millisecond, min(pause, 30*time.Second))); err != nil {
			return fleet.Exec{}, err
		}
	}
}

// Once runs a command that must not run twice, and waits for its end. When it
// was started before, by this controller or by one that is gone, it only waits.
// One that failed is forgotten once its result is known here, so that a retry
// runs it again.
func (g *Guest) Once(ctx context.Context, name string, argv []string, input []byte) (fleet.Exec, error) {
	id := g.Run + "-" + name
	once, err := templates.Script("once")
	if err != nil {
		return fleet.Exec{}, err
	}
	argv = append([]string{"/bin/sh", "-c", once, "once", id}, argv...)
	var done fleet.Exec
	for {
		if done, err = g.Exec(ctx, argv, input); err != nil {
			return fleet.Exec{}, err
		}
		if done.ExitCode != running {
			break
		}
		if err := g.Clock.Sleep(ctx, 10*time.Second); err != nil {
			return fleet.Exec{}, err
		}
	}
	if done.ExitCode == 0 {
		return done, nil
	}
	forget, err := templates.Script("forget")
	if err != nil {
		return fleet.Exec{}, err
	}
	if _, err := g.Exec(ctx, []string{"/bin/sh", "-c", forget, "forget", id}, nil); err != nil {
		return fleet.Exec{}, operation.Transient(fmt.Errorf("after %q ended with status %d: %w", name, done.ExitCode, err))
	}
	return done, nil
}

// lastLine is the JSON of a command: lines of talk come before it. A command
// that says nothing in JSON answers null.
func lastLine(out []byte) json.RawMessage {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	last := bytes.TrimSpace(lines[len(lines)-1])
	if !json.Valid(last) {
		return json.RawMessage("null")
	}
	return last
}

// reason is what the CLI gave as its reason: on stderr, and before the
// post-install on stdout.
func reason(stdout, stderr []byte) string {
	text := strings.TrimSpace(string(stderr))
	if text == "" {
		text = strings.TrimSpace(string(stdout))
	}
	lines := strings.Split(text, "\n")
	var errs []string
	for _, line := range lines {
		line = colours.ReplaceAllString(line, "")
		for _, prefix := range []string{"ERROR ", "Error: "} {
			if text, ok := strings.CutPrefix(line, prefix); ok {
				errs = append(errs, text)
			}
		}
	}
	if len(errs) == 0 {
		return clean(lines[len(lines)-1])
	}
	return clean(strings.Join(errs, "; "))
}
