// Package storetest is the suite that every implementation of store.DB must pass.
package storetest

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/store"
)

// Run checks an implementation. open returns an empty store; the suite closes it.
func Run(t *testing.T, open func(testing.TB) store.DB) {
	for name, test := range map[string]func(*testing.T, store.DB){
		"GetPutDelete":       getPutDelete,
		"FailedUpdate":       failedUpdate,
		"PanickingUpdate":    panickingUpdate,
		"ViewCannotWrite":    viewCannotWrite,
		"EndedTransaction":   endedTransaction,
		"BadKeys":            badKeys,
		"Scan":               scan,
		"ScanWhileWriting":   scanWhileWriting,
		"SnapshotOfView":     snapshotOfView,
		"ConcurrentUpdates":  concurrentUpdates,
		"ConcurrentFailures": concurrentFailures,
		"Sequence":           sequence,
		"Copy":               copyOf,
		"Closed":             closed,
		"Collection":         collection,
		"IndexesFollow":      indexesFollow,
		"IndexRange":         indexRange,
		"IndexAddedLater":    indexAddedLater,
		"Migration":          migration,
		"NewerRecord":        newerRecord,
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			defer db.Close()
			test(t, db)
		})
	}
	t.Run("Model", func(t *testing.T) { model(t, open) })
	t.Run("CollectionModel", func(t *testing.T) { collectionModel(t, open) })
}

func getPutDelete(t *testing.T, db store.DB) {
	update(t, db, func(tx store.Tx) {
		check(t, tx.Put([]byte("a"), []byte("1")))
		wantValue(t, tx, "a", "1") // its own writes
		check(t, tx.Put([]byte("empty"), nil))
		check(t, tx.Delete([]byte("never there")))
	})
	view(t, db, func(tx store.Tx) {
		wantValue(t, tx, "a", "1")
		wantAbsent(t, tx, "b")
		got, err := tx.Get([]byte("empty"))
		check(t, err)
		if got == nil || len(got) != 0 {
			t.Errorf("an empty value came back as %#v, want an empty slice that is not nil", got)
		}
		got, err = tx.Get([]byte("a"))
		check(t, err)
		got[0] = 'X' // the slice is ours
		wantValue(t, tx, "a", "1")
	})
	update(t, db, func(tx store.Tx) {
		check(t, tx.Delete([]byte("a")))
		wantAbsent(t, tx, "a")
	})
	view(t, db, func(tx store.Tx) { wantAbsent(t, tx, "a") })
}

func failedUpdate(t *testing.T, db store.DB) {
	sorry := errors.New("sorry")
	err := db.Update(func(tx store.Tx) error {
		check(t, tx.Put([]byte("a"), []byte("1")))
		return sorry
	})
	if !errors.Is(err, sorry) {
		t.Errorf("Update returned %v, want the function's own error", err)
	}
	view(t, db, func(tx store.Tx) { wantAbsent(t, tx, "a") })
}

func panickingUpdate(t *testing.T, db store.DB) {
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not come through")
			}
		}()
		_ = db.Update(func(tx store.Tx) error {
			check(t, tx.Put([]byte("a"), []byte("1")))
			panic("ouch")
		})
	}()
	update(t, db, func(tx store.Tx) { wantAbsent(t, tx, "a") })
}

func viewCannotWrite(t *testing.T, db store.DB) {
	view(t, db, func(tx store.Tx) {
		if tx.Writable() {
			t.Error("a View says it is writable")
		}
		if err := tx.Put([]byte("a"), nil); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("Put in a View: %v, want ErrReadOnly", err)
		}
		if err := tx.Delete([]byte("a")); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("Delete in a View: %v, want ErrReadOnly", err)
		}
	})
	update(t, db, func(tx store.Tx) {
		if !tx.Writable() {
			t.Error("an Update says it is not writable")
		}
	})
}

func endedTransaction(t *testing.T, db store.DB) {
	var kept store.Tx
	update(t, db, func(tx store.Tx) { kept = tx })
	if err := kept.Put([]byte("a"), nil); !errors.Is(err, store.ErrEnded) {
		t.Errorf("Put after the end: %v, want ErrEnded", err)
	}
	if _, err := kept.Get([]byte("a")); !errors.Is(err, store.ErrEnded) {
		t.Errorf("Get after the end: %v, want ErrEnded", err)
	}
	for range kept.Scan(nil) {
		t.Error("a scan after the end yields something")
	}
}

