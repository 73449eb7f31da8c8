package fleet

import "time"

// DumpReport is what the log of a backup task tells. Fields that the log does not
// tell stay zero. It is a hint: whether there is a backup, only the storage says.
type DumpReport struct {
	VMID     int
	Mode     string        // snapshot, suspend, stop
	Archive  string        // path of the vzdump file, or vm/100/2026-11-23T01:00:00Z on a vault
	Bitmap   Bitmap        // of the first disk
	Total    int64         // bytes of all disks
	Dirty    int64         // bytes that the bitmap told to read; Total on a full read
	Sent     int64         // bytes transferred
	Reused   int64         // bytes that the vault had already
	Size     int64         // bytes of the archive file; 0 on a vault
	Duration time.Duration // of the backup of the VM
	Failed   string        // why the backup of the VM failed; empty: it did not
}

// Bitmap is the state of a dirty bitmap before a backup to a vault: it decides
// whether the whole disk is read.
type Bitmap string

const (
	BitmapNone     Bitmap = ""         // the log tells none: no backup to a vault
	BitmapNew      Bitmap = "new"      // first backup since the VM started: full read
	BitmapClean    Bitmap = "clean"    // nothing changed
	BitmapDirty    Bitmap = "dirty"    // only what changed is read
	BitmapInvalid  Bitmap = "invalid"  // it did not fit, was cleared: full read
	BitmapMissing  Bitmap = "missing"  // it was lost, was made anew: full read
	BitmapDisabled Bitmap = "disabled" // no support: full read
)

// FullRead tells whether the whole disk had to be read.
func (b Bitmap) FullRead() bool { return b != BitmapClean && b != BitmapDirty }
