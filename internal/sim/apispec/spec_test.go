package apispec

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func eachSchema(m *Method, see func(where string, s *Schema)) {
	var walk func(where string, s *Schema)
	walk = func(where string, s *Schema) {
		if s == nil {
			return
		}
		see(where, s)
		for name, p := range s.Properties {
			walk(where+"."+name, p)
		}
		walk(where+"[]", s.Items)
		walk(where+"*", s.Additional)
		walk(where+"/", s.Pairs)
		for _, one := range s.OneOf {
			walk(where+"|", one)
		}
	}
	walk(m.Sig(), m.Params)
	walk(m.Sig()+" returns", m.Returns)
}

// Every pattern of every description compiles, and every format is either checked or
// listed as unchecked with its reason.
func TestPatternsAndFormatsAreKnown(t *testing.T) {
	used := map[string]bool{}
	for _, name := range Names {
		spec := mustLoad(t, name)
		for _, m := range spec.Methods {
			eachSchema(m, func(where string, s *Schema) {
				if s.Pattern != "" {
					if _, err := s.Regexp(); err != nil {
						t.Errorf("%s: %v", where, err)
					}
				}
				if s.Format == "" {
					return
				}
				base := strings.TrimSuffix(strings.TrimSuffix(s.Format, "-list"), "-opt")
				for _, f := range []string{s.Format, base} {
					if unchecked[f] != "" {
						used[f] = true
						return
					}
					if formats[f] != nil || pairFormats[f].schema != nil {
						return
					}
				}
				t.Errorf("%s: format %s is neither checked nor listed as unchecked", where, s.Format)
			})
		}
	}
	for f := range unchecked {
		if !used[f] {
			t.Errorf("format %s is listed as unchecked, but no description uses it", f)
		}
	}
}

// Every indexed family of the descriptions has its limit, and none is left over.
func TestFamiliesAreComplete(t *testing.T) {
	found := map[string]bool{}
	for _, name := range []string{PVE84, PVE92} {
		for _, m := range mustLoad(t, name).Methods {
			for p := range m.Params.Properties {
				if base, ok := strings.CutSuffix(p, "[n]"); ok {
					found[base] = true
				}
			}
		}
	}
	want := slices.Sorted(maps.Keys(found))
	if got := slices.Sorted(maps.Keys(families)); !slices.Equal(got, want) {
		t.Errorf("families %v, the descriptions have %v", got, want)
	}
}

func TestFind(t *testing.T) {
	spec := mustLoad(t, PVE92)
	for _, tc := range []struct {
		verb, path, sig string
		params          map[string]string
	}{
		{"GET", "/version", "GET /version", map[string]string{}},
		{"GET", "//nodes/pve/qemu/100/config/", "GET /nodes/{node}/qemu/{vmid}/config", map[string]string{"node": "pve", "vmid": "100"}},
		{"DELETE", "/nodes/pve/storage/local/content/local:iso/seed.iso", "DELETE /nodes/{node}/storage/{storage}/content/{volume}",
			map[string]string{"node": "pve", "storage": "local", "volume": "local:iso/seed.iso"}},
		{"GET", "/nodes/pve/storage/local/content", "GET /nodes/{node}/storage/{storage}/content", map[string]string{"node": "pve", "storage": "local"}},
		{"GET", "/nodes/pve/tasks/UPID:pve:1:2:3:x:y:root@pam:/log", "GET /nodes/{node}/tasks/{upid}/log",
			map[string]string{"node": "pve", "upid": "UPID:pve:1:2:3:x:y:root@pam:"}},
		{"PATCH", "/version", "", nil},
		{"GET", "/no/such", "", nil},
	} {
		m, params, ok := spec.Find(tc.verb, tc.path)
		if !ok {
			if tc.sig != "" {
				t.Errorf("%s %s: not found, want %s", tc.verb, tc.path, tc.sig)
			}
			continue
		}
		if m.Sig() != tc.sig || !maps.Equal(params, tc.params) {
			t.Errorf("%s %s: %s %v, want %s %v", tc.verb, tc.path, m.Sig(), params, tc.sig, tc.params)
		}
	}
}

func mustLoad(t testing.TB, name string) *Spec {
	t.Helper()
	spec, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// What is known beyond the descriptions belongs to methods that exist.
func TestKnownMethodsExist(t *testing.T) {
	for _, b := range known {
		found := false
		for _, name := range Names {
			if b.Spec == name || b.Spec == "pve" && name != PBS {
				found = found || mustLoad(t, name).Method(b.Sig) != nil
			}
		}
		if !found || b.Why == "" {
			t.Errorf("%s %s %s: no such method, or no reason", b.Spec, b.Sig, b.Path)
		}
	}
}
