package archive

import (
	"maps"
	"testing"

	"pgregory.net/rapid"
)

// TestBlocksAgainstMap draws writes and trims and holds the runs to a plain map
// of block number to content.
func TestBlocksAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b, before Blocks
		model, modelBefore := map[int64]uint64{}, map[int64]uint64{}
		steps := rapid.IntRange(1, 30).Draw(t, "steps")
		for s := range steps {
			at := rapid.Int64Range(0, 60).Draw(t, "at")
			count := rapid.Int64Range(0, 20).Draw(t, "count")
			seed := rapid.Uint64Range(1, 4).Draw(t, "seed")
			trim := rapid.IntRange(0, 4).Draw(t, "trim") == 0
			if s == steps/2 {
				before, modelBefore = b, maps.Clone(model)
			}
			if trim {
				b = b.Discard(at, count)
			} else {
				b = b.Write(at, count, seed)
			}
			for n := at; n < at+count; n++ {
				if trim {
					delete(model, n)
				} else {
					model[n] = ContentID(seed, n)
				}
			}
			if err := b.Check(); err != nil {
				t.Fatalf("after step %d: %v", s, err)
			}
		}
		got := map[uint64]int{}
		b.Each(func(id uint64) { got[id]++ })
		want := map[uint64]int{}
		for _, id := range model {
			want[id]++
		}
		if !maps.Equal(got, want) {
			t.Fatalf("content ids %v, want %v", got, want)
		}
		if used := int64(len(model)) * BlockSize; b.Used() != used {
			t.Fatalf("used %d, want %d", b.Used(), used)
		}
		var changed int64
		for n := range int64(100) {
			if model[n] != modelBefore[n] {
				changed += BlockSize
			}
		}
		if b.Changed(before) != changed {
			t.Fatalf("changed %d, want %d", b.Changed(before), changed)
		}
		if same := b.Digest() == before.Digest(); same != (changed == 0) {
			t.Fatalf("digests equal: %v, but %d bytes differ", same, changed)
		}
	})
}
