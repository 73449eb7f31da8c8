package store

import (
	"fmt"
	"hash/maphash"
	"testing"
)

// TestOverlayOneHash has keys of one hash, which chance does not bring about.
func TestOverlayOneHash(t *testing.T) {
	var o overlay
	room := func(s string) []byte { return append(make([]byte, sumSize), s...) }
	o.put([]byte("a"), room("1"))
	o.byHash[maphash.String(treeSeed, "b")] = o.find([]byte("a"))
	o.put([]byte("b"), room("2"))
	o.byHash[maphash.String(treeSeed, "a")] = o.find([]byte("b"))
	o.put([]byte("a"), room("3"))
	o.put([]byte("b"), nil)
	if n := o.find([]byte("a")); n == nil || string(n.val()) != "3" {
		t.Errorf("a is %v, want 3", n)
	}
	if n := o.find([]byte("b")); n == nil || !n.gone() {
		t.Errorf("b is %v, want one that is deleted", n)
	}
	var all string
	for n := range o.each() {
		all += fmt.Sprintf("%s=%s ", n.key, n.val())
	}
	if all != "a=3 b= " {
		t.Errorf("it holds %q", all)
	}
}
