package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync"
)

// Collection is a named set of records of one type, each under an ID of its own,
// with indexes that are always right: they change in the same transaction.
//
// A record is stored as JSON together with its schema version. Raise the version
// when a field changes its meaning, and give a migration from each older one:
// records are brought forward as they are read, and written in the new form when
// they are next put.
//
//	var boxes = store.NewCollection[Box]("box", 2,
//		store.WithIndex("site", func(b Box) []string { return []string{b.Site} }),
//		store.WithMigration[Box](1, addTimeZone))
type Collection[T any] struct {
	name       string
	version    int
	indexes    []index[T]
	migrations map[int]Migration
	marker     []byte // the key that holds the layout the records were written with
	layout     string // version and names of the indexes, "2 site vault"
	mark       string // name and layout
}

// Migration turns the JSON of a record into that of the next version.
type Migration func(json.RawMessage) (json.RawMessage, error)

// Option declares an index or a migration of a collection.
type Option[T any] func(*Collection[T])

// WithIndex declares an index: of computes from a record the keys under which
// ByIndex finds it (none, one or many). A change of what of computes needs a new
// collection version; the index is then built anew.
func WithIndex[T any](name string, of func(T) []string) Option[T] {
	return func(c *Collection[T]) { c.indexes = append(c.indexes, index[T]{name, of}) }
}

// WithMigration declares how records of version from become version from+1.
func WithMigration[T any](from int, step Migration) Option[T] {
	return func(c *Collection[T]) { c.migrations[from] = step }
}

// NewCollection declares a collection. The name is the word for one record ("box"),
// without a slash; it appears in error messages.
func NewCollection[T any](name string, version int, opts ...Option[T]) *Collection[T] {
	c := &Collection[T]{name: name, version: version, migrations: map[int]Migration{}}
	for _, opt := range opts {
		opt(c)
	}
	c.marker, c.layout = []byte(versionPrefix+name), layoutOf(c)
	c.mark = name + " " + c.layout
	rememberVersion(name, version)
	declare(Schema{Name: name, Version: version, Layout: c.layout, check: c.check})
	return c
}

// versionPrefix stands before the marker that holds the highest version a
// collection was written with.
const versionPrefix = "m/version/"

// Versions of all collections of this program, so that Open can tell a store that
// a newer program has written.
var (
	versionsMu sync.Mutex
	versions   = map[string]int{}
)

func rememberVersion(name string, version int) {
	versionsMu.Lock()
	defer versionsMu.Unlock()
	versions[name] = max(versions[name], version)
}

func knownVersion(name string) int {
	versionsMu.Lock()
	defer versionsMu.Unlock()
	return versions[name]
}

func newerThanKnown(name string, written int) bool {
	known := knownVersion(name)
	return known != 0 && written > known
}

func (c *Collection[T]) prefix() []byte { return []byte("c/" + c.name + "/") }

func (c *Collection[T]) key(id string) []byte { return []byte("c/" + c.name + "/" + id) }

// Get returns the record id, or a *NotFoundError.
func (c *Collection[T]) Get(tx Tx, id string) (T, error) {
	v, found, err := c.lookup(tx, c.key(id), id)
	if err == nil && !found {
		err = &NotFoundError{Kind: c.name, ID: id}
	}
	return v, err
}

// Has tells whether there is a record id.
func (c *Collection[T]) Has(tx Tx, id string) (bool, error) {
	raw, err := tx.self().peek(c.key(id))
	return raw != nil, err
}

func (c *Collection[T]) lookup(tx Tx, key []byte, id string) (v T, found bool, err error) {
	raw, err := tx.self().peek(key)
	if err != nil {
		return v, false, fmt.Errorf("%s %q: %w", c.name, id, err)
	}
	if raw == nil {
		return v, false, nil
	}
	v, err = c.decode(id, raw)
	return v, true, err
}

// Insert adds a record, or returns an *ExistsError.
func (c *Collection[T]) Insert(tx Tx, id string, v T) error {
	if found, err := c.Has(tx, id); err != nil {
		return err
	} else if found {
		return &ExistsError{Kind: c.name, ID: id}
	}
	return c.Put(tx, id, v)
}

