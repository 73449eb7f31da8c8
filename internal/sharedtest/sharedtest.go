// Package sharedtest finds the reference data that stands beside a checkout:
// official API descriptions, answers recorded from real systems, and the official
// rules for e-invoices. The data is no part of the project; tests that need it
// skip where it is absent, but never in CI.
package sharedtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the path of elem inside the reference data, which is the folder
// named by ACCOLADE_SHARED, or else the first folder "shared" found beside the
// module or beside one of its parents. Where it is absent the test is skipped,
// and fails if CI is set to true.
func Dir(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("ACCOLADE_SHARED")
	if root == "" {
		root = beside(t)
	}
	if root != "" {
		path := filepath.Join(append([]string{root}, elem...)...)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("reference data %s not found beside the checkout, and CI=true forbids skipping", filepath.Join(elem...))
	}
	t.Skipf("needs the reference data %s in a folder \"shared\" beside the checkout (or ACCOLADE_SHARED)", filepath.Join(elem...))
	return ""
}

func beside(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("working directory: %v", err)
	}
	for dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		for _, name := range []string{"schema", "recorded"} {
			if _, err := os.Stat(filepath.Join(dir, "shared", name)); err == nil {
				return filepath.Join(dir, "shared")
			}
		}
	}
	return ""
}
