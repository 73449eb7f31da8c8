package yunohost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/poll"
	"codeberg.org/accolade/accolade/templates"
)

// Agent runs commands inside one VM, as root. proxmox.Client is one.
type Agent interface {
	AgentExec(ctx context.Context, vmid int, argv []string, input []byte) (pid int, err error)
	// AgentWait waits for the command's end, which is told once.
	AgentWait(ctx context.Context, vmid, pid int, work poll.Work) (fleet.Exec, error)
}

// maxInput is what the guest agent takes as standard input, whatever it holds.
const maxInput = 48 << 10

// Guest is the door through the guest agent.
type Guest struct {
	Agent Agent
	VMID  int
	Clock clock.Clock
	// Run sets the commands of one operation apart from those of another.
	Run string

	fresh bool
}

// Fresh says that nothing which is going to be asked for was begun before: nobody
// has to look for it first.
func (g *Guest) Fresh() { g.fresh = true }

// running is the exit status with which once.sh says that the command still runs.
const running = 75

// Do runs the calls one after the other, in one command, and reads the last line of
// the output of each. Only the first may have an input, or run once.
func (g *Guest) Do(ctx context.Context, calls ...Call) []Reply {
	first := calls[0]
	argvs := make([][]string, len(calls))
	for i, c := range calls {
		argv, err := c.argv()
		if err != nil {
			return failed(calls, err)
		}
		argvs[i] = argv
	}
	work := poll.Work{Kind: first.Kind, Least: first.Least}
	var done []fleet.Exec
	var err error
	if first.Once == "" {
		done, err = g.each(ctx, argvs, []byte(first.Input.Reveal()), work)
	} else {
		done, err = g.once(ctx, first.Once, argvs, []byte(first.Input.Reveal()), work)
	}
	if err != nil {
		return failed(calls, err)
	}
	replies := make([]Reply, len(calls))
	for i, one := range done {
		replies[i].Call = calls[i]
		if one.ExitCode == 0 {
			replies[i].Answer = lastLine(one.Out)
		} else {
			replies[i].Err = refused(&failure{Exit: one.ExitCode, Text: reason(one.Out, one.Err)})
		}
	}
	return replies
}

func (c Call) argv() ([]string, error) {
	if c.Script == "" {
		return c.Command, nil
	}
	script, err := templates.Script(c.Script)
	return append([]string{"/bin/sh", "-c", script, c.Script}, c.Args...), err
}

func failed(calls []Call, err error) []Reply {
	replies := make([]Reply, len(calls))
	for i, c := range calls {
		replies[i] = Reply{Call: c, Err: err}
	}
	return replies
}

// Exec runs a command and waits for its end.
func (g *Guest) Exec(ctx context.Context, argv []string, input []byte) (fleet.Exec, error) {
	done, err := g.each(ctx, [][]string{argv}, input, poll.Work{})
	if err != nil {
		return fleet.Exec{}, err
	}
	return done[0], nil
}

func (g *Guest) exec(ctx context.Context, argv []string, input []byte, work poll.Work) (fleet.Exec, error) {
	if len(input) > maxInput {
		return fleet.Exec{}, fmt.Errorf("%d bytes of input: the guest agent takes at most %d", len(input), maxInput)
	}
	pid, err := g.Agent.AgentExec(ctx, g.VMID, argv, input)
	if err != nil {
		return fleet.Exec{}, fmt.Errorf("run %s in VM %d: %w", argv[0], g.VMID, err)
	}
	done, err := g.Agent.AgentWait(ctx, g.VMID, pid, work)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("wait for %s in VM %d: %w", argv[0], g.VMID, err)
	}
	return done, err
}

// Once runs a command that must not run twice, and waits for its end. When it
// was started before, by this controller or by one that is gone, it only waits.
// One that failed is forgotten once its result is known here, so that a retry
// runs it again.
func (g *Guest) Once(ctx context.Context, name string, argv []string, input []byte, work poll.Work) (fleet.Exec, error) {
	done, err := g.once(ctx, name, [][]string{argv}, input, work)
	if err != nil {
		return fleet.Exec{}, err
	}
	return done[0], nil
}

