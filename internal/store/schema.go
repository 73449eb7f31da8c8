package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Schema is what this program declares of one collection.
type Schema struct {
	Name    string
	Version int
	Layout  string // version and names of the indexes, "2 site vault", as the store's marker has it
	check   func(Tx) (int, error)
}

// Check brings the indexes of the collection up to this program and reads every record
// as the program does. It returns how many there are, and an error if one cannot be
// read, if something of it is lost on the way, or if an index is not right. It is for
// tests of stores that older programs have written.
func (s Schema) Check(tx Tx) (records int, err error) { return s.check(tx) }

var (
	schemasMu sync.Mutex
	schemas   = map[string]Schema{}
)

func declare(s Schema) {
	schemasMu.Lock()
	defer schemasMu.Unlock()
	if have, ok := schemas[s.Name]; !ok || have.Version <= s.Version {
		schemas[s.Name] = s
	}
}

// Schemas are those of all collections of this program, by name.
func Schemas() []Schema {
	schemasMu.Lock()
	defer schemasMu.Unlock()
	return slices.SortedFunc(maps.Values(schemas), func(a, b Schema) int { return strings.Compare(a.Name, b.Name) })
}

// LayoutIn is the layout that a collection was last written with, empty if it never
// was.
func LayoutIn(tx Tx, name string) (string, error) {
	layout, err := tx.Get([]byte(versionPrefix + name))
	return string(layout), err
}

func (c *Collection[T]) check(tx Tx) (records int, err error) {
	if err := c.prepare(tx); err != nil {
		return 0, err
	}
	prefix, indexed := c.prefix(), map[string]bool{}
	for key, raw := range tx.Scan(prefix) {
		id := string(key[len(prefix):])
		old, err := c.forward(id, raw)
		if err != nil {
			return records, err
		}
		v, err := c.decode(id, raw)
		if err != nil {
			return records, err
		}
		fresh, err := json.Marshal(v)
		if err != nil {
			return records, fmt.Errorf("%s %q: %w", c.name, id, err)
		}
		if where := lost(old, fresh); where != "" {
			return records, fmt.Errorf("%s %q: %s is lost when it is read and written", c.name, id, where)
		}
		for _, entry := range c.entries(&slab{}, id, v) {
			indexed[string(entry)] = true
		}
		records++
	}
	for key := range tx.Scan([]byte("i/" + c.name + "/")) {
		if !indexed[string(key)] {
			return records, fmt.Errorf("%s: the index holds %q for no record", c.name, key)
		}
		delete(indexed, string(key))
	}
	for key := range indexed {
		return records, fmt.Errorf("%s: the index has no %q", c.name, key)
	}
	return records, nil
}

// lost names the first field of a JSON value that another one does not have with the
// same content; "" if there is none. A field that held nothing may go.
func lost(old, fresh []byte) string {
	var a, b any
	for into, raw := range map[*any][]byte{&a: old, &b: fresh} {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(into); err != nil {
			return "the record"
		}
	}
	return lostIn("the record", a, b)
}

func lostIn(where string, old, fresh any) string {
	fields, ok := old.(map[string]any)
	if !ok {
		list, isList := old.([]any)
		now, isToo := fresh.([]any)
		if !isList || !isToo || len(list) != len(now) {
			if reflect.DeepEqual(old, fresh) || nothing(old) && fresh == nil {
				return ""
			}
			return where
		}
		for i := range list {
			if w := lostIn(fmt.Sprintf("%s[%d]", where, i), list[i], now[i]); w != "" {
				return w
			}
		}
		return ""
	}
	now, ok := fresh.(map[string]any)
	if !ok && len(fields) > 0 {
		return where
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if w := lostIn(strings.TrimPrefix(where+"."+name, "the record."), fields[name], now[name]); w != "" {
			return w
		}
	}
	return ""
}

// nothing tells a value that is as good as absent.
func nothing(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case json.Number:
		return v == "0"
	case string:
		return v == "" || v == "0001-01-01T00:00:00Z"
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}
