package guest

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// why is what the C library says of an error.
func why(err error) string {
	var e *fs.PathError
	if errors.As(err, &e) {
		if errors.Is(e.Err, fs.ErrNotExist) {
			return "No such file or directory"
		}
		return e.Err.Error()
	}
	return err.Error()
}

// each gives the content of every file named, or of the input.
func (c *invocation) each(files []string, do func(name string, data []byte)) {
	if len(files) == 0 {
		files = []string{"-"}
	}
	for _, f := range files {
		if f == "-" {
			do("-", c.in)
			continue
		}
		data, err := c.g.readFile(c.path(f))
		if err != nil {
			c.fail(1, "%s: %s: %s", program(c.argv[0]), f, why(err))
			continue
		}
		do(f, data)
	}
}

func cat(c *invocation) {
	_, files := c.options()
	c.each(files, func(_ string, data []byte) { c.out.Write(data) })
}

func tee(c *invocation) {
	flags, files := c.options()
	for _, f := range files {
		data := c.in
		if has(flags, "a", "append") {
			if old, err := c.g.readFile(c.path(f)); err == nil {
				data = append(slices.Clone(old), data...)
			}
		}
		if err := c.g.writeFile(c.path(f), data, 0o644); err != nil {
			c.fail(1, "tee: %s: %s", f, why(err))
		}
	}
	c.out.Write(c.in)
}

func touch(c *invocation) {
	_, files := c.options("d", "r", "t")
	for _, f := range files {
		if c.g.exists(c.path(f)) {
			continue
		}
		if err := c.g.writeFile(c.path(f), nil, 0o644); err != nil {
			c.fail(1, "touch: cannot touch '%s': %s", f, why(err))
		}
	}
}

func mkdir(c *invocation) {
	flags, dirs := c.options("m", "mode")
	for _, d := range dirs {
		full := c.path(d)
		switch {
		case has(flags, "p", "parents"):
			c.g.mkdirAll(full)
		case c.g.exists(full):
			c.fail(1, "mkdir: cannot create directory \u2018%s\u2019: File exists", d)
		case !c.g.isDir(path.Dir(full)):
			c.fail(1, "mkdir: cannot create directory \u2018%s\u2019: No such file or directory", d)
		default:
			c.g.put(full, File{Dir: true, Mode: 0o755, Owner: "root", Mtime: c.g.Now})
		}
	}
}

func rm(c *invocation) {
	flags, names := c.options()
	recursive := has(flags, "r", "R", "recursive") || program(c.argv[0]) == "rmdir"
	for _, n := range names {
		full := c.path(n)
		switch {
		case !c.g.exists(full):
			if !has(flags, "f", "force") {
				c.fail(1, "rm: cannot remove '%s': No such file or directory", n)
			}
		case c.g.isDir(full) && !recursive:
			c.fail(1, "rm: cannot remove '%s': Is a directory", n)
		default:
			c.g.removeAll(full)
		}
	}
}

// copyTo is the target of cp and mv of one source.
func (c *invocation) copyTo(source, target string) string {
	full := c.path(target)
	if c.g.isDir(full) {
		return path.Join(full, path.Base(source))
	}
	return full
}

func cp(c *invocation) {
	flags, names := c.options("m", "mode")
	if len(names) < 2 {
		c.fail(1, "cp: missing file operand")
		return
	}
	if has(flags, "r", "R", "a") {
		c.fail(127, "cp: not simulated: copying folders")
		return
	}
	for _, n := range names[:len(names)-1] {
		data, err := c.g.readFile(c.path(n))
		if err == nil {
			err = c.g.writeFile(c.copyTo(n, names[len(names)-1]), data, c.g.disk.Files[c.path(n)].Mode|0o600)
		}
		if err != nil {
			c.fail(1, "cp: cannot copy '%s': %s", n, why(err))
		}
	}
}

func mv(c *invocation) {
	_, names := c.options()
	if len(names) < 2 {
		c.fail(1, "mv: missing file operand")
		return
	}
	for _, n := range names[:len(names)-1] {
		from, to := c.path(n), c.copyTo(n, names[len(names)-1])
		if !c.g.exists(from) {
			c.fail(1, "mv: cannot stat '%s': No such file or directory", n)
			continue
		}
		for name, f := range c.g.disk.Files {
			if name == from || strings.HasPrefix(name, from+"/") {
				delete(c.g.disk.Files, name)
				c.g.disk.Files[to+strings.TrimPrefix(name, from)] = f
			}
		}
	}
}

func install(c *invocation) {
	flags, names := c.options("m", "mode", "o", "owner", "g", "group")
	mode := uint64(0o755)
	if text := flags["m"] + flags["mode"]; text != "" {
		var err error
		if mode, err = strconv.ParseUint(text, 8, 32); err != nil {
			c.fail(1, "install: invalid mode '%s'", text)
			return
		}
	}
	owner := flags["o"] + flags["owner"]
	if owner == "" {
		owner = "root"
	}
	if has(flags, "d", "directory") {
		for _, n := range names {
			c.g.mkdirAll(c.path(n))
			c.setFile(c.path(n), func(f *File) { f.Mode, f.Owner, f.Dir = uint32(mode), owner, true })
		}
		return
	}
	if len(names) != 2 {
		c.fail(1, "install: missing file operand")
		return
	}
	data, err := c.g.readFile(c.path(names[0]))
	if names[0] == "/dev/stdin" || names[0] == "/dev/null" {
		data, err = c.in, nil
	}
	to := c.copyTo(names[0], names[1])
	if err == nil {
		if has(flags, "D") {
			c.g.mkdirAll(path.Dir(to))
		}
		err = c.g.writeFile(to, data, uint32(mode))
	}
	if err != nil {
		c.fail(1, "install: cannot stat '%s': %s", names[0], why(err))
		return
	}
	c.setFile(to, func(f *File) { f.Mode, f.Owner = uint32(mode), owner })
}

func (c *invocation) setFile(name string, change func(*File)) {
	f := c.g.disk.Files[name]
	change(&f)
	c.g.put(name, f)
}

func chmod(c *invocation) {
	_, names := c.options()
	if len(names) < 2 {
		c.fail(1, "chmod: missing operand")
		return
	}
	for _, n := range names[1:] {
		full := c.path(n)
		if _, ok := c.g.disk.Files[full]; !ok {
			if !c.g.exists(full) {
				c.fail(1, "chmod: cannot access '%s': No such file or directory", n)
			}
			continue
		}
		mode, err := strconv.ParseUint(names[0], 8, 32)
		c.setFile(full, func(f *File) {
			switch {
			case err == nil:
				f.Mode = uint32(mode)
			case strings.HasSuffix(names[0], "+x"):
				f.Mode |= 0o111
			case names[0] == "go-rwx" || names[0] == "go=":
				f.Mode &^= 0o077
			default:
				c.fail(127, "chmod: not simulated: mode %s", names[0])
			}
		})
	}
}

func chown(c *invocation) {
	_, names := c.options()
	for _, n := range names[min(1, len(names)):] {
		if _, ok := c.g.disk.Files[c.path(n)]; ok {
			owner, _, _ := strings.Cut(names[0], ":")
			c.setFile(c.path(n), func(f *File) { f.Owner = owner })
		} else if !c.g.exists(c.path(n)) {
			c.fail(1, "chown: cannot access '%s': No such file or directory", n)
		}
	}
}
