package store_test

import (
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(testing.TB) store.DB { return store.Memory() })
}

func TestBolt(t *testing.T) {
	dir := t.TempDir()
	var n atomic.Int64
	storetest.Run(t, func(t testing.TB) store.DB {
		db, err := store.Open(filepath.Join(dir, strconv.FormatInt(n.Add(1), 10), "store.db"), store.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		return db
	})
}
