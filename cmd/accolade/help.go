package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is what a help text may take: the columns of the smallest terminal.
const helpWidth = 80

// helpful gives the tree help texts of our own form: cobra's do not break lines.
func helpful(root *cobra.Command) {
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		fmt.Fprintf(c.OutOrStdout(), "%s\n\n%s", prose(about(c)), usageText(c))
	})
	root.SetUsageFunc(func(c *cobra.Command) error {
		_, err := fmt.Fprint(c.OutOrStderr(), usageText(c))
		return err
	})
}

// about is what a command says of itself.
func about(c *cobra.Command) string {
	if c.Long != "" {
		return strings.TrimSpace(c.Long)
	}
	return c.Short + "."
}

// usageText is how a command is called.
func usageText(c *cobra.Command) string {
	var b strings.Builder
	b.WriteString("Usage:\n")
	if c.Runnable() && (!c.HasAvailableSubCommands() || strings.Contains(c.Use, " ")) {
		b.WriteString(useText(c))
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s COMMAND\n\nCommands:\n", c.CommandPath())
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				name := fmt.Sprintf("  %-*s ", sub.NamePadding(), sub.Name())
				b.WriteString(fill(name+sub.Short, strings.Repeat(" ", len(name)), false, "") + "\n")
			}
		}
	}
	if c.HasExample() {
		b.WriteString("\nExamples:\n" + exampleText(c) + "\n")
	}
	if c.HasAvailableLocalFlags() {
		b.WriteString("\nFlags:\n" + strings.TrimRight(c.LocalFlags().FlagUsagesWrapped(helpWidth), "\n") + "\n")
	}
	if c.HasAvailableInheritedFlags() {
		var names []string
		c.InheritedFlags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		b.WriteString("\n" + prose(fmt.Sprintf("And those of every command, see %s --help: %s.", c.Root().Name(), strings.Join(names, ", "))) + "\n")
	}
	if c.HasAvailableSubCommands() {
		b.WriteString("\n" + prose(fmt.Sprintf("%s COMMAND --help says more of each.", c.CommandPath())) + "\n")
	}
	return b.String()
}

// useText is the line that shows a command's arguments, or its two or more forms, as
// `add X | add Y` in Use has them.
func useText(c *cobra.Command) string {
	var b strings.Builder
	parent := ""
	if c.HasParent() {
		parent = c.Parent().CommandPath() + " "
	}
	for form := range strings.SplitSeq(strings.TrimPrefix(c.UseLine(), parent), " | ") {
		b.WriteString(fill("  "+parent+form, "    ", true, "") + "\n")
	}
	return b.String()
}

// exampleText are the examples, long lines broken as a shell takes them.
func exampleText(c *cobra.Command) string {
	lines := strings.Split(continued.ReplaceAllString(strings.TrimRight(c.Example, "\n"), " "), "\n")
	for i, line := range lines {
		lines[i] = fill(line, "    ", true, ` \`)
	}
	return strings.Join(lines, "\n")
}

// continued is where an example goes on in its next line.
var continued = regexp.MustCompile(` \\\n +`)

// prose fills paragraphs anew. A line that begins with a blank keeps its place, and what
// it has no room for goes on below its second column, as do lines that stand there.
func prose(text string) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		words := strings.TrimLeft(line, " ")
		margin := line[:len(line)-len(words)]
		if n := len(out) - 1; n >= 0 && words != "" && out[n] != "" && hang(out[n]) == margin && (margin == "" || second(out[n]) > 0) {
			out[n] += " " + words
		} else {
			out = append(out, line)
		}
	}
	for i, line := range out {
		out[i] = fill(line, hang(line), false, "")
	}
	return strings.Join(out, "\n")
}

// second is where the second column of a list's line begins; 0: it has none.
func second(line string) int {
	words := strings.TrimLeft(line, " ")
	first, rest, wide := strings.Cut(words, "  ")
	if !wide || len(words) == len(line) {
		return 0
	}
	return len(line) - len(words) + len(first) + 2 + len(rest) - len(strings.TrimLeft(rest, " "))
}

// hang is the margin of what a line has no room for.
func hang(line string) string {
	if at := second(line); at > 0 {
		return strings.Repeat(" ", at)
	}
	return line[:len(line)-len(strings.TrimLeft(line, " "))]
}

// fill breaks a line at blanks, so that none takes more than helpWidth columns, and the
// next begins with margin. Words of a shell are broken outside of quotes, and rather
// before a flag; each line but the last then ends in more.
func fill(line, margin string, shell bool, more string) string {
	var out []string
	for columns(line) > helpWidth {
		at := blank(line, helpWidth-len(more), len(margin), shell)
		if at < 0 {
			break
		}
		out = append(out, strings.TrimRight(line[:at], " ")+more)
		line = margin + strings.TrimLeft(line[at:], " ")
	}
	return strings.Join(append(out, line), "\n")
}

// blank is the byte of the blank at which fill breaks; -1: there is none.
func blank(line string, within, margin int, shell bool) int {
	best, flag, quoted := -1, -1, false
	for i, r := range line {
		if columns(line[:i]) > within {
			break
		}
		quoted = quoted != (shell && r == '"')
		if r != ' ' || quoted || i <= margin || strings.TrimSpace(line[:i]) == "" {
			continue
		}
		best = i
		if shell && strings.HasPrefix(strings.TrimLeft(line[i:], " ["), "--") {
			flag = i
		}
	}
	if flag > 0 {
		return flag
	}
	return best
}
