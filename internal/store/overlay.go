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
	ordered bool   // from the first seek on order holds all that byKey does
	order   tree   // of the same nodes
	spare   []node // free ones: a transaction that writes much makes them in lots
}

func (o *overlay) find(key []byte) *node { return o.byKey[string(key)] }

// put takes key and room over; room is sumSize free bytes and the value, nil to delete.
func (o *overlay) put(key, room []byte) {
	if o.byKey == nil {
		o.byKey = map[string]*node{}
	}
	n := o.byKey[string(key)]
	known := n != nil
	if !known {
		n = o.node()
		n.key = key
		o.byKey[string(key)] = n
	}
	n.val, n.room, n.gone = nil, room, room == nil
	if room != nil {
		n.val = room[sumSize:]
	}
	if o.ordered && !known {
		o.order.add(n)
	}
}

// mostSpare bounds how many nodes are made at once, and the first lots are small.
const mostSpare = 256

func (o *overlay) node() *node {
	if len(o.spare) == 0 {
		o.spare = make([]node, min(len(o.byKey)+1, mostSpare))
	}
	n := &o.spare[0]
	o.spare = o.spare[1:]
	return n
}

// seek is tree.seek over the writes so far.
func (o *overlay) seek(key []byte, after bool) *node {
	if len(o.byKey) == 0 {
		return nil
	}
	if !o.ordered {
		for _, n := range o.byKey {
			o.order.add(n)
		}
		o.ordered = true
	}
	return o.order.seek(key, after)
}

// each yields all writes in the order of their keys.
func (o *overlay) each() iter.Seq[*node] {
	if o.ordered {
		return o.order.each
	}
	return slices.Values(slices.SortedFunc(maps.Values(o.byKey), func(a, b *node) int { return bytes.Compare(a.key, b.key) }))
}
