package provisioning

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/diskfs/go-diskfs/backend"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"

	"codeberg.org/accolade/accolade/templates"
)

// seedFiles are the three files that cloud-init reads on the first boot.
type seedFiles map[string][]byte

// seed writes the files of a first boot. The instance is unlike any other, so
// that cloud-init takes a disk that was restored for one that has booted before.
func seed(b Blueprint, instance string) (seedFiles, error) {
	hostname, _, _ := strings.Cut(b.Domain, ".")
	values := struct {
		Blueprint
		Hostname, Instance string
	}{b, hostname, instance}
	files := seedFiles{}
	for _, name := range []string{"user-data", "meta-data", "network-config"} {
		text, err := templates.Seed(name, values)
		if err != nil {
			return nil, err
		}
		files[name] = text
	}
	return files, nil
}

// label is what cloud-init looks for, padded with spaces as ISO 9660 wants; the
// library would pad with zeros.
var label = fmt.Sprintf("%-32s", "cidata")

// Image is the files as a NoCloud image: ISO 9660 with the label cidata, their
// real names told by Rock Ridge. It is made in memory.
func (s seedFiles) Image() ([]byte, error) {
	folder, leave, err := memoryFolder()
	if err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	defer leave()
	disk := &memoryDisk{}
	image, err := iso9660.Create(disk, 0, 0, 2048, folder)
	if err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	for name, text := range s {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return nil, fmt.Errorf("seed: %w", err)
		}
	}
	if err := image.Finalize(iso9660.FinalizeOptions{RockRidge: true, VolumeIdentifier: label}); err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	if rest := len(disk.data) % 2048; rest != 0 {
		disk.data = append(disk.data, make([]byte, 2048-rest)...)
	}
	return disk.data, nil
}

// memoryDisk is a growing disk in memory, as the library wants its target.
type memoryDisk struct {
	data []byte
	at   int64
}

var errNoFile = errors.New("a disk in memory is no file")

func (d *memoryDisk) Sys() (*os.File, error)                  { return nil, errNoFile }
func (d *memoryDisk) Writable() (backend.WritableFile, error) { return d, nil }
func (d *memoryDisk) Path() string                            { return "" }
func (d *memoryDisk) Stat() (fs.FileInfo, error)              { return memoryInfo(len(d.data)), nil }
func (d *memoryDisk) Close() error                            { return nil }

func (d *memoryDisk) Read(p []byte) (int, error) {
	n, err := d.ReadAt(p, d.at)
	d.at += int64(n)
	return n, err
}

func (d *memoryDisk) ReadAt(p []byte, at int64) (int, error) {
	return bytes.NewReader(d.data).ReadAt(p, at)
}

func (d *memoryDisk) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += d.at
	case io.SeekEnd:
		offset += int64(len(d.data))
	}
	if offset < 0 {
		return 0, errors.New("seek before the start")
	}
	d.at = offset
	return offset, nil
}

func (d *memoryDisk) WriteAt(p []byte, at int64) (int, error) {
	if end := at + int64(len(p)); end > int64(len(d.data)) {
		d.data = append(d.data, make([]byte, end-int64(len(d.data)))...)
	}
	return copy(d.data[at:], p), nil
}

type memoryInfo int64

func (i memoryInfo) Name() string     { return "seed" }
func (i memoryInfo) Size() int64      { return int64(i) }
func (memoryInfo) Mode() fs.FileMode  { return 0o600 }
func (memoryInfo) ModTime() time.Time { return time.Time{} }
func (memoryInfo) IsDir() bool        { return false }
func (memoryInfo) Sys() any           { return nil }
