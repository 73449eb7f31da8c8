package reduce_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"testing"

	"codeberg.org/accolade/accolade/internal/sharedtest"
	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/apispec/reduce"
)

// The keys of the property strings that the descriptions know by name only are those
// of their type texts.
func TestNamedPropertyStrings(t *testing.T) {
	key := regexp.MustCompile(`\[?,?\[?([a-z0-9_-]+)=`)
	for _, name := range []string{apispec.PVE84, apispec.PVE92} {
		t.Run(name, func(t *testing.T) {
			packed, err := os.ReadFile(sharedtest.Dir(t, "schema", reduce.Sources[name]))
			if err != nil {
				t.Fatal(err)
			}
			text, err := apispec.Unpack(packed)
			if err != nil {
				t.Fatal(err)
			}
			var tree any
			if err := json.Unmarshal(text, &tree); err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			walk(tree, func(o map[string]any) {
				format, _ := o["format"].(string)
				typetext, _ := o["typetext"].(string)
				got, ok := apispec.PairKeys(name, format)
				if !ok || typetext == "" || seen[format] || format == "pve-qm-ide" {
					return
				}
				seen[format] = true
				var want []string
				for _, m := range key.FindAllStringSubmatch(typetext, -1) {
					want = append(want, m[1])
				}
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%s has the keys %v, its type text %q says %v", format, got, typetext, want)
				}
			})
			if len(seen) < 12 {
				t.Errorf("only %d named property strings were compared: %v", len(seen), seen)
			}
		})
	}
}

func walk(v any, see func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		see(v)
		for _, e := range v {
			walk(e, see)
		}
	case []any:
		for _, e := range v {
			walk(e, see)
		}
	}
}
