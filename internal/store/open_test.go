package store_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/store"
)

// TestMain lets the test binary be the other process that has the store open.
func TestMain(m *testing.M) {
	if path := os.Getenv("STORE_TEST_HOLD"); path != "" {
		if _, err := store.Open(path, store.Options{}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("open")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // until the test lets go
		os.Exit(0)
	}
	if path := os.Getenv("STORE_TEST_WRITE"); path != "" {
		fmt.Println(write(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func open(t *testing.T, path string) store.DB {
	t.Helper()
	db, err := store.Open(path, store.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// filled makes a store file with n records and closes it.
func filled(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "accolade.db")
	db, err := store.Open(path, store.Options{NoSync: true})
	if err == nil {
		err = db.Update(func(tx store.Tx) error {
			for i := range n {
				if err := tx.Put(fmt.Appendf(nil, "key %06d", i), bytes.Repeat([]byte{byte(i)}, 100)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "accolade.db")
	open(t, path)
	for what, want := range map[string]os.FileMode{dir: 0o700, filepath.Dir(dir): 0o700, path: 0o600, path + ".pid": 0o600} {
		info, err := os.Stat(what)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %04o, want %04o", what, got, want)
		}
	}
}

func TestLooseModesAreTightened(t *testing.T) {
	path := filled(t, 1)
	for p, loose := range map[string]os.FileMode{path: 0o644, filepath.Dir(path): 0o755} {
		if err := os.Chmod(p, loose); err != nil {
			t.Fatal(err)
		}
	}
	open(t, path)
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, want mode %04o", p, info.Mode(), want)
		}
	}
}

func TestSharedFolderIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tmp")
	if err := errors.Join(os.Mkdir(dir, 0o777), os.Chmod(dir, 0o777|os.ModeSticky)); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(filepath.Join(dir, "accolade.db"), store.Options{})
	if err == nil || !strings.Contains(err.Error(), "shared by all users") {
		t.Errorf("a sticky folder: %v", err)
	}
}

func TestOtherOwnerIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	path := filled(t, 1)
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(path, store.Options{})
	if _, ok := errors.AsType[*store.OwnerError](err); !ok || !strings.Contains(err.Error(), "uid 12345") {
		t.Errorf("a file of another user: %v", err)
	}
	if err := errors.Join(os.Chown(path, 0, -1), os.Chown(filepath.Dir(path), 12345, -1)); err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(path, store.Options{})
	if _, ok := errors.AsType[*store.OwnerError](err); !ok {
		t.Errorf("a folder of another user: %v", err)
	}
}

// hold starts another process that has the store open, and returns its pid.
func hold(t *testing.T, path string) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STORE_TEST_HOLD="+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the other process: %v", err)
		}
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "open\n" {
		t.Fatalf("the other process says %q (%v)", line, err)
	}
	return cmd.Process.Pid
}

func TestLockedByAnotherProcess(t *testing.T) {
	path := filled(t, 1)
	pid := hold(t, path)
	for name, try := range map[string]func() error{
		"Open":    func() error { _, err := store.Open(path, store.Options{}); return err },
		"Restore": func() error { return store.Restore(filled(t, 1), path, nil) },
	} {
		begun := time.Now()
		err := try()
		took := time.Since(begun)
		locked, ok := errors.AsType[*store.LockedError](err)
		if !ok || locked.PID != pid || !strings.Contains(err.Error(), fmt.Sprintf("process %d (store.test)", pid)) {
			t.Errorf("%s: %v, want it to name process %d", name, err, pid)
		}
		if took > 10*time.Second { // it waits lockWait; a busy machine adds to that
			t.Errorf("%s took %v to say so, want half a second", name, took)
		}
	}
	// Where the kernel's table does not help, the note beside the file does.
	if note, err := os.ReadFile(path + ".pid"); err != nil || string(note) != fmt.Sprintf("%d\n", pid) {
		t.Errorf("the note says %q (%v)", note, err)
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"nothing":       func([]byte) []byte { return nil },
		"not a store":   func(b []byte) []byte { return []byte(strings.Repeat("hello ", 2000)) },
		"short text":    func(b []byte) []byte { return []byte("hello") },
		"first part":    func(b []byte) []byte { return b[:60_000] },
		"no last page":  func(b []byte) []byte { return b[:8192] },
		"zeroed middle": func(b []byte) []byte { clear(b[40000:60000]); return b },
		"both metas":    func(b []byte) []byte { clear(b[:8192]); return b },
		"one value": func(b []byte) []byte {
			i := bytes.LastIndex(b, bytes.Repeat([]byte{7}, 100))
			b[i+50] ^= 1
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filled(t, 2000)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err = store.Open(path, store.Options{})
			if _, ok := errors.AsType[*store.DamagedError](err); !ok || !strings.Contains(err.Error(), "accoladed restore") {
				t.Fatalf("%v, want a *DamagedError with the way back", err)
			}
			if err := store.Restore(path, filepath.Join(t.TempDir(), "x.db"), nil); err == nil || !strings.Contains(err.Error(), "nothing was changed") {
				t.Errorf("restore of it: %v", err)
			}
		})
	}
}

// TestAnyFlippedBit: a changed bit is either of no consequence or refused; what was
// stored is never read as something else, and the program never dies of it.
func TestAnyFlippedBit(t *testing.T) {
	path := filled(t, 300)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		bad := bytes.Clone(good)
		at := rapid.IntRange(0, len(bad)-1).Draw(rt, "byte")
		bad[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		n++
		path := filepath.Join(dir, fmt.Sprint(n), "x.db")
		if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), os.WriteFile(path, bad, 0o600)); err != nil {
			rt.Fatal(err)
		}
		db, err := store.Open(path, store.Options{NoSync: true})
		if err != nil {
			return
		}
		defer db.Close()
		count := 0
		err = db.View(func(tx store.Tx) error {
			for k, v := range tx.Scan(nil) {
				if want := bytes.Repeat([]byte{byte(count)}, 100); string(k) != fmt.Sprintf("key %06d", count) || !bytes.Equal(v, want) {
					rt.Errorf("byte %d: record %d reads %q = %x", at, count, k, v)
				}
				count++
			}
			return nil
		})
		if err != nil || count != 300 {
			rt.Errorf("byte %d: %d records, %v", at, count, err)
		}
	})
}

