package main

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/generatedtest"
)

// docs/commands.md is what the commands say about themselves.
func TestReference(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Commands\n\nWhat `accolade NOUN VERB --help` says, in one place. Made from the commands themselves:\n`go test ./cmd/accolade -run TestReference -update`.\n\n" + exitHelp + "\n")
	root := newRoot(newEnv(strings.NewReader(""), io.Discard, io.Discard, func(string) string { return "" }))
	describe(&b, root)
	generatedtest.Same(t, "../../docs/commands.md", b.String())
}

func describe(b *strings.Builder, c *cobra.Command) {
	for _, sub := range c.Commands() {
		if sub.Hidden || sub.Name() == "help" || sub.Name() == "completion" {
			continue
		}
		if sub.HasAvailableSubCommands() {
			fmt.Fprintf(b, "\n## %s\n\n%s\n", sub.CommandPath(), about(sub))
		} else {
			level := "###"
			if sub.Parent() == sub.Root() {
				level = "##"
			}
			fmt.Fprintf(b, "\n%s %s\n\n%s\n\n```\n%s", level, sub.CommandPath(), about(sub), useText(sub))
			if sub.HasAvailableLocalFlags() {
				b.WriteString("\n" + strings.TrimRight(sub.LocalNonPersistentFlags().FlagUsagesWrapped(helpWidth), "\n") + "\n")
			}
			if sub.Example != "" {
				b.WriteString("\n" + exampleText(sub) + "\n")
			}
			b.WriteString("```\n")
		}
		describe(b, sub)
	}
}
