package store

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// MemoryDB is a store that is lost with the process. It is for tests.
type MemoryDB struct {
	writer sync.Mutex // held for the length of an Update

	mu     sync.Mutex
	state  tree
	closed bool
}

// Memory returns an empty store that lives in memory.
func Memory() *MemoryDB { return &MemoryDB{} }

// Clone returns a store of its own with the present content. It costs nothing.
func (m *MemoryDB) Clone() *MemoryDB {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &MemoryDB{state: m.state}
}

func (m *MemoryDB) snapshot() (tree, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return tree{}, ErrClosed
	}
	return m.state, nil
}

// View implements DB.
func (m *MemoryDB) View(fn func(Tx) error) error {
	state, err := m.snapshot()
	if err != nil {
		return err
	}
	return (&transaction{base: state}).run(fn)
}

// Update implements DB.
func (m *MemoryDB) Update(fn func(Tx) error) error {
	tx := &transaction{writable: true}
	if err := m.update(tx, fn); err != nil {
		return err
	}
	tx.committed()
	return nil
}

func (m *MemoryDB) update(tx *transaction, fn func(Tx) error) error {
	m.writer.Lock()
	defer m.writer.Unlock()
	state, err := m.snapshot()
	if err != nil {
		return err
	}
	tx.base = state
	if err := tx.run(fn); err != nil {
		return err
	}
	for n := range tx.over.each() {
		if n.gone() {
			state = state.remove(n.key)
		} else {
			state = state.put(n.key, n.room)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = state
	return nil
}

// Copy implements DB: it goes through a temporary file, so that the copy is a
// store like any other.
func (m *MemoryDB) Copy(w io.Writer) (size int64, err error) {
	state, err := m.snapshot()
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "accolade-store-")
	if err != nil {
		return 0, fmt.Errorf("store: copy: %w", err)
	}
	defer os.RemoveAll(dir)
	file, err := Open(filepath.Join(dir, "copy.db"), Options{})
	if err != nil {
		return 0, err
	}
	err = file.Update(func(tx Tx) error {
		for n := range state.each {
			if err := tx.Put(n.key, n.val()); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		size, err = file.Copy(w)
	}
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	return size, err
}

// Close implements DB.
func (m *MemoryDB) Close() error {
	m.writer.Lock()
	defer m.writer.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

func (t tree) from(key []byte) cursor { return &treeCursor{tree: t, key: key} }

type treeCursor struct {
	tree  tree
	key   []byte
	after bool
}

func (c *treeCursor) next() ([]byte, []byte, error) {
	n := c.tree.seek(c.key, c.after)
	if n == nil {
		return nil, nil, nil
	}
	c.key, c.after = n.key, true
	return n.key, n.val(), nil
}

func (t tree) get(key []byte) ([]byte, error) {
	if n := t.find(key); n != nil {
		return n.val(), nil
	}
	return nil, nil
}
