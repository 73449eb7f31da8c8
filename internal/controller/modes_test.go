package controller_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"codeberg.org/accolade/accolade/internal/config"
	"codeberg.org/accolade/accolade/internal/controller"
	"codeberg.org/accolade/accolade/internal/version"
)

// Whatever the umask of whoever starts it: what the controller keeps is its own.
func TestModesDoNotDependOnTheUmask(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := shortDir(t)
	passphrase := filepath.Join(dir, "passphrase")
	if err := os.WriteFile(passphrase, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	conf := settings(t, dir, map[string]string{"listen": "127.0.0.1:0", "identity.passphrase_file": passphrase})
	c, _ := start(t, conf)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	start(t, conf) // the key opens again
	seen := map[string]bool{}
	err := filepath.WalkDir(conf.State, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		seen[entry.Name()] = true
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, want %04o", path, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"store.db", "identity.age", "listener.pem", "documents", "copies"} {
		if !seen[name] {
			t.Errorf("there is no %s to look at: %v", name, seen)
		}
	}
	if text, err := os.ReadFile(filepath.Join(conf.State, "identity.age")); err != nil || strings.Contains(string(text), "AGE-SECRET-KEY") {
		t.Errorf("the key lies open in its file (%v)", err)
	}
	if info, err := os.Stat(conf.Socket); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("the socket: %v %v, want mode 0660", info.Mode(), err)
	}
}

func refused(t *testing.T, conf config.Config, says ...string) {
	t.Helper()
	c, err := controller.Start(t.Context(), conf, controller.Options{Version: version.String(), Log: &logBuffer{}})
	if err == nil {
		t.Error("it starts")
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		return
	}
	for _, word := range says {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("it says %q, want %q in it", err, word)
		}
	}
	if strings.Contains(err.Error(), "correct horse") || strings.Contains(err.Error(), "wrong horse") {
		t.Errorf("the passphrase is in the error: %v", err)
	}
}

// Files that others may read, and a passphrase that does not fit, are refused with
// what to do.
func TestSecretFilesRefused(t *testing.T) {
	write := func(path, text string, mode fs.FileMode) string {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dir := shortDir(t)
	open := write(filepath.Join(dir, "open"), "correct horse\n", 0o644)
	right := write(filepath.Join(dir, "right"), "correct horse\n", 0o600)
	wrong := write(filepath.Join(dir, "wrong"), "wrong horse\n", 0o600)
	with := func(flags map[string]string) config.Config { return settings(t, dir, flags) }

	refused(t, with(map[string]string{"identity.passphrase_file": open}), "identity.passphrase_file", "chmod 0600")
	refused(t, with(map[string]string{"listen": "127.0.0.1:0", "tls.certificate": open, "tls.key": open}), "tls.key", "chmod 0600")
	c, _ := start(t, with(map[string]string{"state": filepath.Join(dir, "sealed"), "identity.passphrase_file": right}))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, with(map[string]string{"state": filepath.Join(dir, "sealed"), "identity.passphrase_file": wrong}), "the passphrase is wrong")
	refused(t, with(map[string]string{"state": filepath.Join(dir, "sealed")}), "identity.passphrase_file")
	c, _ = start(t, with(map[string]string{"state": filepath.Join(dir, "plain")}))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, with(map[string]string{"state": filepath.Join(dir, "plain"), "identity.passphrase_file": right}), "age -p")
}
