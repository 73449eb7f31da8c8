// Package generatedtest keeps files of the tree, such as pages of docs, equal to what
// they are made from: a test that finds one different fails, or with the flag -update
// writes it anew.
package generatedtest

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write generated files anew")

// Same holds a file, named from the package's folder, against what it has to hold.
func Same(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		here, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s is not what it is made from: go test %s -run '^%s$' -update", file, filepath.ToSlash(here), t.Name())
	}
}
