package pve

import (
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// TestBitmapStates goes through the states that QEMU tells of a drive's bitmap.
func TestBitmapStates(t *testing.T) {
	last := time.Date(2026, 9, 14, 0, 0, 0, 0, time.UTC)
	const size = 1024 * archive.BlockSize
	var base archive.Blocks
	base = base.Write(0, 300, 1)
	bm := func(change func(*bitmap)) *bitmap {
		b := &bitmap{Target: "vault:central/", Key: "aa:bb", Last: last, Content: base, Size: size}
		if change != nil {
			change(b)
		}
		return b
	}
	for _, c := range []struct {
		name     string
		bitmap   *bitmap
		expected bool
		newest   time.Time
		size     int64
		content  archive.Blocks
		text     string
		dirty    int64
	}{
		{"first backup", nil, false, time.Time{}, size, base, "created new", size},
		{"after a restart of the VM", nil, false, last, size, base, "created new", size},
		{"nothing written", bm(nil), true, last, size, base, "OK (drive clean)", 0},
		{"something written", bm(nil), true, last, size, base.Write(10, 128, 9), "OK (512.0 MiB of 4.0 GiB dirty)", 128 * archive.BlockSize},
		{"another vault", bm(func(b *bitmap) { b.Target = "other:central/" }), true, last, size, base, "existing bitmap was invalid and has been cleared", size},
		{"another key", bm(func(b *bitmap) { b.Key = "cc:dd" }), true, last, size, base, "existing bitmap was invalid and has been cleared", size},
		{"the snapshot is gone from the vault", bm(nil), true, time.Time{}, size, base, "existing bitmap was invalid and has been cleared", size},
		{"another one is the newest", bm(nil), true, last.Add(time.Hour), size, base, "existing bitmap was invalid and has been cleared", size},
		{"the disk was resized", bm(nil), true, last, 2 * size, base, "existing bitmap was invalid and has been cleared", 2 * size},
		{"one of two drives lost it", nil, true, last, size, base, "expected bitmap was missing and has been recreated", size},
	} {
		text, dirty := bitmapStatus(c.bitmap, c.expected, "vault:central/", "aa:bb", c.newest, c.size, c.content)
		if text != c.text || dirty != c.dirty {
			t.Errorf("%s: got %q, %d dirty, want %q, %d", c.name, text, dirty, c.text, c.dirty)
		}
	}
}
