package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// pass is one pass over a process: its script from the beginning, with what the
// journal knows replayed.
type pass struct {
	g *Guest
	p *process

	mu        sync.Mutex     // pipelines run their parts at the same time
	seen      map[string]int // how often a key came up in this pass
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

// shell runs a script in scope, which keeps its keys apart from those of others.
func (r *pass) shell(ctx context.Context, scope, script string, args []string, io stdio, dir string, env []string) (int, error) {
	prog, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "sh")
	if err != nil {
		fmt.Fprintf(io.err, "sh: %v\n", err)
		return 2, nil
	}
	in := io.in
	if in == nil {
		in = strings.NewReader("")
	}
	runner, err := interp.New(
		interp.StdIO(in, io.out, io.err),
		interp.Env(expand.ListEnviron(env...)),
		interp.Params(append([]string{"--"}, args...)...),
		interp.CallHandler(func(_ context.Context, argv []string) ([]string, error) { return rewrite(argv), nil }),
		interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return r.execHandler(scope) }),
		interp.OpenHandler(r.openHandler(scope)),
		interp.StatHandler(func(_ context.Context, name string, _ bool) (fs.FileInfo, error) { return r.stat(scope, name) }),
		interp.AccessHandler(func(_ context.Context, name string, _ interp.AccessMode) error {
			_, err := r.stat(scope, name)
			return err
		}),
		interp.ReadDirHandler2(func(_ context.Context, name string) ([]fs.DirEntry, error) { return r.readDir(scope, name) }),
	)
	if err != nil {
		return 2, fmt.Errorf("shell: %w", err)
	}
	runner.Dir = dir
	err = runner.Run(ctx, prog)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.suspended {
		return 0, errSuspended
	}
	var status interp.ExitStatus
	if errors.As(err, &status) {
		return int(status), nil
	}
	if err != nil {
		fmt.Fprintf(io.err, "sh: %v\n", err)
		return 2, nil
	}
	return 0, nil
}

// rewrite sends builtins that would look at the real machine to commands of ours.
func rewrite(argv []string) []string {
	if len(argv) >= 3 && argv[0] == "command" && (argv[1] == "-v" || argv[1] == "-V") {
		return append([]string{"which"}, argv[2:]...)
	}
	if argv[0] == "umask" || argv[0] == "ulimit" || argv[0] == "hash" {
		return []string{":"} // modes, limits and lookups of the shell itself are not kept
	}
	if len(argv) >= 2 && argv[0] == "type" {
		return append([]string{"which"}, argv[1:]...)
	}
	return argv
}

