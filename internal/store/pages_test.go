package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"codeberg.org/accolade/accolade/internal/racetest"
)

// TestEveryByte changes each byte of a store that has pages of every kind, one after
// the other: the pages are refused, or they show the same records.
func TestEveryByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accolade.db")
	db, err := Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	for commit := range 3 { // free pages too
		err = db.Update(func(tx Tx) error {
			for i := range 50 {
				if err := tx.Put(fmt.Appendf(nil, "key %06d", i*3+commit), bytes.Repeat([]byte{byte(i)}, 60)); err != nil {
					return err
				}
			}
			return tx.Put([]byte("large"), bytes.Repeat([]byte("x"), 5000+commit)) // overflow pages
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := int64(len(file))
	newest, err := readMeta(bytes.NewReader(file), size)
	if err != nil {
		t.Fatal(err)
	}
	want, err := tallyOf(file)
	if err != nil {
		t.Fatal(err)
	}
	each := uint64(1)
	if racetest.On {
		each = 9 // no multiple of a power of two: all bits have their turn
	}
	refused, harmless := 0, 0
	used := newest.high * uint64(newest.pageSize)
	for at := uint64(0); at < used; at += each {
		was := file[at]
		file[at] ^= 1 << (at % 8)
		got, err := tallyOf(file)
		file[at] = was
		switch {
		case err != nil:
			refused++
		case got == want:
			harmless++ // a free page, or a byte without a meaning
		default:
			t.Fatalf("byte %d: %d records with the sum %d pass, want %d and %d", at, got.count, got.sum, want.count, want.sum)
		}
	}
	if refused < 10_000/int(each) {
		t.Errorf("only %d of %d changed bytes were refused (%d harmless): does the test reach the pages?", refused, used, harmless)
	}
}

// tallyOf verifies the pages of a file and returns what its records come to.
func tallyOf(file []byte) (tally, error) {
	c, err := walk(bytes.NewReader(file), int64(len(file)))
	return c.have, err
}
