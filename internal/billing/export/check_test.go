package export_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing/export"
)

// saved writes an export into a folder, without its manifest.
func (c *coop) saved(folder string, f export.Format) export.Manifest {
	c.Helper()
	e := c.open("2026-10", f)
	m, err := e.Manifest()
	c.must(err)
	for _, name := range e.Files() {
		c.must(os.WriteFile(filepath.Join(folder, name), c.file(e, name), 0o600))
	}
	return m
}

// A folder is what its manifests say, or the difference is told.
func TestCheck(t *testing.T) {
	c := newCoop(t)
	c.finalise("2026-09", "2026-10")
	for _, format := range export.Formats {
		folder := t.TempDir()
		good := c.saved(folder, format)
		for name, x := range map[string]struct {
			change func(*export.Manifest)
			want   string // of all formats but the journal, which is read by people
		}{
			"good":    {func(*export.Manifest) {}, ""},
			"entries": {func(m *export.Manifest) { m.Entries++ }, "fec: the files come to"},
			"sum":     {func(m *export.Manifest) { m.Total++ }, "csv xlsx: the files come to"},
			"hours":   {func(m *export.Manifest) { m.Minutes++ }, "csv xlsx: the files come to"},
			"hash":    {func(m *export.Manifest) { m.Files[0].Bytes++ }, "csv xlsx fec journal: was changed: "},
			"missing": {func(m *export.Manifest) { m.Files[0].Name = "other.csv" }, "csv xlsx fec journal: no such file"},
			"outside": {func(m *export.Manifest) { m.Files[0].Name = "../" + m.Files[0].Name }, "csv xlsx fec journal: open ../"},
		} {
			m := good
			m.Files = slices.Clone(good.Files)
			x.change(&m)
			b, err := json.Marshal(m)
			c.must(err)
			c.must(os.WriteFile(filepath.Join(folder, m.Name()), b, 0o600))
			all, err := export.Manifests(folder)
			if err != nil || len(all) != 1 {
				t.Fatalf("%s, %s: %d manifests, %v", format, name, len(all), err)
			}
			formats, words, _ := strings.Cut(x.want, ": ")
			want := strings.Contains(formats+" ", string(format)+" ")
			if err := all[0].Check(folder); (err != nil) != want || want && !strings.Contains(err.Error(), words) {
				t.Errorf("%s, %s: %v, want %q", m.Name(), name, err, words)
			}
		}
	}
}

func TestNoManifest(t *testing.T) {
	for name, text := range map[string]string{"manifest-2026-10-csv.json": `{"period":"2026-10","format":"csv","colour":"red"}`, "manifest-2026-09-csv.json": `{"period":"2026-10","format":"csv"}`} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := export.Manifests(folder); err == nil || !strings.Contains(err.Error(), "is no manifest") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
