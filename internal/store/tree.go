package store

import (
	"bytes"
	"hash/maphash"
)

// tree is an ordered map that put never changes: it returns a new tree that shares
// most of the old one. So a snapshot is a copied pointer, and a scan is not
// disturbed by writes. A tree that has one owner and no snapshots may grow by add. It is
// a treap; the priorities come from the keys.
type tree struct{ root *node }

type node struct {
	key         []byte
	room        []byte // room for the value's checksum, and the value; nil: the key is deleted
	prio        uint64 // hash of the key
	left, right *node
	same        *node // in an overlay: the next of this hash
}

func (n *node) gone() bool { return n.room == nil }

// val is nil if the key is deleted.
func (n *node) val() []byte {
	if n.gone() {
		return nil
	}
	return n.room[sumSize:]
}

var treeSeed = maphash.MakeSeed()

func (t tree) find(key []byte) *node {
	for n := t.root; n != nil; {
		switch c := bytes.Compare(key, n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n
		}
	}
	return nil
}

// seek is the first node at key or, if after is set, strictly behind it.
func (t tree) seek(key []byte, after bool) *node {
	var best *node
	for n := t.root; n != nil; {
		c := bytes.Compare(key, n.key)
		if c < 0 || c == 0 && !after {
			best, n = n, n.left
		} else {
			n = n.right
		}
	}
	return best
}

func (t tree) put(key, room []byte) tree {
	return tree{put(t.root, &node{key: key, room: room, prio: maphash.Bytes(treeSeed, key)})}
}

func put(n, leaf *node) *node {
	if n == nil {
		return leaf
	}
	c := bytes.Compare(leaf.key, n.key)
	copied := *n
	switch {
	case c == 0:
		copied.key, copied.room = leaf.key, leaf.room
		return &copied
	case c < 0:
		copied.left = put(n.left, leaf)
		if l := copied.left; l.prio > copied.prio { // l was made by this put: it may be changed
			copied.left, l.right = l.right, &copied
			return l
		}
	default:
		copied.right = put(n.right, leaf)
		if r := copied.right; r.prio > copied.prio {
			copied.right, r.left = r.left, &copied
			return r
		}
	}
	return &copied
}

func (t tree) remove(key []byte) tree {
	if t.find(key) == nil {
		return t
	}
	return tree{remove(t.root, key)}
}

func remove(n *node, key []byte) *node {
	c := bytes.Compare(key, n.key)
	if c == 0 {
		return join(n.left, n.right)
	}
	copied := *n
	if c < 0 {
		copied.left = remove(n.left, key)
	} else {
		copied.right = remove(n.right, key)
	}
	return &copied
}

// join makes one tree of two, all keys of a being smaller than those of b.
func join(a, b *node) *node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.prio > b.prio:
		copied := *a
		copied.right = join(a.right, b)
		return &copied
	default:
		copied := *b
		copied.left = join(a, b.left)
		return &copied
	}
}

// each yields all nodes in order.
func (t tree) each(yield func(*node) bool) { each(t.root, yield) }

func each(n *node, yield func(*node) bool) bool {
	return n == nil || each(n.left, yield) && yield(n) && each(n.right, yield)
}

// add puts a node, whose key is not there yet, into the tree itself.
func (t *tree) add(leaf *node) { t.root = add(t.root, leaf) }

func add(n, leaf *node) *node {
	if n == nil {
		return leaf
	}
	if bytes.Compare(leaf.key, n.key) < 0 {
		n.left = add(n.left, leaf)
		if l := n.left; l.prio > n.prio {
			n.left, l.right = l.right, n
			return l
		}
		return n
	}
	n.right = add(n.right, leaf)
	if r := n.right; r.prio > n.prio {
		n.right, r.left = r.left, n
		return r
	}
	return n
}
