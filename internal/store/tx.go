package store

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
)

// base is the committed state under a transaction. It does not change while the
// transaction runs.
type base interface {
	// get returns a value that belongs to the base and ends with the transaction.
	get(key []byte) ([]byte, error)
	// from returns a cursor on the first key at or after key.
	from(key []byte) cursor
}

// cursor steps through keys in order; a nil key is the end.
type cursor interface {
	next() (key, val []byte, err error)
}

// maxKey is below bbolt's limit of 32,768 bytes, to leave room for prefixes.
const maxKey = 30000

// transaction is a Tx over any base. Its writes stay in an overlay until the
// store commits them, so a function that fails leaves nothing to undo.
type transaction struct {
	base     base
	over     overlay
	writable bool
	ended    bool
	failed   error  // a read that went wrong inside a scan
	prepared string // the last collection whose marker was found right, and its layout
	after    []func()
	room     slab
	records  *recordWriter // nil before the first record
}

func (t *transaction) self() *transaction { return t }

// OnCommit has fn run once the transaction is on the disk, before Update returns,
// in the goroutine of Update. It does not run if the transaction fails.
func OnCommit(tx Tx, fn func()) {
	t := tx.self()
	t.after = append(t.after, fn)
}

func (t *transaction) committed() {
	for _, fn := range t.after {
		fn()
	}
}

func (t *transaction) Writable() bool { return t.writable }

func (t *transaction) Get(key []byte) ([]byte, error) {
	val, err := t.peek(key)
	if err != nil || val == nil {
		return nil, err
	}
	return own(val), nil
}

// peek is Get for readers in this package, without the copy: the value may only be read,
// and only until the transaction ends or writes that key.
func (t *transaction) peek(key []byte) ([]byte, error) {
	if t.ended {
		return nil, ErrEnded
	}
	if n := t.over.find(key); n != nil {
		return n.val(), nil
	}
	return t.base.get(key)
}

// own copies b; the copy of an empty value is not nil, which would mean absent.
func own(b []byte) []byte {
	c := make([]byte, len(b))
	copy(c, b)
	return c
}

// ownBoth copies a key and its value in one piece.
func ownBoth(key, val []byte) (k, v []byte) {
	both := make([]byte, len(key)+len(val))
	n := copy(both, key)
	copy(both[n:], val)
	return both[:n:n], both[n:]
}

func (t *transaction) Put(key, val []byte) error {
	if err := t.mayWrite(key); err != nil {
		return err
	}
	room := t.room.take(sumSize + len(val))
	copy(room[sumSize:], val)
	t.over.put(t.room.keep(key), room)
	return nil
}

func (t *transaction) Delete(key []byte) error {
	if err := t.mayWrite(key); err != nil {
		return err
	}
	t.over.put(t.room.keep(key), nil)
	return nil
}

// putOwned is Put for writers in this package, without the copies: key and room, which is
// sumSize free bytes and the value, are taken over.
func (t *transaction) putOwned(key, room []byte) error {
	if err := t.mayWrite(key); err != nil {
		return err
	}
	t.over.put(key, room)
	return nil
}

func (t *transaction) mayWrite(key []byte) error {
	switch {
	case t.ended:
		return ErrEnded
	case !t.writable:
		return ErrReadOnly
	case len(key) == 0:
		return fmt.Errorf("store: a key may not be empty")
	case len(key) > maxKey:
		return fmt.Errorf("store: key of %d bytes is longer than %d: %.40q…", len(key), maxKey, key)
	}
	return nil
}

func (t *transaction) Scan(prefix []byte) iter.Seq2[[]byte, []byte] {
	return t.ScanFrom(prefix, nil)
}

func (t *transaction) ScanFrom(prefix, from []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for key, val := range t.scan(prefix, from) {
			if !yield(ownBoth(key, val)) {
				return
			}
		}
	}
}

// scan is ScanFrom for readers in this package, without the copies: what it yields may
// only be read, and only until the next step.
func (t *transaction) scan(prefix, from []byte) iter.Seq2[[]byte, []byte] {
	prefix = slices.Clone(prefix)
	start := slices.Clone(from)
	if bytes.Compare(start, prefix) < 0 {
		start = prefix
	}
	return func(yield func([]byte, []byte) bool) {
		if t.ended {
			t.failed = ErrEnded
			return
		}
		cur := t.base.from(start)
		var err error
		if t.writable {
			err = t.merge(cur, prefix, start, yield)
		} else {
			err = t.walk(cur, prefix, yield)
		}
		if err != nil {
			t.failed = err
		}
	}
}

// walk is a scan of a transaction that cannot write.
func (t *transaction) walk(cur cursor, prefix []byte, yield func([]byte, []byte) bool) error {
	for {
		key, val, err := cur.next()
		if err != nil || key == nil || !bytes.HasPrefix(key, prefix) || !yield(key, val) || t.ended {
			return err
		}
	}
}

// merge is a scan of the base and of what the transaction has written, and goes on
// writing meanwhile.
func (t *transaction) merge(cur cursor, prefix, start []byte, yield func([]byte, []byte) bool) error {
	baseKey, baseVal, err := cur.next()
	last, after := slices.Clone(start), false
	for {
		if err != nil {
			return err
		}
		key, val, gone := baseKey, baseVal, false
		n, step := t.over.seek(last, after), true
		if n != nil && (key == nil || bytes.Compare(n.key, key) <= 0) {
			step = bytes.Equal(n.key, key)
			key, val, gone = n.key, n.val(), n.gone()
		}
		if key == nil || !bytes.HasPrefix(key, prefix) {
			return nil
		}
		last, after = append(last[:0], key...), true
		if !gone && (!yield(key, val) || t.ended) {
			return nil
		}
		if step {
			baseKey, baseVal, err = cur.next()
		}
	}
}

// run calls fn and says what Update or View shall return.
func (t *transaction) run(fn func(Tx) error) error {
	defer func() { t.ended = true }()
	if err := fn(t); err != nil {
		return err
	}
	return t.failed
}
