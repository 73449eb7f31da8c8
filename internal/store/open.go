package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// format is the version of the file's layout. Raise it when the layout changes,
// and teach Open to bring older files forward.
const format = 1

// lockWait is how long Open tries to get the file from another process. The
// message must be there within one second.
const lockWait = 500 * time.Millisecond

const (
	// mapSize is the address space that bbolt maps from the start, in bytes. Below
	// it a growing file needs no new map, and so no commit waits for a long reader
	// such as an online copy. It costs no memory.
	mapSize = 1 << 30
	// growth is by how much the file grows at a time, in bytes.
	growth = 1 << 20
)

// Options are the settings of a store file. The zero value is right for the
// service.
type Options struct {
	// NoSync leaves writing to the disk to the operating system. A crash of the
	// machine then loses changes. For simulations only.
	NoSync bool
	// MaxSize refuses growth of the file beyond that many bytes; 0 is no limit.
	MaxSize int
}

// Open opens the store in the file path, and makes it, and its folder, if they are
// absent. The folder becomes private to the owner (0700) and the file too (0600).
//
// It refuses, each with an error that says what to do: a folder or file of another
// user, a file that another process has open (*LockedError), one written by a
// newer program (*NewerError), and a damaged one (*DamagedError).
func Open(path string, opts Options) (DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := privateFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	absent, err := privateFile(path)
	if err != nil {
		return nil, err
	}
	if absent {
		if err := create(path, opts.NoSync); err != nil {
			return nil, err
		}
	} else if err := verify(path); err != nil {
		return nil, err
	}
	settings := &bolt.Options{
		Timeout: lockWait, NoSync: opts.NoSync, MaxSize: opts.MaxSize,
		FreelistType: bolt.FreelistMapType, InitialMmapSize: mapSize,
	}
	if opts.MaxSize > 0 {
		settings.InitialMmapSize = 0 // bbolt counts the map against the limit
	}
	file, err := bolt.Open(path, 0o600, settings)
	if err != nil {
		return nil, openError(path, err)
	}
	file.AllocSize = growth
	err = file.View(func(tx *bolt.Tx) error { return checkFormat(tx, path) })
	if err == nil && !opts.NoSync {
		err = settle(path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &boltDB{db: file, path: path, lock: noteLock(path)}, nil
}

func openError(path string, err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return &LockedError{Path: path, PID: lockHolder(path)}
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return &DamagedError{Path: path, Why: err.Error()}
	case full(err):
		return &FullError{Path: path, Err: err}
	}
	return fmt.Errorf("store %s: %w", path, err)
}

// privateFolder makes dir, or tightens it if others may enter.
func privateFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("store: make the folder %s: %w", dir, err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := ownedByUs(dir, info); err != nil {
		return err
	}
	if info.Mode()&os.ModeSticky != 0 {
		return fmt.Errorf("store: folder %s is shared by all users: choose a folder that belongs to the service alone", dir)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("store: folder %s can be entered by others: %w", dir, err)
	}
	return nil
}

// privateFile looks at a file that is to become, or is, the store. An empty file is
// no fresh store: a store that lost its content must not be taken for one.
func privateFile(path string) (absent bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("store: %w", err)
	}
	if !info.Mode().IsRegular() {
		return false, fmt.Errorf("store: %s is not a file", path)
	}
	if err := ownedByUs(path, info); err != nil {
		return false, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(path, 0o600); err != nil {
			return false, fmt.Errorf("store: file %s can be read by others: %w", path, err)
		}
	}
	return false, nil
}

func ownedByUs(path string, info os.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() {
		return nil
	}
	return &OwnerError{Path: path, Owner: int(st.Uid), User: os.Geteuid()}
}
