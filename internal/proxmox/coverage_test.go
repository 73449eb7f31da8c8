package proxmox_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"codeberg.org/accolade/accolade/internal/proxmox/proxmoxtest"
	"codeberg.org/accolade/accolade/internal/sharedtest"
	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/pve"
)

// TestCoverage tells how many methods of the API are described, simulated, used by
// the adapter, and known by a recording; what is used must be simulated.
func TestCoverage(t *testing.T) {
	recorded := recordedMethods(t)
	for _, name := range []string{apispec.PVE84, apispec.PVE92} {
		spec, err := apispec.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		simulated, used, known := 0, 0, 0
		for _, m := range spec.Methods {
			isSimulated := slices.Contains(pve.Simulated(), m.Sig())
			isUsed := slices.ContainsFunc(proxmoxtest.Calls, func(c proxmoxtest.Call) bool { return c.Sig == m.Sig() })
			if isSimulated {
				simulated++
			}
			if isUsed {
				used++
				if !isSimulated {
					t.Errorf("%s: %s is used and not simulated", name, m.Sig())
				}
			}
			if recorded[m.Sig()] {
				known++
			}
		}
		t.Logf("%s: %d methods described, %d simulated, %d used, %d recorded", name, len(spec.Methods), simulated, used, known)
	}
}

// recordedMethods are those of which a real host's answer is recorded.
func recordedMethods(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "recorded", "pve-9.2.4"), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	spec, err := apispec.Load(apispec.PVE92)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all []struct{ Method, Path string }
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			if m, _, ok := spec.Find(e.Method, e.Path); ok {
				out[m.Sig()] = true
			}
		}
	}
	return out
}