func TestNewerFileIsRefused(t *testing.T) {
	path := filled(t, 1)
	file, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = file.Update(func(tx *bolt.Tx) error { return tx.Bucket([]byte("file")).Put([]byte("format"), []byte("99")) })
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(path, store.Options{})
	if _, ok := errors.AsType[*store.NewerError](err); !ok || !strings.Contains(err.Error(), "file format 99 (this program knows 1)") {
		t.Errorf("a newer file: %v", err)
	}
}

func TestNewerCollectionIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accolade.db")
	type thing struct{ Name string }
	things := store.NewCollection[thing]("thing-of-the-future", 1)
	db, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx store.Tx) error {
		if err := things.Put(tx, "1", thing{}); err != nil {
			return err
		}
		return tx.Put([]byte("m/version/thing-of-the-future"), []byte("7 name")) // as a later program would
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(path, store.Options{})
	if _, ok := errors.AsType[*store.NewerError](err); !ok || !strings.Contains(err.Error(), "thing-of-the-future records have version 7") {
		t.Errorf("a store with newer records: %v", err)
	}
}

func TestFullDisk(t *testing.T) {
	db, err := store.Open(filepath.Join(t.TempDir(), "accolade.db"), store.Options{NoSync: true, MaxSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	wantFull(t, db, nil)
}

func TestFullFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m,mode=0700"); err != nil {
		t.Skipf("needs the right to mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 300_000), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(filepath.Join(dir, "accolade.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	wantFull(t, db, func() error { return os.Remove(ballast) })
}

// wantFull fills a store until it is full, and wants it to stay sound, and to work on
// once there is room.
func wantFull(t *testing.T, db store.DB, makeRoom func() error) {
	t.Helper()
	written := 0
	put := func(n int) error {
		return db.Update(func(tx store.Tx) error { return tx.Put(fmt.Appendf(nil, "key %d", n), make([]byte, 20_000)) })
	}
	var err error
	for ; written < 1000 && err == nil; written++ {
		err = put(written)
	}
	written-- // the last one failed
	if _, ok := errors.AsType[*store.FullError](err); !ok || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("after %d records: %v, want a *FullError", written, err)
	}
	if makeRoom != nil {
		if err := makeRoom(); err != nil {
			t.Fatal(err)
		}
		if err := put(written); err != nil {
			t.Errorf("once there is room: %v", err)
		}
		written++
	}
	count := 0
	err = db.View(func(tx store.Tx) error {
		for range tx.Scan([]byte("key ")) {
			count++
		}
		return nil
	})
	if err != nil || count != written {
		t.Errorf("%d records are there (%v), want %d", count, err, written)
	}
}

func TestRestoreKeepsWhatWasThere(t *testing.T) {
	from, to := filled(t, 10), filled(t, 3)
	if err := store.Restore(from, to, nil); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{to: 10, to + ".replaced": 3} {
		count := 0
		err := open(t, path).View(func(tx store.Tx) error {
			for range tx.Scan(nil) {
				count++
			}
			return nil
		})
		if err != nil || count != want {
			t.Errorf("%s holds %d records (%v), want %d", filepath.Base(path), count, err, want)
		}
	}
	if err := store.Restore(filepath.Join(t.TempDir(), "nothing"), to, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("restore of a file that is not there: %v", err)
	}
}

// TestRestoreOverADamagedStore is the way back that the messages promise.
func TestRestoreOverADamagedStore(t *testing.T) {
	from, to := filled(t, 10), filled(t, 3)
	if err := os.Truncate(to, 5000); err != nil {
		t.Fatal(err)
	}
	if err := store.Restore(from, to, nil); err != nil {
		t.Fatal(err)
	}
	open(t, to)
}