func badKeys(t *testing.T, db store.DB) {
	update(t, db, func(tx store.Tx) {
		if tx.Put(nil, nil) == nil {
			t.Error("an empty key was accepted")
		}
		if tx.Put([]byte(strings.Repeat("k", 30001)), nil) == nil {
			t.Error("a key of 30,001 bytes was accepted")
		}
		check(t, tx.Put([]byte(strings.Repeat("k", 30000)), nil))
	})
}

func scan(t *testing.T, db store.DB) {
	update(t, db, func(tx store.Tx) {
		for _, k := range []string{"a", "b/1", "b/2", "b/3", "b0", "c"} {
			check(t, tx.Put([]byte(k), []byte("v"+k)))
		}
	})
	update(t, db, func(tx store.Tx) {
		check(t, tx.Delete([]byte("b/2")))
		check(t, tx.Put([]byte("b/15"), []byte("vb/15")))
		wantKeys(t, tx, "b/", "", "b/1", "b/15", "b/3")
	})
	view(t, db, func(tx store.Tx) {
		wantKeys(t, tx, "b/", "", "b/1", "b/15", "b/3")
		wantKeys(t, tx, "b/", "b/15", "b/15", "b/3")
		wantKeys(t, tx, "b/", "b/14", "b/15", "b/3")
		wantKeys(t, tx, "b/", "z")
		wantKeys(t, tx, "b/", "a", "b/1", "b/15", "b/3")
		wantKeys(t, tx, "", "", "a", "b/1", "b/15", "b/3", "b0", "c")
		wantKeys(t, tx, "x", "")
		for range tx.Scan(nil) {
			break // leaving early is allowed
		}
	})
}

func scanWhileWriting(t *testing.T, db store.DB) {
	update(t, db, func(tx store.Tx) {
		for _, k := range []string{"a", "c", "e", "g"} {
			check(t, tx.Put([]byte(k), nil))
		}
	})
	update(t, db, func(tx store.Tx) {
		var seen []string
		for k := range tx.Scan(nil) {
			seen = append(seen, string(k))
			switch string(k) {
			case "a":
				check(t, tx.Delete([]byte("a")))
				check(t, tx.Put([]byte("b"), nil)) // ahead: seen
				check(t, tx.Delete([]byte("e")))   // ahead: not seen
			case "c":
				check(t, tx.Put([]byte("aa"), nil)) // behind: not seen
			}
		}
		if want := []string{"a", "b", "c", "g"}; !slices.Equal(seen, want) {
			t.Errorf("the scan saw %q, want %q", seen, want)
		}
	})
}

func snapshotOfView(t *testing.T, db store.DB) {
	update(t, db, func(tx store.Tx) { check(t, tx.Put([]byte("a"), []byte("1"))) })
	view(t, db, func(tx store.Tx) {
		wantValue(t, tx, "a", "1")
		done := make(chan error)
		go func() {
			done <- db.Update(func(tx store.Tx) error { return tx.Put([]byte("a"), []byte("2")) })
		}()
		check(t, <-done)
		wantValue(t, tx, "a", "1")
	})
	view(t, db, func(tx store.Tx) { wantValue(t, tx, "a", "2") })
}

