package platform

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"codeberg.org/accolade/accolade/internal/wholefile"
)

// Files is the place where the platform takes deposits: a folder, here or elsewhere.
// Names have no slash.
type Files interface {
	// Put writes a file, or replaces it; it is on the disk when it returns.
	Put(name string, content []byte) error
	// Rename gives a file another name in one step.
	Rename(from, to string) error
	// Get reads a file; fs.ErrNotExist where there is none.
	Get(name string) ([]byte, error)
	io.Closer
}

// mostBytes of a file that is read.
const mostBytes = 32 << 20

// Folder is a folder of this machine, which a platform's own program empties.
type Folder struct {
	Path string
	Disk wholefile.Disk
}

// In opens a folder of this machine.
func In(path string) func(context.Context) (Files, error) {
	return func(context.Context) (Files, error) {
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
		return Folder{path, wholefile.OS}, nil
	}
}

// Put writes a file.
func (f Folder) Put(name string, content []byte) error {
	return wholefile.Write(f.Disk, filepath.Join(f.Path, name), func(w io.Writer) error { _, err := w.Write(content); return err })
}

// Rename gives a file another name.
func (f Folder) Rename(from, to string) error {
	if err := f.Disk.Rename(filepath.Join(f.Path, from), filepath.Join(f.Path, to)); err != nil {
		return err
	}
	return f.Disk.SyncFolder(f.Path)
}

// Get reads a file.
func (f Folder) Get(name string) ([]byte, error) {
	file, err := os.Open(filepath.Join(f.Path, name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, mostBytes))
}

// Close has nothing to do.
func (Folder) Close() error { return nil }
