// Package sharedtest finds the reference data that stands beside a checkout:
// official API descriptions, answers recorded from real systems, and the official
// rules for e-invoices. The data is no part of the project; tests that need it
// skip where it is absent, but never in CI.
package sharedtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// Answer is what a real system said, as it was recorded.
type Answer struct {
	Status int    // of HTTP; 200 where the recording has none
	Body   string // JSON as a rule; of a command its standard output
}

// longest leaves out answers that a fuzzer would only be slow with.
const longest = 8 << 10

// Answers are the recorded answers of one system, for the seeds of a fuzz target. There
// are none where the reference data is absent: a target has seeds of its own beside.
func Answers(f *testing.F, system string) (list []Answer) {
	f.Helper()
	root := os.Getenv("ACCOLADE_SHARED")
	if root == "" {
		root = beside(f)
	}
	files, err := filepath.Glob(filepath.Join(root, "recorded", system, "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var exchanges []struct {
			Status   string          `json:"status"`
			Response json.RawMessage `json:"response"`
		}
		if err := json.Unmarshal(text, &exchanges); err != nil {
			f.Fatalf("%s: %v", file, err)
		}
		for _, e := range exchanges {
			a := answer(e.Status, e.Response)
			if len(a.Body) > longest || seen[a.Body] {
				continue
			}
			seen[a.Body] = true
			list = append(list, a)
		}
	}
	return list
}

// answer reads both forms of the recordings: the status beside the body, or inside of
// an object with it.
func answer(status string, raw json.RawMessage) Answer {
	a := Answer{Status: 200, Body: string(raw)}
	if code, _, _ := strings.Cut(status, " "); code != "" {
		if n, err := strconv.Atoi(code); err == nil {
			a.Status = n
		}
		return a
	}
	var inner struct {
		Status int             `json:"status"`
		Body   json.RawMessage `json:"body"`
		Stdout string          `json:"stdout"`
	}
	if json.Unmarshal(raw, &inner) != nil {
		return a
	}
	if a.Status = inner.Status; a.Status == 0 {
		return Answer{Status: 200, Body: inner.Stdout}
	}
	var text string
	if a.Body = string(inner.Body); json.Unmarshal(inner.Body, &text) == nil {
		a.Body = text
	}
	return a
}
