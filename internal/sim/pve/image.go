package pve

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash"

	"codeberg.org/accolade/accolade/internal/sim/archive"
	"codeberg.org/accolade/accolade/internal/sim/guest"
)

// diskImage is what a box knows of a disk image that was put on a storage: enough
// to import it, without its bytes.
type diskImage struct {
	Virtual int64  `json:"virtual"` // the disk's size in bytes
	Used    int64  `json:"used"`    // what is not zeros
	File    int64  `json:"file"`    // the file's size, where the image stands for a larger one
	Seed    uint64 `json:"seed"`    // of its content
}

// qcow2 header, version 3 (docs/interop/qcow2.txt of QEMU). The header extension of
// type simExtension makes a small file stand for a large one: used bytes and the
// size that the file is to have.
const (
	qcowMagic    = 0x514649fb
	simExtension = 0x61636331
	headerLength = 104
)

// CloudImage is a small qcow2 file that stands for a cloud image with a disk of
// virtual bytes, of which used are not zeros, in a file of size bytes.
func CloudImage(virtual, used, size int64) []byte {
	out := make([]byte, 4096)
	be := binary.BigEndian
	be.PutUint32(out[0:], qcowMagic)
	be.PutUint32(out[4:], 3)
	be.PutUint32(out[20:], 16) // cluster bits
	be.PutUint64(out[24:], uint64(virtual))
	be.PutUint32(out[96:], 4) // refcount order
	be.PutUint32(out[100:], headerLength)
	be.PutUint32(out[104:], simExtension)
	be.PutUint32(out[108:], 16)
	be.PutUint64(out[112:], uint64(used))
	be.PutUint64(out[120:], uint64(size))
	return out
}

// readImage understands the header of an image of a format, as qemu-img info does.
func readImage(format string, data []byte) (diskImage, error) {
	sum := sha256.Sum256(data)
	image := diskImage{Virtual: int64(len(data)), Used: int64(len(data)), Seed: binary.BigEndian.Uint64(sum[:])}
	switch format {
	case "raw":
		return image, nil
	case "qcow2":
		be := binary.BigEndian
		if len(data) < headerLength || be.Uint32(data) != qcowMagic {
			return image, failf("failed to verify file: Image is not in qcow2 format")
		}
		image.Virtual = int64(be.Uint64(data[24:]))
		if be.Uint64(data[8:]) != 0 {
			return image, failf("failed to verify file: unexpected backing file")
		}
		if len(data) >= 128 && be.Uint32(data[104:]) == simExtension {
			image.Used, image.File = int64(be.Uint64(data[112:])), int64(be.Uint64(data[120:]))
		}
		image.Used = min(image.Used, image.Virtual)
		return image, nil
	}
	return image, failf("images of format '%s' are not simulated", format)
}

func (i diskImage) fileSize(read int) int64 {
	if i.File > 0 {
		return i.File
	}
	return int64(read)
}

// disk is the image's content; name says which system is on it.
func (i diskImage) disk(name string) (*archive.Disk, error) {
	state, err := json.Marshal(guest.NewDisk(name))
	if err != nil {
		return nil, failf("read image '%s': %s", name, err)
	}
	var blocks archive.Blocks
	blocks = blocks.Write(0, (i.Used+archive.BlockSize-1)/archive.BlockSize, i.Seed)
	return &archive.Disk{Size: i.Virtual, Blocks: blocks, Guest: state}, nil
}

// checksum is the hash of data in hex; empty for an algorithm that is not known.
func checksum(algorithm string, data []byte) string {
	var h hash.Hash
	switch algorithm {
	case "md5":
		h = md5.New()
	case "sha1":
		h = sha1.New()
	case "sha224":
		h = sha256.New224()
	case "sha256":
		h = sha256.New()
	case "sha384":
		h = sha512.New384()
	case "sha512":
		h = sha512.New()
	default:
		return ""
	}
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}
