// Package wholefile writes files that are there in full or not at all, also after a
// crash of the program or of the machine: the content goes into a file beside it,
// which is flushed, then takes the name, and the folder is flushed.
//
// A program that dies in between leaves that other file behind. Sweep, at the next
// start, takes it away; so each folder has one program that writes in it.
//
// The package knows no content, and never replaces a file that New was told to make.
package wholefile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Disk is what is done to a disk. The crash harness stands in its way.
type Disk interface {
	// Create makes a file of a new name in a folder, mode 0600.
	Create(folder string) (File, error)
	// Rename gives a file a name; one that had it is gone.
	Rename(from, to string) error
	// Link gives a file a second name, unless there is a file of that name.
	Link(from, to string) error
	Remove(name string) error
	// MakeFolder makes a folder and those above it, mode 0700.
	MakeFolder(folder string) error
	// SyncFolder has the names in a folder on the disk.
	SyncFolder(folder string) error
}

// File is a file that is being written.
type File interface {
	io.WriteCloser
	Name() string
	Sync() error
}

// OS is the disk of the machine.
var OS Disk = machine{}

// beginning marks the files that have not got their name yet.
const beginning = ".part-"

// Write writes a file, or replaces it.
func Write(d Disk, name string, write func(io.Writer) error) error {
	if err := WriteUnflushed(d, name, write); err != nil {
		return err
	}
	return d.SyncFolder(filepath.Dir(name))
}

// WriteUnflushed is Write for one of many: the content is on the disk, its name is not
// before the caller has flushed the folder, once for all of them.
func WriteUnflushed(d Disk, name string, write func(io.Writer) error) error {
	return whole(d, name, write, func(part string) error { return d.Rename(part, name) })
}

// New writes a file whose name must be free: the error is fs.ErrExist if it is not.
func New(d Disk, name string, write func(io.Writer) error) error {
	if err := whole(d, name, write, func(part string) error {
		if err := d.Link(part, name); err != nil {
			return err
		}
		return d.Remove(part)
	}); err != nil {
		return err
	}
	return d.SyncFolder(filepath.Dir(name))
}

// whole writes content to a new file and has give give it its name.
func whole(d Disk, name string, write func(io.Writer) error, give func(part string) error) (err error) {
	folder := filepath.Dir(name)
	f, err := d.Create(folder)
	if errors.Is(err, fs.ErrNotExist) {
		if err := d.MakeFolder(folder); err != nil {
			return err
		}
		f, err = d.Create(folder)
	}
	if err != nil {
		return err
	}
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = give(f.Name())
	}
	if err != nil {
		return errors.Join(err, d.Remove(f.Name()))
	}
	return nil
}

// Sweep removes from a folder what programs that died left half-written. It is for
// the start of the only program that writes there. A folder that is absent is clean.
func Sweep(d Disk, folder string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), beginning) {
			if err := d.Remove(filepath.Join(folder, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

type machine struct{}

func (machine) Create(folder string) (File, error) {
	f, err := os.CreateTemp(folder, beginning) // mode 0600
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (machine) Rename(from, to string) error   { return os.Rename(from, to) }
func (machine) Link(from, to string) error     { return os.Link(from, to) }
func (machine) Remove(name string) error       { return os.Remove(name) }
func (machine) MakeFolder(folder string) error { return os.MkdirAll(folder, 0o700) }

func (machine) SyncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
