package store

import (
	"bytes"
	"hash/maphash"
	"iter"
	"slices"
)

// overlay is what a transaction has written and not committed. Most transactions
// write a little and look up single keys, for which a map is enough; the order is kept
// only from the first scan on.
type overlay struct {
	byHash  map[uint64]*node // of the key; nodes of one hash hang together
	count   int
	lots    [][]node // all nodes, in the order in which their keys were first written
	ordered bool     // from the first seek on order holds all that byHash does
	order   tree     // of the same nodes
}

func (o *overlay) find(key []byte) *node {
	if o.count == 0 {
		return nil
	}
	return o.findHashed(key, maphash.Bytes(treeSeed, key))
}

func (o *overlay) findHashed(key []byte, hash uint64) *node {
	n := o.byHash[hash]
	for n != nil && !bytes.Equal(n.key, key) {
		n = n.same
	}
	return n
}

// put takes key and room over; room is sumSize free bytes and the value, nil to delete.
func (o *overlay) put(key, room []byte) {
	hash := maphash.Bytes(treeSeed, key)
	if n := o.findHashed(key, hash); n != nil {
		n.room = room
		return
	}
	if o.byHash == nil {
		o.byHash = map[uint64]*node{}
	}
	n := o.node()
	*n = node{key: key, room: room, prio: hash, same: o.byHash[hash]}
	o.byHash[hash] = n
	if o.ordered {
		o.order.add(n)
	}
}

// mostInLot bounds how many nodes are made at once; the first lots are small.
const mostInLot = 256

func (o *overlay) node() *node {
	last := len(o.lots) - 1
	if last < 0 || len(o.lots[last]) == cap(o.lots[last]) {
		o.lots = append(o.lots, make([]node, 0, min(o.count+1, mostInLot)))
		last++
	}
	o.count++
	lot := append(o.lots[last], node{})
	o.lots[last] = lot
	return &lot[len(lot)-1]
}

// seek is tree.seek over the writes so far.
func (o *overlay) seek(key []byte, after bool) *node {
	if o.count == 0 {
		return nil
	}
	if !o.ordered {
		for _, lot := range o.lots {
			for i := range lot {
				o.order.add(&lot[i])
			}
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
	all := make([]*node, 0, o.count)
	for _, lot := range o.lots {
		for i := range lot {
			all = append(all, &lot[i])
		}
	}
	slices.SortFunc(all, func(a, b *node) int { return bytes.Compare(a.key, b.key) })
	return slices.Values(all)
}
