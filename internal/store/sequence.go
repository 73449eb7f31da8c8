package store

import (
	"encoding/binary"
	"fmt"
)

// Sequence returns the next number of the counter name, beginning with 1. A number
// is taken only if the transaction commits, so the counter has no gaps.
func Sequence(tx Tx, name string) (uint64, error) {
	key := []byte("n/" + name)
	val, err := tx.Get(key)
	if err != nil {
		return 0, err
	}
	var n uint64
	switch len(val) {
	case 0:
	case 8:
		n = binary.BigEndian.Uint64(val)
	default:
		return 0, fmt.Errorf("store: counter %s holds %d bytes instead of 8", name, len(val))
	}
	n++
	return n, tx.Put(key, binary.BigEndian.AppendUint64(nil, n))
}

// NextID returns the next number of the counter name in a form that sorts as text
// in the order of the numbers: "000042".
func NextID(tx Tx, name string) (string, error) {
	n, err := Sequence(tx, name)
	return fmt.Sprintf("%06d", n), err
}
