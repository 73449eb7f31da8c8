package yunohost

import (
	"os"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/sharedtest"
)

// TestRoutes holds the embedded map of actions against the reference list of routes:
// same method, path, action, argument names.
func TestRoutes(t *testing.T) {
	raw, err := os.ReadFile(sharedtest.Dir(t, "schema", "yunohost-12.1-routes.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n")[1:] {
		cells := append(strings.Split(line, "\t"), "")
		var names []string
		for arg := range strings.SplitSeq(cells[3], "; ") {
			name, _, _ := strings.Cut(arg, "(")
			names = append(names, name)
		}
		want = append(want, strings.Join([]string{cells[0], cells[1], cells[2], strings.Join(names, ",")}, " "))
	}
	if err := table().err; err != nil {
		t.Fatal(err)
	}
	for _, r := range table().routes {
		var names []string
		for _, a := range r.spec.Args {
			names = append(names, a.Name)
		}
		got = append(got, strings.Join([]string{r.method, r.path, r.spec.Action, strings.Join(names, ",")}, " "))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("%d routes, want %d", len(got), len(want))
		for _, w := range want {
			if !slices.Contains(got, w) {
				t.Errorf("missing: %s", w)
			}
		}
	}
	simulated := 0
	for _, r := range table().routes {
		if Simulated()[r.spec.Action] {
			simulated++
		}
	}
	t.Logf("%d of %d routes simulated, the others answer 501 with their name", simulated, len(got))
	for name := range known {
		if table().actions[name] == nil {
			t.Errorf("%s is simulated but no action of YunoHost", name)
		}
	}
}
