package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// places is how many damaged files of each kind are opened: 500 with ACCOLADE_SOAK=1.
func places() int {
	if os.Getenv("ACCOLADE_SOAK") != "" {
		return 500
	}
	return 100
}

type note struct {
	Title, Client string
	Text          string
}

var notes = NewCollection("fault-note", 1, WithIndex("client", func(n note) []string { return []string{n.Client} }))

// lived fills a store as a life of commits does: records put, changed and deleted,
// large ones too, so that it has free pages, overflow pages and two levels.
func lived(tx Tx, rng *rand.Rand, commit int) error {
	for range 20 {
		id := fmt.Sprintf("%04d", rng.IntN(400))
		if rng.IntN(4) == 0 {
			if err := notes.Delete(tx, id); err != nil {
				return err
			}
			continue
		}
		size := rng.IntN(300)
		if rng.IntN(30) == 0 {
			size = 9000
		}
		v := note{Title: fmt.Sprintf("%d/%s", commit, id), Client: fmt.Sprint(rng.IntN(9)), Text: strings.Repeat("x", size)}
		if err := notes.Put(tx, id, v); err != nil {
			return err
		}
	}
	return nil
}

func contentOf(t testing.TB, db DB) map[string]string {
	t.Helper()
	all := map[string]string{}
	if err := db.View(func(tx Tx) error {
		for k, v := range tx.Scan(nil) {
			all[string(k)] = string(v)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFaultDamage: a store that was cut short or has one changed byte, at seeded places,
// is served right, the last commit included, or refused with the way back.
func TestFaultDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accolade.db")
	db, err := Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 30 {
		if err := db.Update(func(tx Tx) error { return lived(tx, rng, i) }); err != nil {
			t.Fatal(err)
		}
	}
	want := contentOf(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := readMeta(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	used := int(newest.high) * int(newest.pageSize)
	served, refused := map[string]int{}, map[string]int{}
	look := func(kind string, bad []byte) {
		t.Helper()
		at := filepath.Join(t.TempDir(), "accolade.db")
		if err := errors.Join(os.Chmod(filepath.Dir(at), 0o700), os.WriteFile(at, bad, 0o600)); err != nil {
			t.Fatal(err)
		}
		db, err := Open(at, Options{NoSync: true})
		if err != nil {
			if _, ok := errors.AsType[*DamagedError](err); !ok || !strings.Contains(err.Error(), "accoladed restore FILE") {
				t.Errorf("%s: refused without the way back: %v", kind, err)
			}
			refused[kind]++
			return
		}
		if !maps.Equal(contentOf(t, db), want) {
			t.Errorf("%s: served wrong", kind)
		}
		served[kind]++
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	for i := range places() {
		look("cut short", good[:rng.IntN(used)])
		at := rng.IntN(used)
		if i%10 == 0 {
			at = rng.IntN(2)*int(newest.pageSize) + rng.IntN(headerSize+64) // where both metas are
		}
		bad := bytes.Clone(good)
		bad[at] ^= byte(1 + rng.IntN(255))
		look("one byte", bad)
	}
	t.Logf("%d places each; served right %v, refused %v", places(), served, refused)
}

// FuzzDamage: whatever two places of a store hold instead of what they held, it is served
// right or refused.
func FuzzDamage(f *testing.F) {
	path := filepath.Join(f.TempDir(), "accolade.db")
	if err := os.Chmod(filepath.Dir(path), 0o700); err != nil {
		f.Fatal(err)
	}
	db, err := Open(path, Options{NoSync: true})
	if err != nil {
		f.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 3 {
		if err := db.Update(func(tx Tx) error { return lived(tx, rng, i) }); err != nil {
			f.Fatal(err)
		}
	}
	want := contentOf(f, db)
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	newest, err := readMeta(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		f.Fatal(err)
	}
	used := uint32(newest.high) * uint32(newest.pageSize)
	good = good[:used]
	f.Add(uint32(0), []byte{1}, uint32(4096), []byte{1})
	f.Add(uint32(16), good[4096+16:4096+80], uint32(0), []byte{}) // one meta in place of the other
	f.Add(uint32(4096+16), good[16:80], uint32(0), []byte{})
	f.Add(uint32(newest.root)*4096, good[:4096], uint32(0), []byte{})
	f.Add(uint32(newest.root)*4096+10, []byte{0xff, 0xff}, used, []byte{0})
	f.Fuzz(func(t *testing.T, at uint32, a []byte, also uint32, b []byte) {
		bad := bytes.Clone(good)
		copy(bad[at%(used+1):], a)
		copy(bad[also%(used+1):], b)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := Open(path, Options{NoSync: true})
		if err != nil {
			return
		}
		if !maps.Equal(contentOf(t, db), want) {
			t.Error("served wrong")
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// tap stands before the writes of a store to its file. bbolt has no option for that, so
// its private function is exchanged.
func tap(t *testing.T, db DB, write func(next func([]byte, int64) (int, error), b []byte, at int64) (int, error)) {
	t.Helper()
	ours, ok := db.(*boltDB)
	if !ok {
		t.Fatalf("%T", db)
	}
	file := ours.db
	field := reflect.ValueOf(file).Elem().FieldByName("ops").FieldByName("writeAt")
	at := (*func([]byte, int64) (int, error))(unsafe.Pointer(field.UnsafeAddr()))
	next := *at
	*at = func(b []byte, off int64) (int, error) { return write(next, b, off) }
}

// TestFaultFullDisk: the disk is full at each single write of a series of commits, also
// in the middle of it. The update is refused with a sentence, nothing of it is there,
// and the next one works, on the running store and after it was opened anew. At the
// very last write of a commit nobody can know, and the store says so.
func TestFaultFullDisk(t *testing.T) {
	const commits = 6
	base := filepath.Join(t.TempDir(), "base.db")
	db, err := Open(base, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(2, 2))
	for i := range 4 {
		if err := db.Update(func(tx Tx) error { return lived(tx, rng, i) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(base)
	if err != nil {
		t.Fatal(err)
	}
	full, doubts := 0, 0
	states := statesAfter(t, image, commits)
	for nth := 1; ; nth++ {
		path := filepath.Join(t.TempDir(), "accolade.db")
		if err := errors.Join(os.Chmod(filepath.Dir(path), 0o700), os.WriteFile(path, image, 0o600)); err != nil {
			t.Fatal(err)
		}
		db, err := Open(path, Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		writes, struck, armed := 0, false, true
		tap(t, db, func(next func([]byte, int64) (int, error), b []byte, at int64) (int, error) {
			if writes++; writes != nth || !armed {
				return next(b, at)
			}
			struck = true
			n := 0
			if nth%2 == 0 { // some of it still found room
				n, _ = next(b[:len(b)/3], at)
			}
			return n, &os.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
		})
		rng := rand.New(rand.NewPCG(3, 3))
		for i := 0; i < commits && !struck; i++ {
			before := contentOf(t, db)
			err := db.Update(func(tx Tx) error { return lived(tx, rng, 100+i) })
			if !struck {
				if err != nil {
					t.Fatalf("commit %d: %v", i, err)
				}
				continue
			}
			if _, ok := errors.AsType[*FullError](err); ok {
				full++
				if !strings.Contains(err.Error(), "nothing of this change was written") || !maps.Equal(contentOf(t, db), before) {
					t.Errorf("write %d, commit %d: %v, and something of it is there", nth, i, err)
				}
				db = again(t, db, path, before)
			} else if _, ok := errors.AsType[*doubtError](err); ok {
				doubts++
				db = doubtful(t, db, path, before, states[i], nth)
			} else {
				t.Fatalf("write %d, commit %d: %v, want a *FullError", nth, i, err)
			}
		}
		if db == nil {
			continue
		}
		armed = false
		if err := db.Update(func(tx Tx) error { return lived(tx, rng, 999) }); err != nil {
			t.Errorf("write %d: once there is room: %v", nth, err)
		}
		if err := errors.Join(db.Close(), verify(path)); err != nil {
			t.Errorf("write %d: afterwards: %v", nth, err)
		}
		if !struck {
			t.Logf("%d writes in %d commits: %d refused with nothing written, %d in doubt", nth-1, commits, full, doubts)
			return
		}
	}
}

// statesAfter is what the store of an image holds after each of the commits, on a disk
// with room.
func statesAfter(t *testing.T, image []byte, commits int) (states []map[string]string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "accolade.db")
	if err := errors.Join(os.Chmod(filepath.Dir(path), 0o700), os.WriteFile(path, image, 0o600)); err != nil {
		t.Fatal(err)
	}
	db, err := Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range commits {
		if err := db.Update(func(tx Tx) error { return lived(tx, rng, 100+i) }); err != nil {
			t.Fatal(err)
		}
		states = append(states, contentOf(t, db))
	}
	return states
}

// again goes on on the running store, then opens it anew.
func again(t *testing.T, db DB, path string, before map[string]string) DB {
	t.Helper()
	if err := db.Update(func(tx Tx) error { return tx.Put([]byte("room"), []byte("again")) }); err != nil {
		t.Errorf("once there is room: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	db, err := Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	want := maps.Clone(before)
	want["room"] = "again"
	if !maps.Equal(contentOf(t, db), want) {
		t.Error("opened anew it holds something else")
	}
	return db
}

// doubtful wants a store that stopped, and that shows the state before or after when it
// is opened anew.
func doubtful(t *testing.T, db DB, path string, before, after map[string]string, nth int) DB {
	t.Helper()
	if err := db.View(func(Tx) error { return nil }); err == nil || !strings.Contains(err.Error(), "systemctl restart accoladed") {
		t.Errorf("write %d: a store in doubt goes on: %v", nth, err)
	}
	if err := db.Update(func(Tx) error { return nil }); err == nil {
		t.Errorf("write %d: a store in doubt takes an update", nth)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	db, err := Open(path, Options{})
	if err != nil {
		t.Errorf("write %d: opened anew: %v", nth, err)
		return nil
	}
	if got := contentOf(t, db); !maps.Equal(got, before) && !maps.Equal(got, after) {
		t.Errorf("write %d: neither the state before nor the one after", nth)
	}
	return db
}
