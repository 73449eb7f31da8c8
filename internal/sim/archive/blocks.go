package archive

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
)

// BlockSize is the grain of a disk's content, in bytes: the chunk size of
// Proxmox's backups of disks.
const BlockSize = 4 << 20

// Blocks is the content of a disk: runs of blocks, ordered, without overlap.
// What no run covers reads as zeros. A Blocks is never changed in place, so
// copies share memory and are cheap.
type Blocks []Run

// Run is Count blocks from block number At on. The content of block n of a run is
// ContentID(Seed, n): the same seed at the same place is the same content.
type Run struct {
	At    int64  `json:"at"`
	Count int64  `json:"n"`
	Seed  uint64 `json:"seed"`
}

func (r Run) end() int64 { return r.At + r.Count }

// ContentID identifies what a block holds: equal IDs mean equal bytes. It is
// never zero; zero stands for a block of zeros.
func ContentID(seed uint64, block int64) uint64 {
	x := seed + 0x9e3779b97f4a7c15*uint64(block+1)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return (x ^ x>>31) | 1
}

// Write returns the content after count blocks from at on were written with seed.
func (b Blocks) Write(at, count int64, seed uint64) Blocks {
	if count <= 0 {
		return b
	}
	out := b.without(at, at+count)
	i, _ := slices.BinarySearchFunc(out, at, func(r Run, at int64) int { return int(r.At - at) })
	out = slices.Insert(out, i, Run{At: at, Count: count, Seed: seed})
	return out.joined()
}

// Discard returns the content after count blocks from at on were trimmed.
func (b Blocks) Discard(at, count int64) Blocks { return b.without(at, at+count) }

// without is a copy of b that leaves out the blocks from lo up to hi.
func (b Blocks) without(lo, hi int64) Blocks {
	out := make(Blocks, 0, len(b)+2)
	for _, r := range b {
		if r.end() <= lo || r.At >= hi {
			out = append(out, r)
			continue
		}
		if r.At < lo {
			out = append(out, Run{At: r.At, Count: lo - r.At, Seed: r.Seed})
		}
		if r.end() > hi {
			out = append(out, Run{At: hi, Count: r.end() - hi, Seed: r.Seed})
		}
	}
	return out
}

// joined merges neighbours of one seed, so that equal content has one form.
func (b Blocks) joined() Blocks {
	out := b[:0]
	for _, r := range b {
		if n := len(out); n > 0 && out[n-1].Seed == r.Seed && out[n-1].end() == r.At {
			out[n-1].Count += r.Count
			continue
		}
		out = append(out, r)
	}
	return out
}

// Used is the number of bytes that are not zeros, in whole blocks.
func (b Blocks) Used() int64 {
	var n int64
	for _, r := range b {
		n += r.Count
	}
	return n * BlockSize
}

// Changed is the number of bytes, in whole blocks, in which b differs from old.
func (b Blocks) Changed(old Blocks) int64 {
	var n int64
	cuts := make([]int64, 0, 2*(len(b)+len(old)))
	for _, r := range slices.Concat(b, old) {
		cuts = append(cuts, r.At, r.end())
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	i, j := 0, 0
	for k := 0; k+1 < len(cuts); k++ {
		at := cuts[k]
		var x, y uint64
		var inX, inY bool
		x, inX, i = b.seedAt(i, at)
		y, inY, j = old.seedAt(j, at)
		if inX != inY || x != y {
			n += cuts[k+1] - at
		}
	}
	return n * BlockSize
}

// seedAt is the seed of the run that covers block at, looking from run i on.
func (b Blocks) seedAt(i int, at int64) (seed uint64, covered bool, next int) {
	for i < len(b) && b[i].end() <= at {
		i++
	}
	if i < len(b) && b[i].At <= at {
		return b[i].Seed, true, i
	}
	return 0, false, i
}

// Digest is a SHA-256 over the content: equal for equal disks, whatever writes
// led to it.
func (b Blocks) Digest() string {
	h := sha256.New()
	var buf [24]byte
	for _, r := range slices.Clone(b).joined() {
		binary.BigEndian.PutUint64(buf[0:], uint64(r.At))
		binary.BigEndian.PutUint64(buf[8:], uint64(r.Count))
		binary.BigEndian.PutUint64(buf[16:], r.Seed)
		h.Write(buf[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Each calls f with the ContentID of every block that is not zeros.
func (b Blocks) Each(f func(id uint64)) {
	for _, r := range b {
		for n := r.At; n < r.end(); n++ {
			f(ContentID(r.Seed, n))
		}
	}
}

// Check refuses runs that are empty, out of order or overlapping.
func (b Blocks) Check() error {
	var end int64
	for _, r := range b {
		if r.Count <= 0 || r.At < end {
			return fmt.Errorf("run of %d blocks at block %d does not follow block %d", r.Count, r.At, end)
		}
		end = r.end()
	}
	return nil
}
