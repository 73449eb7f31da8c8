package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

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
		interp.CallHandler(func(_ context.Context, argv []string) ([]string, error) { return rewrite(argv), r.count() }),
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

// maxCalls is how many commands a pass may run: a script that loops without ever
// waiting would hold the machine for good.
const maxCalls = 200_000

var errEndless = errors.New("killed: it runs in circles")

func (r *pass) count() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls++; r.calls > maxCalls {
		return errEndless
	}
	return nil
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
