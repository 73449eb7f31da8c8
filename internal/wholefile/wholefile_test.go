package wholefile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"codeberg.org/accolade/accolade/internal/wholefile"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "below")
	name := filepath.Join(dir, "a")
	for _, content := range []string{"one", "two"} {
		if err := wholefile.Write(wholefile.OS, name, text(content)); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(name); err != nil || string(b) != content {
			t.Errorf("read %q, %v; want %q", b, err, content)
		}
	}
	broken := errors.New("the pen broke")
	err := wholefile.Write(wholefile.OS, name, func(w io.Writer) error { return errors.Join(text("thr")(w), broken) })
	if b, rerr := os.ReadFile(name); !errors.Is(err, broken) || rerr != nil || string(b) != "two" {
		t.Errorf("a write that broke off: %v, and the file holds %q, %v", err, b, rerr)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("the folder holds %q, want the file alone", got)
	}
}

func TestNewReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "key")
	if err := wholefile.New(wholefile.OS, name, text("first")); err != nil {
		t.Fatal(err)
	}
	if err := wholefile.New(wholefile.OS, name, text("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want mode 0600", info, err)
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != "first" || len(names(t, dir)) != 1 {
		t.Errorf("read %q, %v among %q", b, err, names(t, dir))
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	if err := wholefile.Write(wholefile.OS, filepath.Join(dir, "a"), text("whole")); err != nil {
		t.Fatal(err)
	}
	f, err := wholefile.OS.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(wholefile.Sweep(wholefile.OS, dir), wholefile.Sweep(wholefile.OS, filepath.Join(dir, "absent"))); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); len(got) != 1 || got[0] != "a" {
		t.Errorf("the folder holds %q, want a", got)
	}
}
