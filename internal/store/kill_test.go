package store_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"codeberg.org/accolade/accolade/internal/store"
)

// write is the process that is killed: four goroutines write numbered pairs of keys
// and say each number that Update has let them believe is on the disk.
func write(path string) error {
	db, err := store.Open(path, store.Options{})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	failed := make(chan error)
	for w := range 4 {
		go func() {
			for n := 0; ; n++ {
				err := db.Update(func(tx store.Tx) error { return putPair(tx, w, n) })
				if err != nil {
					failed <- err
					return
				}
				mu.Lock()
				fmt.Printf("%d %d\n", w, n)
				mu.Unlock()
			}
		}()
	}
	return <-failed
}

// putPair writes two keys that belong together, and the writer's count.
func putPair(tx store.Tx, w, n int) error {
	val := bytes.Repeat([]byte{byte(n)}, 500)
	for _, key := range []string{"left", "right"} {
		if err := tx.Put(fmt.Appendf(nil, "%s/%d/%08d", key, w, n), val); err != nil {
			return err
		}
	}
	return tx.Put(fmt.Appendf(nil, "count/%d", w), binary.BigEndian.AppendUint64(nil, uint64(n+1)))
}

// whole wants every pair complete, the counts right, and at least what was said.
func whole(t *testing.T, db store.DB, said map[int]int) {
	t.Helper()
	err := db.View(func(tx store.Tx) error {
		for w := range 4 {
			raw, err := tx.Get(fmt.Appendf(nil, "count/%d", w))
			if err != nil {
				return err
			}
			count := 0
			if raw != nil {
				count = int(binary.BigEndian.Uint64(raw))
			}
			for _, key := range []string{"left", "right"} {
				got := 0
				for range tx.Scan(fmt.Appendf(nil, "%s/%d/", key, w)) {
					got++
				}
				if got != count {
					t.Errorf("writer %d: %d keys %s, and its count says %d", w, got, key, count)
				}
			}
			if count < said[w] {
				t.Errorf("writer %d: %d pairs are there, and %d were said to be on the disk", w, count, said[w])
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestKilledWhileWriting: SIGKILL at an instant between or within commits loses
// nothing that Update has promised, and leaves no half.
func TestKilledWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accolade.db")
	said := map[int]int{}
	for round := range 4 {
		os.Remove(path) // each round is a file of its own: writers count from 0
		clear(said)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "STORE_TEST_WRITE="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for i := 0; i < 20+13*round && lines.Scan(); i++ {
			w, n, ok := strings.Cut(lines.Text(), " ")
			writer, err1 := strconv.Atoi(w)
			number, err2 := strconv.Atoi(n)
			if !ok || err1 != nil || err2 != nil {
				t.Fatalf("the writer says %q", lines.Text())
			}
			said[writer] = max(said[writer], number+1)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // "signal: killed"
		db, err := store.Open(path, store.Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		whole(t, db, said)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCopyWhileWriting: a copy made in the middle of writing is whole.
func TestCopyWhileWriting(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "accolade.db"))
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := db.Update(func(tx store.Tx) error { return putPair(tx, w, n) }); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 5 {
		path := filepath.Join(t.TempDir(), strconv.Itoa(i))
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Copy(f); err != nil {
			t.Error(err)
		}
		f.Close()
		to := filepath.Join(t.TempDir(), "restored", "accolade.db")
		if err := store.Restore(path, to, nil); err != nil {
			t.Error(err)
			continue
		}
		whole(t, open(t, to), nil)
	}
	close(stop)
	writers.Wait()
}
