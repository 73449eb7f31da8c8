package controller_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "codeberg.org/accolade/accolade/internal/controller" // declares every collection
	"codeberg.org/accolade/accolade/internal/store"
)

// goldens are stores that earlier programs have written, each a demo's from its bare box
// to its invoices; to the second one a token, a reservation, a restore and a missed
// backup were added. None of them ever changes. A new one is added when a collection gets
// a new version or index:
//
//	make demo KEEP=1
//	accolade store copy new.db                        (with the socket that the demo names)
//	gzip -9nc new.db > internal/controller/testdata/schemas/NNN-WHAT.db.gz
const goldens = "testdata/schemas"

// TestSchemas opens every store that an earlier program has written: each record of it
// is read, and nothing of it gets lost. It also wants a golden store of each version that a
// collection has had, and of its present layout if an earlier one is there: a version
// cannot be raised, nor an index changed, without one.
func TestSchemas(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(goldens, "*.db.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden stores in %s (%v)", goldens, err)
	}
	seen := map[string][]string{} // layouts by collection
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			db := openGolden(t, file)
			if err := db.Update(func(tx store.Tx) error {
				for _, s := range store.Schemas() {
					layout, err := store.LayoutIn(tx, s.Name)
					if err != nil {
						return err
					}
					n, err := s.Check(tx)
					if err != nil {
						t.Errorf("%s, written as %q: %v", s.Name, layout, err)
					}
					if n > 0 {
						seen[s.Name] = append(seen[s.Name], layout)
					}
					t.Logf("%-16s %4d records written as %q, read as %q", s.Name, n, layout, s.Layout)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, s := range store.Schemas() {
		held := seen[s.Name]
		for v := 1; v <= s.Version; v++ {
			if s.Version > 1 && !slices.ContainsFunc(held, func(layout string) bool { return strings.HasPrefix(layout+" ", fmt.Sprint(v)+" ") }) {
				t.Errorf("no golden store holds %s records of version %d, and this program has version %d: add one as %s says at the top", s.Name, v, s.Version, "schema_test.go")
			}
		}
		if len(held) > 0 && !slices.Contains(held, s.Layout) {
			t.Errorf("golden stores hold %s records of the layouts %q, and this program has %q: add one as %s says at the top", s.Name, held, s.Layout, "schema_test.go")
		}
	}
}

func openGolden(t *testing.T, file string) store.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "accolade.db")
	if err := os.Chmod(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	unpackGolden(t, file, path)
	db, err := store.Open(path, store.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// unpackGolden writes a golden store to path.
func unpackGolden(t *testing.T, file, path string) {
	t.Helper()
	packed, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}
