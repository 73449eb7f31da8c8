package guest

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

func mktemp(c *invocation) {
	flags, rest := c.options("p", "tmpdir", "suffix")
	pattern := "/tmp/tmp.XXXXXXXXXX"
	if len(rest) > 0 {
		pattern = rest[0]
	}
	name := c.path(strings.TrimRight(pattern, "X") + fmt.Sprintf("%010x", c.g.draw("mktemp", fmt.Sprint(len(c.g.disk.Files), c.g.Now.UnixNano()))&0xffffffffff))
	if has(flags, "d", "directory") {
		c.g.mkdirAll(name)
	} else if err := c.g.writeFile(name, nil, 0o600); err != nil {
		c.fail(1, "mktemp: failed to create file via template '%s': %s", pattern, why(err))
		return
	}
	c.printf("%s\n", name)
}

func ls(c *invocation) {
	flags, names := c.options()
	if len(names) == 0 {
		names = []string{c.dir}
	}
	for _, n := range names {
		full := c.path(n)
		if !c.g.exists(full) {
			c.fail(2, "ls: cannot access '%s': No such file or directory", n)
			continue
		}
		list := []fs.FileInfo{}
		if c.g.isDir(full) && !has(flags, "d") {
			list = c.g.children(full)
		} else if fi, err := c.g.stat(full); err == nil {
			list = append(list, info{n, File{Dir: fi.IsDir(), Mode: uint32(fi.Mode().Perm())}})
		}
		for _, fi := range list {
			if has(flags, "l") {
				c.printf("%s 1 root root %d %s %s\n", fi.Mode(), fi.Size(), fi.ModTime().Format("Jan _2 15:04"), fi.Name())
				continue
			}
			c.printf("%s\n", fi.Name())
		}
	}
}

func statCommand(c *invocation) {
	flags, names := c.options("c", "format")
	for _, n := range names {
		fi, err := c.g.stat(c.path(n))
		if err != nil {
			c.fail(1, "stat: cannot statx '%s': No such file or directory", n)
			continue
		}
		owner := "root"
		if f, ok := c.g.disk.Files[c.path(n)]; ok && f.Owner != "" {
			owner = f.Owner
		}
		format := flags["c"] + flags["format"]
		if format == "" {
			format = "%n %s %a %U"
		}
		c.printf("%s\n", strings.NewReplacer("%n", n, "%s", fmt.Sprint(fi.Size()), "%a", fmt.Sprintf("%o", fi.Mode().Perm()), "%U", owner, "%Y", fmt.Sprint(fi.ModTime().Unix())).Replace(format))
	}
}

func base64Command(c *invocation) {
	flags, files := c.options("w", "wrap")
	c.each(files, func(_ string, data []byte) {
		if has(flags, "d", "decode") {
			plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(data)), ""))
			if err != nil {
				c.fail(1, "base64: invalid input")
			}
			c.out.Write(plain)
			return
		}
		text := base64.StdEncoding.EncodeToString(data)
		if flags["w"] == "0" || flags["wrap"] == "0" {
			c.printf("%s", text)
			return
		}
		for len(text) > 76 {
			c.printf("%s\n", text[:76])
			text = text[76:]
		}
		c.printf("%s\n", text)
	})
}

func sha256Command(c *invocation) {
	_, files := c.options()
	c.each(files, func(name string, data []byte) {
		if program(c.argv[0]) == "sha512sum" {
			c.printf("%x  %s\n", sha512.Sum512(data), name)
			return
		}
		c.printf("%x  %s\n", sha256.Sum256(data), name)
	})
}

func basename(c *invocation) {
	if len(c.argv) > 1 {
		c.printf("%s\n", path.Base(c.argv[1]))
	}
}

func dirname(c *invocation) {
	if len(c.argv) > 1 {
		c.printf("%s\n", path.Dir(c.argv[1]))
	}
}

// test is the program; scripts use the shell's own.
func test(c *invocation) {
	args := slices.Clone(c.argv[1:])
	if program(c.argv[0]) == "[" && len(args) > 0 {
		args = args[:len(args)-1]
	}
	want := true
	if len(args) > 0 && args[0] == "!" {
		want, args = false, args[1:]
	}
	got := false
	switch {
	case len(args) == 1:
		got = args[0] != ""
	case len(args) == 2 && args[0] == "-z":
		got = args[1] == ""
	case len(args) == 2 && args[0] == "-n":
		got = args[1] != ""
	case len(args) == 2:
		fi, err := c.g.stat(c.path(args[1]))
		got = err == nil && map[string]bool{"-e": true, "-r": true, "-w": true, "-f": err == nil && !fi.IsDir(), "-d": err == nil && fi.IsDir(),
			"-s": err == nil && fi.Size() > 0, "-x": err == nil && (fi.IsDir() || fi.Mode()&0o111 != 0)}[args[0]]
	case len(args) == 3 && (args[1] == "=" || args[1] == "=="):
		got = args[0] == args[2]
	case len(args) == 3 && args[1] == "!=":
		got = args[0] != args[2]
	case len(args) != 0:
		c.fail(2, "test: not simulated: %s", strings.Join(args, " "))
		return
	}
	if got != want {
		c.exit = 1
	}
}
