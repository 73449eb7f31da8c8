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
	over     tree
	writable bool
	ended    bool
	failed   error // a read that went wrong inside a scan
	after    []func()
}

// OnCommit has fn run once the transaction is on the disk, before Update returns,
// in the goroutine of Update. It does not run if the transaction fails.
func OnCommit(tx Tx, fn func()) {
	switch t := tx.(type) {
	case *transaction:
		t.after = append(t.after, fn)
	case *notedTx:
		OnCommit(t.Tx, fn)
	}
}

func (t *transaction) committed() {
	for _, fn := range t.after {
		fn()
	}
}

func (t *transaction) Writable() bool { return t.writable }

func (t *transaction) Get(key []byte) ([]byte, error) {
	if t.ended {
		return nil, ErrEnded
	}
	if n := t.over.find(key); n != nil {
		if n.gone {
			return nil, nil
		}
		return own(n.val), nil
	}
	val, err := t.base.get(key)
	if err != nil || val == nil {
		return nil, err
	}
	return own(val), nil
}

// own copies b; the copy of an empty value is not nil, which would mean absent.
func own(b []byte) []byte { return append([]byte{}, b...) }

func (t *transaction) Put(key, val []byte) error {
	if err := t.mayWrite(key); err != nil {
		return err
	}
	t.over = t.over.put(own(key), own(val), false)
	return nil
}

func (t *transaction) Delete(key []byte) error {
	if err := t.mayWrite(key); err != nil {
		return err
	}
	t.over = t.over.put(own(key), nil, true)
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
		baseKey, baseVal, err := cur.next()
		last, after := start, false
		for {
			if err != nil {
				t.failed = err
				return
			}
			key, val, gone := baseKey, baseVal, false
			n := t.over.seek(last, after)
			switch {
			case n == nil && key == nil:
				return
			case n != nil && (key == nil || bytes.Compare(n.key, key) <= 0):
				if bytes.Equal(n.key, key) {
					baseKey, baseVal, err = cur.next()
				}
				key, val, gone = n.key, n.val, n.gone
			default:
				baseKey, baseVal, err = cur.next()
			}
			if !bytes.HasPrefix(key, prefix) {
				return
			}
			last, after = own(key), true
			if gone {
				continue
			}
			if !yield(own(key), own(val)) || t.ended {
				return
			}
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
