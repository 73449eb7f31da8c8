package pve

import "time"

// How fast the box is, in bytes a second. The figures are those of a refurbished
// machine with a SATA SSD, one hard disk and an office's fibre.
const (
	downloadRate = 50 << 20  // from the Internet
	copyRate     = 400 << 20 // from file to file on the SSD
	importRate   = 800 << 20 // an image to the thin pool, counted by the disk's size
	backupRate   = 100 << 20 // a disk's data to the hard disk
	vaultRate    = 80 << 20  // reading for a remote backup
	uplinkRate   = 12 << 20  // what really goes over the wire
	restoreRate  = 120 << 20 // an archive back to the thin pool
)

// moving is how long a number of bytes takes at a rate.
func moving(rate, bytes int64) time.Duration {
	return time.Duration(float64(bytes) / float64(rate) * float64(time.Second)).Round(10 * time.Millisecond)
}

func copyTime(bytes int64) time.Duration     { return moving(copyRate, bytes) }
func transferTime(bytes int64) time.Duration { return moving(downloadRate, bytes) }
func importTime(bytes int64) time.Duration   { return moving(importRate, bytes) }
