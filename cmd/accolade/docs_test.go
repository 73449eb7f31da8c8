package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"codeberg.org/accolade/accolade/internal/controller/daemon"
)

// pages are what people read, by path from the root; what is made from the commands
// themselves is not among them.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		files, err := filepath.Glob("../../" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no pages %s (%v)", pattern, err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all[strings.TrimPrefix(file, "../../")] = string(b)
		}
	}
	delete(all, "docs/commands.md")
	delete(all, "docs/api.md")
	return all
}

var (
	fence   = regexp.MustCompile("(?ms)^(?:\\d+\\.)? *```\\w*\n(.*?)^ *```$|((?:^    [^\n]*\n)+)")
	typed   = regexp.MustCompile(`(?m)^ *(?:\$ )?(?:bin/)?(accoladed?(?: .*)?)$`)
	inline  = regexp.MustCompile("`(accoladed? [^`]+)`")
	comment = regexp.MustCompile(`\s+#.*$`)
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
)

// TestCommandsOfPages holds each command that a page or a help text prints against the
// commands that there are: its verb, its flags, and where it stands alone to be typed,
// what it needs.
func TestCommandsOfPages(t *testing.T) {
	lines, words := 0, 0
	for name, text := range pages(t) {
		for _, block := range fence.FindAllStringSubmatch(text, -1) {
			for _, m := range typed.FindAllStringSubmatch(continued.ReplaceAllString(block[1]+block[2], " "), -1) {
				lines++
				told(t, name, m[1], true)
			}
		}
		for _, m := range inline.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			words++
			told(t, name, strings.Join(strings.Fields(m[1]), " "), false)
		}
	}
	for c := range helps {
		for _, m := range typed.FindAllStringSubmatch(continued.ReplaceAllString(c.Example, " "), -1) {
			lines++
			told(t, c.CommandPath()+" --help", m[1], true)
		}
	}
	if lines < 100 || words < 100 {
		t.Errorf("only %d lines and %d commands within text were found: the test looks in the wrong places", lines, words)
	}
}

// told checks one command. A word with … leaves something out, as [ ] and a | do.
func told(t *testing.T, where, line string, whole bool) {
	t.Helper()
	line, _, _ = strings.Cut(comment.ReplaceAllString(line, ""), " > ")
	if first, more, two := strings.Cut(line, " && "); two {
		told(t, where, more, whole)
		line = first
	}
	args := shellWords(line)
	if args[0] == "accoladed" {
		toldDaemon(t, where, line, args[1:])
		return
	}
	whole = whole && !strings.ContainsAny(line, "…[|")
	for _, words := range each(args[1:]) {
		root := newRoot(newEnv(strings.NewReader(""), io.Discard, io.Discard, func(string) string { return "" }))
		root.InitDefaultCompletionCmd()
		if words[0] == "NOUN" || strings.HasPrefix(words[0], "-") {
			continue
		}
		c, rest, err := root.Find(words)
		noun := err == nil && c.HasSubCommands() && !strings.Contains(c.Use, " ")
		switch {
		case noun && len(rest) > 0 && rest[0] == "…": // of one of its verbs
		case err != nil || c == root || noun && len(rest) > 0 && !strings.HasPrefix(rest[0], "-"):
			t.Errorf("%s: %q: there is no such command", where, line)
		default:
			flagged(t, where, line, c, rest)
			if whole {
				complete(t, where, line, c, rest)
			}
		}
	}
}

// each are the commands that a line stands for, where a word before the flags is
// several, such as list|show.
func each(args []string) [][]string {
	all := [][]string{nil}
	flags := false
	for _, a := range args {
		flags = flags || strings.HasPrefix(a, "-")
		words := []string{a}
		if !flags && strings.ToLower(a) == a {
			words = strings.Split(a, "|")
		}
		var more [][]string
		for _, before := range all {
			for _, w := range words {
				more = append(more, append(slices.Clone(before), w))
			}
		}
		all = more
	}
	return all
}

// flagged wants every flag of a command to be one.
func flagged(t *testing.T, where, line string, c *cobra.Command, args []string) {
	t.Helper()
	for _, a := range args {
		for _, one := range strings.Split(strings.Trim(a, "[]"), "|") {
			name, long := strings.CutPrefix(one, "--")
			name, _, _ = strings.Cut(name, "=")
			c.InitDefaultHelpFlag()
			if long && name != "" && c.Flags().Lookup(name) == nil && c.InheritedFlags().Lookup(name) == nil {
				t.Errorf("%s: %q: %s has no flag --%s", where, line, c.CommandPath(), name)
			}
		}
	}
}

// complete wants a command to be one that runs as it is printed.
func complete(t *testing.T, where, line string, c *cobra.Command, args []string) {
	t.Helper()
	if err := c.ParseFlags(args); err != nil {
		t.Errorf("%s: %q: %v", where, line, err)
		return
	}
	if help, err := c.Flags().GetBool("help"); err == nil && help {
		return
	}
	if c.Args == nil {
		return
	}
	if err := c.Args(c, c.Flags().Args()); err != nil {
		t.Errorf("%s: %q: %v", where, line, err)
	}
	c.Flags().VisitAll(func(f *pflag.Flag) { f.Changed = false })
}

// toldDaemon checks a command of accoladed by what its help says.
func toldDaemon(t *testing.T, where, line string, args []string) {
	t.Helper()
	var verb []string
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb = args[:1]
	}
	var out strings.Builder
	if code := daemon.Main(t.Context(), append(verb, "--help"), &out, &out, nil); code != 0 || len(verb) > 0 && !strings.Contains(out.String(), "accoladed "+verb[0]) {
		t.Errorf("%s: %q: there is no such command: %s", where, line, out.String())
	}
	for _, a := range args {
		if name, _, _ := strings.Cut(a, "="); strings.HasPrefix(name, "--") && !strings.Contains(out.String(), name+" ") {
			t.Errorf("%s: %q: accoladed has no flag %s", where, line, name)
		}
	}
}

// shellWords splits a line as a shell does, as far as quotes go.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quote, in := rune(0), false
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, in = r, true
		case r == ' ':
			if in {
				words = append(words, word.String())
			}
			word.Reset()
			in = false
		default:
			word.WriteRune(r)
			in = true
		}
	}
	return words
}

// TestLinksOfPages follows every link from one page to another, to its heading too.
func TestLinksOfPages(t *testing.T) {
	for name, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			path, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(path, "://") || strings.HasPrefix(path, "mailto:") {
				continue
			}
			target := filepath.Join("../..", filepath.Dir(name), path)
			if path == "" {
				target = filepath.Join("../..", name)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
				continue
			}
			if anchor == "" {
				continue
			}
			b, err := os.ReadFile(target)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, h := range heading.FindAllStringSubmatch(string(b), -1) {
				found = found || slug(h[1]) == anchor
			}
			if !found {
				t.Errorf("%s links to %s, and no heading is called so", name, m[1])
			}
		}
	}
}

// slug is what a heading is called in links.
func slug(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case strings.ContainsRune("`.,:;!?'\"()*/&+", r):
			return -1
		}
		return r
	}, strings.ToLower(title))
}
