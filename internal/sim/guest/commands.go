package guest

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// invocation is one command at work. A command that takes time runs twice: first to
// say so (takes), then, when the time has passed, for its effect.
type invocation struct {
	g        *Guest
	argv     []string
	in       []byte
	dir      string
	env      []string
	late     bool // the second time
	out, err bytes.Buffer
	exit     int

	delay time.Duration
	known bool // the result stands already and only shows after delay
	waits bool // on an event, not on time
}

// takes says how long the command takes and is true the first time: then the
// command returns and has done nothing yet.
func (c *invocation) takes(d time.Duration) bool {
	c.delay = d
	return !c.late
}

// after shows what the command has done and said only when d has passed.
func (c *invocation) after(d time.Duration) { c.delay, c.known = d, d > 0 }

func (c *invocation) printf(format string, a ...any) { fmt.Fprintf(&c.out, format, a...) }

// fail ends the command with a word on stderr.
func (c *invocation) fail(exit int, format string, a ...any) {
	c.exit = exit
	fmt.Fprintf(&c.err, format+"\n", a...)
}

// path makes an argument an absolute path.
func (c *invocation) path(name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(c.dir, name)
}

// options splits argv into the letters and long names of its options and the rest.
// Names in valued take the next word as their value.
func (c *invocation) options(valued ...string) (flags map[string]string, rest []string) {
	flags = map[string]string{}
	words := c.argv[1:]
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "--":
			return flags, append(rest, words[i+1:]...)
		case strings.HasPrefix(w, "--"):
			name, value, joined := strings.Cut(w[2:], "=")
			if !joined && slices.Contains(valued, name) && i+1 < len(words) {
				i++
				value = words[i]
			}
			flags[name] = value
		case len(w) > 1 && w[0] == '-' && w != "-":
			for j := 1; j < len(w); j++ {
				letter := w[j : j+1]
				if !slices.Contains(valued, letter) {
					flags[letter] = ""
					continue
				}
				value := w[j+1:]
				if len(value) > 1 {
					value = strings.TrimPrefix(value, "=")
				}
				if value == "" && i+1 < len(words) {
					i++
					value = words[i]
				}
				flags[letter] = value
				break
			}
		default:
			rest = append(rest, w)
		}
	}
	return flags, rest
}

func has(flags map[string]string, names ...string) bool {
	for _, n := range names {
		if _, ok := flags[n]; ok {
			return true
		}
	}
	return false
}

// command is a program of the guest.
type command struct {
	do    func(c *invocation)
	reads func(argv []string) bool // whether it reads its input; nil: never
	needs string                   // the package that brings it; empty: always there
}

// binDirs are where programs lie.
var binDirs = []string{"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"}

// program is a command's name without its folder.
func program(name string) string {
	if dir, base := path.Split(name); dir != "" && slices.Contains(binDirs, path.Clean(dir)) {
		return base
	}
	return name
}

// find looks a program up: a simulated one whose package is installed.
func (g *Guest) find(name string) (command, bool) {
	cmd, ok := programs()[program(name)]
	if ok && cmd.needs != "" && !g.has(cmd.needs) {
		return command{}, false
	}
	return cmd, ok
}

func (g *Guest) has(pkg string) bool { return g.disk.Packages[pkg] != "" }

// installed says whether a program is there, shells and prefixes included.
func (g *Guest) installed(name string) bool {
	_, ok := g.find(name)
	return ok || slices.Contains([]string{"sh", "bash", "dash", "sudo", "env", "nohup", "nice"}, name)
}

// miss notes a command that is not simulated: it ends a first boot with an error.
func (g *Guest) miss(name string) {
	if g.Init != nil && !slices.Contains(g.Init.Missing, name) {
		g.Init.Missing = append(g.Init.Missing, name)
	}
}

// programs are all that is simulated. A table of functions of a table would be a
// cycle, so it is made on demand.
func programs() map[string]command {
	always := func([]string) bool { return true }
	// operands says that a command reads its input when no more operands than n are there, or one is "-".
	operands := func(n int, valued ...string) func([]string) bool {
		return func(argv []string) bool {
			_, rest := (&invocation{argv: argv}).options(valued...)
			return len(rest) <= n || slices.Contains(rest, "-")
		}
	}
	return map[string]command{
		"apt": {do: aptGet}, "apt-get": {do: aptGet}, "dpkg": {do: dpkg}, "dpkg-query": {do: dpkgQuery},
		"base64": {do: base64Command, reads: operands(0, "w", "wrap")}, "basename": {do: basename}, "cat": {do: cat, reads: operands(0)},
		"chmod": {do: chmod}, "chown": {do: chown}, "chpasswd": {do: chpasswd, reads: always}, "cloud-init": {do: cloudInit, needs: "cloud-init"},
		"cp": {do: cp}, "curl": {do: curl, needs: "curl"}, "cut": {do: cut, reads: operands(0, "d", "delimiter", "f", "fields", "c")}, "date": {do: date}, "df": {do: df}, "dirname": {do: dirname},
		"false": {do: func(c *invocation) { c.exit = 1 }}, "fstrim": {do: nothing}, "getent": {do: getent}, "grep": {do: grep, reads: grepReads},
		"head": {do: head, reads: operands(0, "n", "lines", "c", "bytes")}, "hostname": {do: hostname}, "hostnamectl": {do: hostnamectl}, "id": {do: id}, "install": {do: install},
		"ip": {do: ipCommand}, "ls": {do: ls}, "mkdir": {do: mkdir}, "mktemp": {do: mktemp}, "mv": {do: mv},
		"nproc": {do: func(c *invocation) { c.printf("%d\n", max(1, c.g.Hardware.Cores)) }}, "poweroff": {do: shutdown}, "printenv": {do: printenv},
		"reboot": {do: shutdown}, "rm": {do: rm}, "rmdir": {do: rm}, "sed": {do: sed, reads: operands(1, "e", "expression")}, "sha256sum": {do: sha256Command, reads: operands(0)},
		"sha512sum": {do: sha256Command, reads: operands(0)}, "shutdown": {do: shutdown}, "sleep": {do: sleep}, "sort": {do: sortCommand, reads: operands(0, "k", "t")},
		"stat": {do: statCommand}, "sync": {do: nothing}, "systemctl": {do: systemctl}, "tail": {do: head, reads: operands(0, "n", "lines", "c", "bytes")}, "tee": {do: tee, reads: always},
		"test": {do: test}, "[": {do: test}, "timedatectl": {do: timedatectl}, "touch": {do: touch}, "tr": {do: tr, reads: always}, "true": {do: nothing},
		"uname": {do: uname}, "uptime": {do: uptime}, "wc": {do: wc, reads: operands(0)}, "wget": {do: wget}, "which": {do: which}, "whoami": {do: func(c *invocation) { c.printf("root\n") }},
		"yunohost": {do: yunohostCommand, needs: "yunohost"}, "yunohost-installer": {do: installer},
		"echo": {do: echo}, "printf": {do: echo}, "ping": {do: ping},
	}
}

func nothing(*invocation) {}
