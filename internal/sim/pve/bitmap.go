package pve

import (
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// bitmap is the dirty bitmap that QEMU keeps for one drive since its last backup to
// a backup server. It lives in the process: when that ends, it is gone. A backup may
// read less only if the bitmap belongs to the snapshot that the server still has as
// the newest of the group, made with the same key.
type bitmap struct {
	Target string    `json:"target"` // server, datastore, namespace
	Key    string    `json:"key"`    // fingerprint of the encryption key
	Last   time.Time `json:"last"`   // snapshot that it builds on
	// Content is the drive's content at that snapshot: what differs is dirty.
	Content archive.Blocks `json:"content"`
	Size    int64          `json:"size"`
}

// What QEMU says about a bitmap when a backup begins.
const (
	bitmapNew     = "created new"
	bitmapClean   = "OK (drive clean)"
	bitmapInvalid = "existing bitmap was invalid and has been cleared"
	bitmapMissing = "expected bitmap was missing and has been recreated"
	bitmapNone    = "disabled (no support)"
)

// bitmapStatus decides how much of a drive a backup has to read: the text of the
// log, and the dirty bytes.
//
// A drive that never had one gets a new one. One that does not belong to the newest
// snapshot of the group, to this target or to this key is "invalid": QEMU keeps one
// bitmap only, so two vaults in turn spoil it for each other. Where other drives of
// the process have bitmaps and this one has lost its own (a disk was replaced), it is
// "missing".
func bitmapStatus(bm *bitmap, expected bool, target, key string, newest time.Time, size int64, content archive.Blocks) (text string, dirty int64) {
	switch {
	case bm == nil && expected:
		return bitmapMissing, size
	case bm == nil:
		return bitmapNew, size
	case bm.Target != target || bm.Key != key || !bm.Last.Equal(newest) || bm.Size != size:
		return bitmapInvalid, size
	}
	dirty = min(size, content.Changed(bm.Content))
	if dirty == 0 {
		return bitmapClean, 0
	}
	return fmt.Sprintf("OK (%s of %s dirty)", bytesText(dirty, 1), bytesText(size, 1)), dirty
}

// bytesText prints bytes as the backup log does, with two digits or as many as asked
// for: "1.20 GiB".
func bytesText(bytes int64, digits ...int) string {
	precision := 2
	if len(digits) > 0 {
		precision = digits[0]
	}
	value, units := float64(bytes), []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	i := 0
	for value >= 1024 && i < len(units)-1 {
		value /= 1024
		i++
	}
	return fmt.Sprintf("%.*f %s", precision, value, units[i])
}
