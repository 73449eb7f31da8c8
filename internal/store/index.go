package store

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
)

// index is a declared index. Its entries are keys without a value:
// "i/COLLECTION/INDEX/" + escaped index key + terminator + ID, so that they sort
// by index key, then by ID.
type index[T any] struct {
	name string
	of   func(T) []string
}

// Index keys may hold any byte: a zero is written as 00 ff, and the end is 00 01,
// which keeps the order ("a" before "a\x00" before "ab").
const (
	escapedZero = "\x00\xff"
	terminator  = "\x00\x01"
)

func (c *Collection[T]) indexPrefix(name string) string { return "i/" + c.name + "/" + name + "/" }

func (c *Collection[T]) entry(in *slab, name, key, id string) []byte {
	if strings.Contains(key, "\x00") {
		key = strings.ReplaceAll(key, "\x00", escapedZero)
	}
	return in.join("i/", c.name, "/", name, "/", key, terminator, id)
}

func splitEntry(rest string) (key, id string, ok bool) {
	key, id, ok = strings.Cut(rest, terminator)
	return strings.ReplaceAll(key, escapedZero, "\x00"), id, ok
}

// entries are the keys under which all indexes hold the record. A key may come twice.
func (c *Collection[T]) entries(in *slab, id string, v T) [][]byte {
	var all [][]byte
	for _, x := range c.indexes {
		for _, key := range x.of(v) {
			all = append(all, c.entry(in, x.name, key, id))
		}
	}
	return all
}

// index brings the entries of the record under key from those of its stored form to want.
func (c *Collection[T]) index(t *transaction, key []byte, id string, want [][]byte) error {
	if len(c.indexes) == 0 {
		return nil
	}
	old, found, err := c.lookup(t, key, id)
	if err != nil {
		return err
	}
	var have [][]byte
	if found {
		have = c.entries(&slab{}, id, old)
	}
	for _, key := range have {
		if !contains(want, key) {
			if err := t.Delete(key); err != nil {
				return fmt.Errorf("%s %q: index: %w", c.name, id, err)
			}
		}
	}
	for _, key := range want {
		if !contains(have, key) {
			if err := t.putOwned(key, t.room.take(sumSize)); err != nil {
				return fmt.Errorf("%s %q: index: %w", c.name, id, err)
			}
		}
	}
	return nil
}

// contains looks through a handful of keys.
func contains(keys [][]byte, key []byte) bool {
	return slices.ContainsFunc(keys, func(k []byte) bool { return bytes.Equal(k, key) })
}

// reindex builds all indexes anew.
func (c *Collection[T]) reindex(tx Tx) error {
	for key := range tx.Scan([]byte("i/" + c.name + "/")) {
		if err := tx.Delete(key); err != nil {
			return err
		}
	}
	if len(c.indexes) == 0 {
		return nil
	}
	var err error
	t := tx.self()
	for id, v := range c.All(tx, &err) {
		for _, key := range c.entries(&t.room, id, v) {
			if err := t.putOwned(key, t.room.take(sumSize)); err != nil {
				return err
			}
		}
	}
	return err
}

// ByIndex returns the records that the index holds under key, in the order of
// their IDs.
func (c *Collection[T]) ByIndex(tx Tx, name, key string) ([]T, error) {
	return c.ByIndexRange(tx, name, key, key)
}

// ByIndexRange returns the records that the index holds under the keys from first
// to last, both included, in the order of index key, then ID. A record with
// several keys in the range comes once, at the first.
func (c *Collection[T]) ByIndexRange(tx Tx, name, first, last string) ([]T, error) {
	return c.FirstByIndex(tx, name, first, last, math.MaxInt)
}

// FirstByIndex is ByIndexRange that stops after n records.
func (c *Collection[T]) FirstByIndex(tx Tx, name, first, last string, n int) ([]T, error) {
	ids, err := c.indexedIDs(tx, name, first, last, n)
	if err != nil {
		return nil, err
	}
	var all []T
	for _, id := range ids {
		v, err := c.Get(tx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func (c *Collection[T]) indexedIDs(tx Tx, name, first, last string, n int) ([]string, error) {
	i := slices.IndexFunc(c.indexes, func(x index[T]) bool { return x.name == name })
	if i < 0 {
		return nil, fmt.Errorf("%s has no index %q", c.name, name)
	}
	marker, err := tx.self().peek(c.marker)
	if err != nil {
		return nil, err
	}
	if string(marker) != c.layout {
		ids, err := c.searchedIDs(tx, c.indexes[i], first, last)
		return ids[:min(n, len(ids))], err
	}
	var ids []string
	seen := map[string]bool{}
	prefix := c.indexPrefix(name)
	for entry := range tx.self().scan([]byte(prefix), []byte(prefix+strings.ReplaceAll(first, "\x00", escapedZero))) {
		key, id, ok := splitEntry(string(entry[len(prefix):]))
		if !ok {
			return nil, fmt.Errorf("%s: index %s holds the broken entry %q", c.name, name, entry)
		}
		if key > last || len(ids) >= n {
			break
		}
		if key >= first && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// searchedIDs answers from the records themselves, while the index is not yet
// built: between an upgrade that declares it and the first write after that.
func (c *Collection[T]) searchedIDs(tx Tx, x index[T], first, last string) ([]string, error) {
	type hit struct{ key, id string }
	var hits []hit
	var err error
	for id, v := range c.All(tx, &err) {
		keys := slices.DeleteFunc(slices.Clone(x.of(v)), func(k string) bool { return k < first || k > last })
		if len(keys) > 0 {
			hits = append(hits, hit{slices.Min(keys), id})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		return bytes.Compare([]byte(a.id), []byte(b.id))
	})
	var ids []string
	for _, h := range hits {
		ids = append(ids, h.id)
	}
	return ids, err
}
