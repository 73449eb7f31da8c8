package guest

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/sim/yunohost"
)

// TestGuide holds the lists of the guide to what is simulated.
func TestGuide(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "sandbox.md")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`\s+`).ReplaceAllString(string(raw), " ")
	for word, list := range lists() {
		if !strings.Contains(text, list) {
			t.Errorf("%s lacks the list %s:\n%s", path, word, list)
		}
	}
}

// lists are what the guide to the sandbox tells of guests, by the word that stands in
// its place: the user-data keys, packages and programs that are simulated, the apps,
// and YunoHost's commands that are not.
func lists() map[string]string {
	quoted := func(names []string) string {
		slices.Sort(names)
		return "`" + strings.Join(names, "`, `") + "`"
	}
	names := slices.DeleteFunc(slices.Collect(maps.Keys(programs())), func(n string) bool { return n == "yunohost-installer" || n == "[" })
	return map[string]string{
		"GUEST-KEYS":       quoted(slices.Collect(maps.Keys(knownKeys))),
		"GUEST-PACKAGES":   quoted(slices.Collect(maps.Keys(available))),
		"GUEST-PROGRAMS":   quoted(names),
		"GUEST-APPS":       quoted(yunohost.Apps()),
		"YUNOHOST-REFUSED": quoted(yunohost.NotSimulated()),
	}
}
