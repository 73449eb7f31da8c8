package store

import (
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// tally is what all records come to: their number, and the sum of their checksums.
// It is kept in the file with each commit, because a record that a damaged page no
// longer shows leaves no other trace.
type tally struct{ count, sum uint64 }

var tallyKey = []byte("tally")

// add counts a stored value in (or, with less, out).
func (t *tally) add(stored []byte) {
	t.count++
	t.sum += uint64(binary.BigEndian.Uint32(stored))
}

func (t *tally) less(stored []byte) {
	t.count--
	t.sum -= uint64(binary.BigEndian.Uint32(stored))
}

func (t tally) bytes() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, t.count), t.sum)
}

func parseTally(b []byte) (t tally, err error) {
	if len(b) != 16 {
		return t, fmt.Errorf("its tally has %d bytes instead of 16", len(b))
	}
	return tally{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, nil
}

func readTally(tx *bolt.Tx) (tally, error) { return parseTally(tx.Bucket(fileBucket).Get(tallyKey)) }

func writeTally(tx *bolt.Tx, t tally) error { return tx.Bucket(fileBucket).Put(tallyKey, t.bytes()) }
