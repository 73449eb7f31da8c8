package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// pass is one pass over a process: its script from the beginning, with what the
// journal knows replayed.
type pass struct {
	g *Guest
	p *process

	mu        sync.Mutex     // pipelines run their parts at the same time
	seen      map[string]int // how often a key came up in this pass
	calls     int
	suspended bool
	out, err  output
	opened    []*openFile
}

// output collects what a process says. The parts of a pipeline share its stderr.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) bytes() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.buf.Bytes())
}

// errSuspended ends a pass: something that is not done yet must be waited for.
var errSuspended = errors.New("suspended")

func newPass(g *Guest, p *process) *pass {
	return &pass{g: g, p: p, seen: map[string]int{}}
}

// main runs the process's argv.
func (r *pass) main() (exit int, suspended bool) {
	io := stdio{in: bytes.NewReader(r.p.Stdin), out: &r.out, err: &r.err}
	exit, err := r.command(context.Background(), "", r.p.Argv, io, "/", baseEnv())
	r.flush()
	if errors.Is(err, errSuspended) {
		return 0, true
	}
	return exit, false
}

type stdio struct {
	in       io.Reader
	out, err io.Writer
}

func baseEnv() []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "USER=root", "LOGNAME=root", "LANG=C.UTF-8", "SHELL=/bin/sh"}
}

// key makes a journal key: what, and the how manieth time in this pass. Call with mu
// held.
func (r *pass) key(scope, what string) string {
	k := scope + what
	r.seen[k]++
	return fmt.Sprintf("%s#%d", k, r.seen[k])
}

// command runs one command: another shell within this pass, or a leaf.
func (r *pass) command(ctx context.Context, at string, argv []string, io stdio, dir string, env []string) (int, error) {
	r.mu.Lock()
	if r.suspended {
		r.mu.Unlock()
		return 0, errSuspended
	}
	prog := program(argv[0])
	switch prog {
	case "nohup", "exec", "sudo", "env", "nice", "ionice", "command":
		if words := strip(argv); len(words) > 0 {
			r.mu.Unlock()
			return r.command(ctx, at, words, io, dir, env)
		}
	}
	key := r.key(at, prog)
	r.mu.Unlock()
	if prog == "sh" || prog == "bash" || prog == "dash" {
		return r.subshell(ctx, key, argv, io, dir, env)
	}
	if script, err := r.script(at, argv[0], dir); err == nil {
		return r.shell(ctx, key+"/", script, argv[1:], io, dir, env)
	}
	return r.leaf(key, argv, io, dir, env)
}

// known is the journal's entry of a key, made when it is new. Call with mu held.
func (r *pass) known(key string) *entry {
	e := r.p.Journal[key]
	if e == nil {
		e = &entry{}
		r.p.Journal[key] = e
	}
	return e
}

// leaf runs a command of ours, or tells again what it told.
func (r *pass) leaf(key string, argv []string, std stdio, dir string, env []string) (int, error) {
	cmd, ok := r.g.find(argv[0])
	var input []byte
	if ok && cmd.reads != nil && cmd.reads(argv) && std.in != nil {
		var err error
		if input, err = io.ReadAll(std.in); err != nil {
			return 1, fmt.Errorf("read the input of %s: %w", argv[0], err)
		}
	}
	r.mu.Lock()
	if r.suspended {
		r.mu.Unlock()
		return 0, errSuspended
	}
	e := r.known(key)
	if !e.Done {
		r.flushLocked() // what was written so far is there for the command to see
		r.work(e, cmd, ok, argv, input, dir, env)
	}
	if !e.Done {
		r.suspended = true
		if e.Waits {
			r.p.Waits = true
		} else if r.p.Wake.IsZero() || e.Until.Before(r.p.Wake) {
			r.p.Wake = e.Until
		}
		r.mu.Unlock()
		return 0, errSuspended
	}
	r.mu.Unlock()
	// A closed pipe downstream is no error of ours.
	_, _ = std.out.Write(e.Out)
	_, _ = std.err.Write(e.Err)
	return e.Exit, nil
}

// work does a leaf's first or second half. Call with mu held.
func (r *pass) work(e *entry, cmd command, found bool, argv []string, input []byte, dir string, env []string) {
	if !found {
		r.g.miss(argv[0])
		e.Done, e.Exit, e.Err = true, 127, fmt.Appendf(nil, "sh: 1: %s: not found\n", argv[0])
		return
	}
	due := !e.Until.IsZero() && !e.Until.After(r.g.Now)
	switch {
	case e.Ready && due:
		e.Done = true
		return
	case !e.Until.IsZero() && !due:
		return
	}
	e.Waits = false
	c := &invocation{g: r.g, argv: argv, in: input, dir: dir, env: env, late: due}
	cmd.do(c)
	switch {
	case c.waits:
		e.Waits = true
		return
	case c.delay > 0 && !due && !c.known:
		e.Until = r.g.Now.Add(c.delay)
		return
	}
	e.Exit, e.Out, e.Err = c.exit, c.out.Bytes(), c.err.Bytes()
	if c.known && c.delay > 0 && !due {
		e.Ready, e.Until = true, r.g.Now.Add(c.delay)
		return
	}
	e.Done = true
}
