package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// shown elsewhere are verbs that no script runs, with the test that does.
var shownElsewhere = map[string]string{
	"accolade demo":             "make demo, and the tests of internal/sim/demo",
	"accolade invoice validate": "TestInvoiceValidate, since scripts run where the official rules are not",
	"accolade sandbox":          "every script that says `sandbox start`",
}

// Every verb stands in a script with a call that succeeds and one that is refused.
func TestEveryCommandHasAScript(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	root := newRoot(newEnv(strings.NewReader(""), io.Discard, io.Discard, func(string) string { return "" }))
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			walk(sub)
		}
		path := c.CommandPath()
		if c.HasSubCommands() || c.Hidden || shownElsewhere[path] != "" || strings.HasPrefix(path, "accolade completion") || c.Name() == "help" {
			return
		}
		line := func(prefix string) *regexp.Regexp {
			return regexp.MustCompile(`(?m)^` + prefix + `(exec|sandbox during) (sh -c '|env \S+ )?` + regexp.QuoteMeta(path) + `( |'|$)`)
		}
		if !line("").MatchString(all.String()) {
			t.Errorf("no script shows %s", path)
		}
		if !line("! ").MatchString(all.String()) && !needsOnlyAController(t, c) {
			t.Errorf("no script shows a refusal of %s", path)
		}
	}
	walk(root)
}

// needsOnlyAController is true for a verb that takes nothing and so can only fail for
// want of a controller; that it does so with the right word and code is tried here.
func needsOnlyAController(t *testing.T, c *cobra.Command) bool {
	if c.Args == nil || c.Args(c, nil) != nil {
		return false
	}
	var errOut strings.Builder
	e := newEnv(strings.NewReader(""), io.Discard, &errOut, func(string) string { return "" })
	args := append(strings.Fields(c.CommandPath())[1:], "--socket", "/nonexistent/socket")
	if code := run(t.Context(), args, e); code != exitNoController {
		t.Errorf("%s without a controller: code %d, wanted is %d", c.CommandPath(), code, exitNoController)
	}
	if !strings.Contains(errOut.String(), "start one with: systemctl start accoladed") {
		t.Errorf("%s without a controller says %s", c.CommandPath(), errOut.String())
	}
	return true
}