// Put adds or replaces a record.
func (c *Collection[T]) Put(tx Tx, id string, v T) error {
	if id == "" {
		return fmt.Errorf("%s: a record needs an ID", c.name)
	}
	if err := c.prepare(tx); err != nil {
		return err
	}
	t := tx.self()
	key := t.room.join("c/", c.name, "/", id)
	if err := c.index(t, key, id, c.entries(&t.room, id, v)); err != nil {
		return err
	}
	room, err := t.wrap(c.version, v)
	if err == nil {
		err = t.putOwned(key, room)
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", c.name, id, err)
	}
	return nil
}

// Delete removes the record id; an absent one is no error.
func (c *Collection[T]) Delete(tx Tx, id string) error {
	if err := c.prepare(tx); err != nil {
		return err
	}
	key := c.key(id)
	if err := c.index(tx.self(), key, id, nil); err != nil {
		return err
	}
	return tx.Delete(key)
}

// List returns all records in the order of their IDs.
func (c *Collection[T]) List(tx Tx) ([]T, error) {
	var all []T
	var err error
	for _, v := range c.All(tx, &err) {
		all = append(all, v)
	}
	return all, err
}

// All yields all records in the order of their IDs. The loop ends early at the
// first record that cannot be read, and *failed says why:
//
//	var err error
//	for id, box := range boxes.All(tx, &err) { … }
//	if err != nil { … }
func (c *Collection[T]) All(tx Tx, failed *error) iter.Seq2[string, T] {
	return c.From(tx, "", failed)
}

// From is All that starts at the first ID at or after id.
func (c *Collection[T]) From(tx Tx, id string, failed *error) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		prefix := c.prefix()
		for key, raw := range tx.self().scan(prefix, c.key(id)) {
			id := string(key[len(prefix):])
			v, err := c.decode(id, raw)
			if err != nil {
				*failed = err
				return
			}
			if !yield(id, v) {
				return
			}
		}
	}
}

// decode reads a stored record and brings it forward to the present version.
func (c *Collection[T]) decode(id string, raw []byte) (v T, err error) {
	data, err := c.forward(id, raw)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return v, fmt.Errorf("%s %q: %w", c.name, id, err)
	}
	return v, nil
}

// forward returns the JSON of a stored record as the present version has it.
func (c *Collection[T]) forward(id string, raw []byte) (json.RawMessage, error) {
	rec, err := unwrap(raw)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", c.name, id, err)
	}
	if rec.Version > c.version {
		return nil, fmt.Errorf("%s %q has version %d, written by a newer program (this one knows %d)", c.name, id, rec.Version, c.version)
	}
	if rec.Version < c.version {
		rec.Data = bytes.Clone(rec.Data) // a migration may change what it is given
	}
	for ; rec.Version < c.version; rec.Version++ {
		step, ok := c.migrations[rec.Version]
		if !ok {
			return nil, fmt.Errorf("%s %q has version %d, and there is no migration from that to %d", c.name, id, rec.Version, rec.Version+1)
		}
		if rec.Data, err = step(rec.Data); err != nil {
			return nil, fmt.Errorf("%s %q: migrate from version %d: %w", c.name, id, rec.Version, err)
		}
	}
	return rec.Data, nil
}

// prepare brings marker and indexes up to this program's version before the first
// write. Its cost is one read once that is done.
func (c *Collection[T]) prepare(tx Tx) error {
	t := tx.self()
	if t.writable && !t.ended && t.prepared == c.mark {
		return nil
	}
	have, err := t.peek(c.marker)
	if err != nil {
		return err
	}
	if string(have) == c.layout {
		t.prepared = c.mark
		return nil
	}
	number, _, _ := strings.Cut(string(have), " ")
	if written, err := strconv.Atoi(number); err == nil && written > c.version {
		return fmt.Errorf("%s records have version %d, written by a newer program (this one knows %d)", c.name, written, c.version)
	}
	if err := c.reindex(tx); err != nil {
		return err
	}
	return tx.Put(c.marker, []byte(c.layout))
}

func layoutOf[T any](c *Collection[T]) string {
	parts := []string{strconv.Itoa(c.version)}
	for _, x := range c.indexes {
		parts = append(parts, x.name)
	}
	return strings.Join(parts, " ")
}
