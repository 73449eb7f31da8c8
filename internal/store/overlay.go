package store

import (
	"bytes"
	"iter"
	"maps"
	"slices"
)

// overlay is what a transaction has written and not committed. Most transactions
// write a little and look up single keys, for which a map is enough; the order is kept
// only from the first scan on.
type overlay struct {
	byKey   map[string]*node
	ordered bool // from the first seek on order holds all that byKey does
	order   tree
}

func (o *overlay) find(key []byte) *node { return o.byKey[string(key)] }

// put takes key and room over; room is sumSize free bytes and the value, nil to delete.
func (o *overlay) put(key, room []byte) {
	if o.byKey == nil {
		o.byKey = map[string]*node{}
	}
	n := &node{key: key, gone: room == nil}
	if room != nil {
		n.room, n.val = room, room[sumSize:]
	}
	if old := o.byKey[string(key)]; old != nil {
		*old = *n
	} else {
		o.byKey[string(key)] = n
	}
	if o.ordered {
		o.order = o.order.put(n.key, n.val, n.gone)
	}
}

// seek is tree.seek over the writes so far.
func (o *overlay) seek(key []byte, after bool) *node {
	if len(o.byKey) == 0 {
		return nil
	}
	if !o.ordered {
		for n := range o.each() {
			o.order = o.order.put(n.key, n.val, n.gone)
		}
		o.ordered = true
	}
	return o.order.seek(key, after)
}

// each yields all writes in the order of their keys.
func (o *overlay) each() iter.Seq[*node] {
	return slices.Values(slices.SortedFunc(maps.Values(o.byKey), func(a, b *node) int { return bytes.Compare(a.key, b.key) }))
}
