package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "rewrite the reference in docs")

// docs/commands.md is what the commands say about themselves.
func TestReference(t *testing.T) {
	const file = "../../docs/commands.md"
	var b strings.Builder
	b.WriteString("# Commands\n\nWhat `accolade NOUN VERB --help` says, in one place. Made from the commands themselves:\n`go test ./cmd/accolade -run TestReference -update`.\n\n" + exitHelp + "\n")
	root := newRoot(newEnv(strings.NewReader(""), io.Discard, io.Discard, func(string) string { return "" }))
	describe(&b, root)
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Error("docs/commands.md is not what the commands say: go test ./cmd/accolade -run TestReference -update")
	}
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
			fmt.Fprintf(b, "\n%s %s\n\n%s\n\n```\n%s\n", level, sub.CommandPath(), about(sub), sub.UseLine())
			if sub.HasAvailableLocalFlags() {
				b.WriteString("\n" + strings.TrimRight(sub.LocalNonPersistentFlags().FlagUsages(), "\n") + "\n")
			}
			if sub.Example != "" {
				b.WriteString("\n" + sub.Example + "\n")
			}
			b.WriteString("```\n")
		}
		describe(b, sub)
	}
}

func about(c *cobra.Command) string {
	if c.Long != "" {
		return strings.TrimSpace(c.Long)
	}
	return c.Short + "."
}