func concurrentUpdates(t *testing.T, db store.DB) {
	const workers, each = 8, 25
	done := make(chan error)
	for range workers {
		go func() {
			for range each {
				if err := db.Update(func(tx store.Tx) error {
					_, err := store.Sequence(tx, "n")
					return err
				}); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range workers {
		check(t, <-done)
	}
	update(t, db, func(tx store.Tx) {
		n, err := store.Sequence(tx, "n")
		check(t, err)
		if n != workers*each+1 {
			t.Errorf("the counter stands at %d, want %d: updates were lost or ran twice", n, workers*each+1)
		}
	})
}

// concurrentFailures: an update that fails takes no other one with it, nor leaves
// anything behind, whoever shares its commit.
func concurrentFailures(t *testing.T, db store.DB) {
	const workers = 20
	sorry := errors.New("sorry")
	type result struct {
		worker int
		err    error
	}
	done := make(chan result)
	for i := range workers {
		go func() {
			key := []byte{'k', byte(i)}
			done <- result{i, db.Update(func(tx store.Tx) error {
				if err := tx.Put(key, key); err != nil {
					return err
				}
				if i%3 == 0 {
					return sorry
				}
				return nil
			})}
		}()
	}
	for range workers {
		r := <-done
		if want := r.worker%3 == 0; errors.Is(r.err, sorry) != want || !want && r.err != nil {
			t.Errorf("worker %d got %v", r.worker, r.err)
		}
	}
	view(t, db, func(tx store.Tx) {
		for i := range workers {
			got, err := tx.Get([]byte{'k', byte(i)})
			check(t, err)
			if (got == nil) != (i%3 == 0) {
				t.Errorf("worker %d: its key holds %q", i, got)
			}
		}
	})
}

func sequence(t *testing.T, db store.DB) {
	next := func() (n uint64, fail error) {
		check(t, db.Update(func(tx store.Tx) (err error) {
			n, err = store.Sequence(tx, "invoice/2026")
			return err
		}))
		return n, nil
	}
	if n, _ := next(); n != 1 {
		t.Errorf("the first number is %d, want 1", n)
	}
	_ = db.Update(func(tx store.Tx) error {
		if _, err := store.Sequence(tx, "invoice/2026"); err != nil {
			t.Error(err)
		}
		return errors.New("no invoice after all")
	})
	if n, _ := next(); n != 2 {
		t.Errorf("the second number is %d, want 2: a failed transaction took one", n)
	}
	update(t, db, func(tx store.Tx) {
		id, err := store.NextID(tx, "other")
		check(t, err)
		if id != "000001" {
			t.Errorf("the first ID of another counter is %q", id)
		}
	})
}

func closed(t *testing.T, db store.DB) {
	check(t, db.Close())
	if err := db.View(func(store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("View after Close: %v, want ErrClosed", err)
	}
	if err := db.Update(func(store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Update after Close: %v, want ErrClosed", err)
	}
}

// model compares the store with a map under random updates, some of which fail.
func model(t *testing.T, open func(testing.TB) store.DB) {
	key := rapid.SampledFrom([]string{"a", "aa", "ab", "b", "b/", "b/1", "b/2", "c\x00", "c\xff", "d"})
	rapid.Check(t, func(rt *rapid.T) {
		db := open(t)
		defer db.Close()
		committed := map[string]string{}
		for range rapid.IntRange(1, 8).Draw(rt, "updates") {
			pending := maps.Clone(committed)
			fails := rapid.IntRange(0, 3).Draw(rt, "fails") == 0
			_ = db.Update(func(tx store.Tx) error {
				for range rapid.IntRange(0, 8).Draw(rt, "steps") {
					k := key.Draw(rt, "key")
					switch rapid.IntRange(0, 3).Draw(rt, "step") {
					case 0:
						check(rt, tx.Delete([]byte(k)))
						delete(pending, k)
					case 1:
						compare(rt, tx, pending, k)
					default:
						v := rapid.StringN(0, 3, -1).Draw(rt, "value")
						check(rt, tx.Put([]byte(k), []byte(v)))
						pending[k] = v
					}
				}
				compare(rt, tx, pending, "")
				if fails {
					return errors.New("no")
				}
				return nil
			})
			if !fails {
				committed = pending
			}
			view(rt, db, func(tx store.Tx) { compare(rt, tx, committed, "") })
		}
	})
}

func compare(t rapid.TB, tx store.Tx, want map[string]string, prefix string) {
	var keys []string
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	var got []string
	for k, v := range tx.Scan([]byte(prefix)) {
		got = append(got, string(k))
		if want[string(k)] != string(v) {
			t.Errorf("key %q holds %q, want %q", k, v, want[string(k)])
		}
	}
	if !slices.Equal(got, keys) {
		t.Errorf("keys with prefix %q are %q, want %q", prefix, got, keys)
	}
	for k, v := range want {
		wantValue(t, tx, k, v)
	}
}