func (r *pass) execHandler(scope string) interp.ExecHandlerFunc {
	return func(ctx context.Context, argv []string) error {
		hc := interp.HandlerCtx(ctx)
		env := []string{}
		hc.Env.Each(func(name string, v expand.Variable) bool {
			if v.Exported && v.Kind == expand.String {
				env = append(env, name+"="+v.Str)
			}
			return true
		})
		at := fmt.Sprintf("%s%d:%d ", scope, hc.Pos.Line(), hc.Pos.Col())
		exit, err := r.command(ctx, at, argv, stdio{hc.Stdin, hc.Stdout, hc.Stderr}, hc.Dir, env)
		if err != nil {
			return err
		}
		if exit != 0 {
			return interp.ExitStatus(exit)
		}
		return nil
	}
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

// strip takes a prefix command (sudo, env X=Y, nohup) off.
func strip(argv []string) []string {
	for i, word := range argv[1:] {
		if strings.HasPrefix(word, "-") || (program(argv[0]) == "env" && strings.Contains(word, "=")) {
			continue
		}
		return argv[i+1:]
	}
	return nil
}

// script is the text of an executable file of the guest, when argv[0] names one.
func (r *pass) script(at, name, dir string) (string, error) {
	if !strings.Contains(name, "/") {
		return "", fs.ErrNotExist
	}
	if !path.IsAbs(name) {
		name = path.Join(dir, name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.known(r.key(at, "script "+name))
	if !e.Done {
		f, ok := r.g.disk.Files[path.Clean(name)]
		e.Done, e.OK, e.Data = true, ok && !f.Dir && f.Mode&0o111 != 0, f.Data
	}
	if !e.OK {
		return "", fs.ErrNotExist
	}
	return string(e.Data), nil
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

// subshell is sh or bash: a script in an argument, in a file, or on its input.
func (r *pass) subshell(ctx context.Context, key string, argv []string, io stdio, dir string, env []string) (int, error) {
	args := argv[1:]
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		flag := args[0]
		args = args[1:]
		if strings.Contains(flag, "c") && !strings.HasPrefix(flag, "--") {
			if len(args) == 0 {
				fmt.Fprintf(io.err, "sh: 0: -c requires an argument\n")
				return 2, nil
			}
			prefix := ""
			if options := strings.Trim(flag, "-c"); options != "" {
				prefix = "set -" + options + "\n"
			}
			script := prefix + args[0]
			args = args[1:]
			if len(args) > 0 {
				args = args[1:] // $0
			}
			return r.shell(ctx, key+"/", script, args, io, dir, env)
		}
		if strings.Contains(flag, "s") {
			if len(args) > 0 && args[0] == "--" {
				args = args[1:]
			}
			return r.fromInput(ctx, key, args, io, dir, env)
		}
		if flag == "--" {
			break
		}
	}
	if len(args) == 0 {
		return r.fromInput(ctx, key, nil, io, dir, env)
	}
	file := args[0]
	if !path.IsAbs(file) {
		file = path.Join(dir, file)
	}
	r.mu.Lock()
	e := r.known(key + " file")
	if !e.Done {
		data, err := r.g.readFile(file)
		e.Done, e.OK, e.Data = true, err == nil, data
	}
	r.mu.Unlock()
	if !e.OK {
		fmt.Fprintf(io.err, "%s: 0: cannot open %s: No such file\n", program(argv[0]), args[0])
		return 127, nil
	}
	return r.text(ctx, key, string(e.Data), args[1:], io, dir, env)
}

// fromInput runs the script that comes on the standard input.
func (r *pass) fromInput(ctx context.Context, key string, args []string, in stdio, dir string, env []string) (int, error) {
	data, err := io.ReadAll(in.in)
	if err != nil {
		return 1, fmt.Errorf("read a script: %w", err)
	}
	r.mu.Lock()
	if r.suspended {
		r.mu.Unlock()
		return 0, errSuspended
	}
	r.mu.Unlock()
	in.in = strings.NewReader("")
	return r.text(ctx, key, string(data), args, in, dir, env)
}

// text runs a script's text, which may be the YunoHost installer.
func (r *pass) text(ctx context.Context, key, script string, args []string, io stdio, dir string, env []string) (int, error) {
	if url, ok := downloaded(script); ok {
		return r.leaf(key+" installer", append([]string{"yunohost-installer", url}, args...), io, dir, env)
	}
	return r.shell(ctx, key+"/", script, args, io, dir, env)
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

func (r *pass) stat(scope, name string) (fs.FileInfo, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.suspended {
		return nil, errSuspended
	}
	e := r.known(r.key(scope, "stat "+name))
	if !e.Done {
		r.flushLocked()
		e.Done = true
		if fi, err := r.g.stat(name); err == nil {
			e.OK, e.Dir, e.Size = true, fi.IsDir(), fi.Size()
		}
	}
	if !e.OK {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	mode := uint32(0o755)
	return info{name, File{Dir: e.Dir, Mode: mode, Data: make([]byte, min(e.Size, 1))}}, nil
}

func (r *pass) readDir(scope, name string) ([]fs.DirEntry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.known(r.key(scope, "list "+name))
	if !e.Done {
		r.flushLocked()
		e.Done = true
		for _, fi := range r.g.children(name) {
			e.List = append(e.List, nameOf(fi))
		}
	}
	var list []fs.DirEntry
	for _, n := range e.List {
		list = append(list, fs.FileInfoToDirEntry(info{n.Name, File{Dir: n.Dir, Mode: 0o755}}))
	}
	return list, nil
}

func nameOf(fi fs.FileInfo) name { return name{fi.Name(), fi.IsDir()} }

// openFile is a file that a redirection opened. What is written goes to the guest's
// file when something may look at it, and when the pass ends.
type openFile struct {
	r      *pass
	path   string
	mode   uint32
	reader *bytes.Reader
	buf    bytes.Buffer
	entry  *entry // its Size is how much of buf reached the file, in this pass or before
}

func (f *openFile) Read(b []byte) (int, error) { return f.reader.Read(b) }
func (f *openFile) Close() error               { return nil }
func (f *openFile) Write(b []byte) (int, error) {
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	return f.buf.Write(b)
}

func (r *pass) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flushLocked()
}

func (r *pass) flushLocked() {
	for _, f := range r.opened {
		more := f.buf.Bytes()
		if int64(len(more)) <= f.entry.Size {
			continue // told again, not written again
		}
		more = more[f.entry.Size:]
		f.entry.Size += int64(len(more))
		if now, err := r.g.readFile(f.path); err == nil && !sink(f.path) {
			_ = r.g.writeFile(f.path, append(bytes.Clone(now), more...), f.mode) // the file is there, so this can't fail
		}
	}
}

func (r *pass) openHandler(scope string) interp.OpenHandlerFunc {
	return func(ctx context.Context, name string, flag int, perm os.FileMode) (io.ReadWriteCloser, error) {
		if !path.IsAbs(name) {
			name = path.Join(interp.HandlerCtx(ctx).Dir, name)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.suspended {
			return nil, errSuspended
		}
		e := r.known(r.key(scope, fmt.Sprintf("open %d %s", flag, name)))
		f := &openFile{r: r, path: path.Clean(name), mode: uint32(perm.Perm()), entry: e}
		writes := flag&(os.O_WRONLY|os.O_RDWR) != 0
		if !e.Done {
			r.flushLocked()
			e.Done = true
			var err error
			if e.Data, err = r.open(f.path, flag, f.mode); err != nil {
				e.Err = []byte(why(err))
			}
		}
		if e.Err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New(string(e.Err))}
		}
		if !writes {
			f.reader = bytes.NewReader(e.Data)
			return f, nil
		}
		f.reader, e.Data = bytes.NewReader(nil), nil
		r.opened = append(r.opened, f)
		return f, nil
	}
}

// open does what the kernel does at an open, and returns the content that stays.
func (r *pass) open(name string, flag int, mode uint32) ([]byte, error) {
	if sink(name) {
		return nil, nil
	}
	data, err := r.g.readFile(name)
	switch {
	case flag&(os.O_WRONLY|os.O_RDWR) == 0:
		return data, err
	case flag&os.O_TRUNC != 0 || errors.Is(err, fs.ErrNotExist):
		data = nil
	}
	return data, r.g.writeFile(name, data, mode)
}
