package main

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// helps gives each command of the tree, and what its --help says.
func helps(yield func(c *cobra.Command, text string) bool) {
	root := newRoot(newEnv(strings.NewReader(""), io.Discard, io.Discard, func(string) string { return "" }))
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	var walk func(c *cobra.Command) bool
	walk = func(c *cobra.Command) bool {
		var out strings.Builder
		c.InitDefaultHelpFlag()
		c.SetOut(&out)
		if err := c.Help(); err != nil {
			out.WriteString(err.Error())
		}
		if !yield(c, out.String()) {
			return false
		}
		for _, sub := range c.Commands() {
			if !walk(sub) {
				return false
			}
		}
		return true
	}
	walk(root)
}

// Every help is read on the smallest terminal, and says how the command is called.
func TestHelp(t *testing.T) {
	for c, text := range helps {
		for line := range strings.SplitSeq(text, "\n") {
			if columns(line) > helpWidth {
				t.Errorf("%s --help has a line of %d columns, want %d at most: %s", c.CommandPath(), columns(line), helpWidth, line)
			}
		}
		if !strings.Contains(text, "Usage:\n  "+c.CommandPath()) || !strings.HasPrefix(text, strings.Fields(about(c))[0]) {
			t.Errorf("%s --help does not say what it is, or how it is called:\n%s", c.CommandPath(), text)
		}
	}
}

// What is broken stays what a shell reads, and lists keep their columns.
func TestFill(t *testing.T) {
	example := &cobra.Command{Use: "x", Example: "  accolade client add \"Mairie de Kerlann\" --kind town-hall --siret 21560121200016 \\\n      --address \"Place de la Mairie\" --postcode 56400 --city Kerlann"}
	want := `  accolade client add "Mairie de Kerlann" --kind town-hall \
    --siret 21560121200016 --address "Place de la Mairie" --postcode 56400 \
    --city Kerlann`
	if got := exampleText(example); got != want {
		t.Errorf("the example reads\n%s\nwant\n%s", got, want)
	}
	list := "Words that stand\non two lines.\n\n  refused   the relay will never take it, or did not for five days: retry --to ADDRESS\n  doubtful  look for the\n            Message-ID"
	want = "Words that stand on two lines.\n\n  refused   the relay will never take it, or did not for five days: retry --to\n            ADDRESS\n  doubtful  look for the Message-ID"
	if got := prose(list); got != want {
		t.Errorf("the list reads\n%s\nwant\n%s", got, want)
	}
}