// once is Once of the first of several commands.
func (g *Guest) once(ctx context.Context, name string, argvs [][]string, input []byte, work poll.Work) ([]fleet.Exec, error) {
	id := g.Run + "-" + name
	once, err := templates.Script("once")
	if err != nil {
		return nil, err
	}
	argvs = slices.Clone(argvs)
	argvs[0] = append([]string{"/bin/sh", "-c", once, "once", id}, argvs[0]...)
	work.Begun = !g.fresh // it may run already, and the command then ends at once
	var done []fleet.Exec
	for pause := time.Second; ; pause = min(pause*3/2, 20*time.Second) {
		if done, err = g.each(ctx, argvs, input, work); err != nil {
			return nil, err
		}
		if done[0].ExitCode != running {
			break
		}
		if err := g.Clock.Sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
	if done[0].ExitCode == 0 {
		return done, nil
	}
	forget, err := templates.Script("forget")
	if err != nil {
		return nil, err
	}
	if _, err := g.Exec(ctx, []string{"/bin/sh", "-c", forget, "forget", id}, nil); err != nil {
		return nil, operation.Transient(fmt.Errorf("after %q ended with status %d: %w", name, done[0].ExitCode, err))
	}
	return done, nil
}

// each runs commands one after the other, whatever comes of those before, as one
// command of the agent. All have the input for their standard input, which the first
// is to read to its end.
//
// The agent tells a command by its process ID alone, and those begin anew with each boot:
// in a guest that was restored or started again meanwhile, the answer may be that to a
// command of somebody else. So the answer has to bear the mark that was sent with it.
func (g *Guest) each(ctx context.Context, argvs [][]string, input []byte, work poll.Work) ([]fleet.Exec, error) {
	mark := fmt.Sprintf("%s%s-%x ", mark, g.Run, g.Clock.Now().UnixNano())
	done, err := g.exec(ctx, []string{"/bin/sh", "-c", script(argvs, mark)}, input, work)
	if err != nil {
		return nil, err
	}
	outs, statuses := sections(done.Out, mark)
	errs, _ := sections(done.Err, mark)
	if len(outs) != len(argvs) || len(errs) != len(argvs) {
		return nil, operation.Transient(fmt.Errorf("VM %d: %d of %d commands told how they ended: it was started again meanwhile, or they were stopped", g.VMID, len(outs), len(argvs)))
	}
	var each []fleet.Exec
	for i := range argvs {
		each = append(each, fleet.Exec{Exited: true, ExitCode: statuses[i], Out: outs[i], Err: errs[i], Cut: done.Cut})
	}
	return each, nil
}

// mark begins the line that follows what a command of a script said, before what tells
// this script from any other, and the exit status.
const mark = "=accolade= "

// script is a shell script that runs commands and tells after each how it ended.
func script(argvs [][]string, mark string) string {
	var b strings.Builder
	for _, argv := range argvs {
		for _, word := range argv {
			b.WriteString("'" + strings.ReplaceAll(word, "'", `'\''`) + "' ")
		}
		b.WriteString("\ns=$?\necho; echo \"" + mark + "$s\"; echo >&2; echo \"" + mark + "$s\" >&2\n")
	}
	return b.String()
}

// sections are what the commands of a script said, and their exit statuses.
func sections(out []byte, mark string) (said [][]byte, statuses []int) {
	var text []byte
	for line := range bytes.Lines(out) {
		status, ended := strings.CutPrefix(strings.TrimSpace(string(line)), mark)
		n, err := strconv.Atoi(status)
		if !ended || err != nil {
			text = append(text, line...)
			continue
		}
		said, statuses, text = append(said, bytes.TrimSuffix(text, []byte("\n"))), append(statuses, n), nil
	}
	return said, statuses
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
