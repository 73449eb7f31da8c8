package store_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"codeberg.org/accolade/accolade/internal/store"
)

type thing struct {
	Name, Site string
	Notes      []string
}

var benched = store.NewCollection("bench", 1, store.WithIndex("site", func(v thing) []string { return []string{v.Site} }))

func benchDB(b *testing.B) store.DB {
	b.Helper()
	db, err := store.Open(filepath.Join(b.TempDir(), "accolade.db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}

func putThing(db store.DB, n int64) error {
	return db.Update(func(tx store.Tx) error {
		return benched.Put(tx, fmt.Sprint(n), thing{Name: fmt.Sprint(n), Site: fmt.Sprint(n % 50), Notes: []string{"a", "b"}})
	})
}

// BenchmarkUpdate is one caller: each update is one commit that reaches the disk.
func BenchmarkUpdate(b *testing.B) {
	db := benchDB(b)
	for n := int64(0); b.Loop(); n++ {
		if err := putThing(db, n); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUpdateTogether is fifty callers, whose updates share commits.
func BenchmarkUpdateTogether(b *testing.B) {
	db := benchDB(b)
	var n atomic.Int64
	b.SetParallelism(25)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := putThing(db, n.Add(1)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func fillThings(b *testing.B, db store.DB, n int) {
	b.Helper()
	err := db.Update(func(tx store.Tx) error {
		for i := range n {
			if err := benched.Put(tx, fmt.Sprint(i), thing{Name: fmt.Sprint(i), Site: fmt.Sprint(i % 50)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkGet(b *testing.B) {
	db := benchDB(b)
	fillThings(b, db, 10_000)
	for n := 0; b.Loop(); n++ {
		if err := db.View(func(tx store.Tx) error { _, err := benched.Get(tx, fmt.Sprint(n%10_000)); return err }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkByIndex finds 200 of 10,000 records.
func BenchmarkByIndex(b *testing.B) {
	db := benchDB(b)
	fillThings(b, db, 10_000)
	for b.Loop() {
		if err := db.View(func(tx store.Tx) error { _, err := benched.ByIndex(tx, "site", "7"); return err }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkList(b *testing.B) {
	db := benchDB(b)
	fillThings(b, db, 10_000)
	for b.Loop() {
		if err := db.View(func(tx store.Tx) error { _, err := benched.List(tx); return err }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen opens a store of 100,000 records, which verifies every page of it.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "accolade.db")
	db, err := store.Open(path, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	fillThings(b, db, 100_000)
	for b.Loop() {
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
		if db, err = store.Open(path, store.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
}
