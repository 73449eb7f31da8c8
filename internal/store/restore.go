package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Restore puts the copy in the file from in the place of the store to. The copy is
// verified first, and a store that is there already is kept beside it with the
// ending ".replaced". At every instant to is either the old store or the new one.
// change, if there is one, is made to it before it stands there: what is known to be
// different now from what the copy says.
//
// It refuses while a process has the store open.
func Restore(from, to string, change func(Tx) error) (err error) {
	to, err = filepath.Abs(to)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := verifyCopy(from); err != nil {
		return err
	}
	dir := filepath.Dir(to)
	if err := privateFolder(dir); err != nil {
		return err
	}
	unlock, err := lockFile(to)
	if err != nil {
		return err
	}
	defer unlock()
	fresh := to + ".restoring"
	defer os.Remove(fresh)
	if err := copyFile(from, fresh); err != nil {
		return fmt.Errorf("store: restore %s: %w", from, err)
	}
	if err := verify(fresh); err != nil {
		return err
	}
	if change != nil {
		if err := changeFile(fresh, change); err != nil {
			return fmt.Errorf("store: restore %s: %w", from, err)
		}
	}
	if err := setAside(to); err != nil {
		return fmt.Errorf("store: restore %s: %w", from, err)
	}
	if err := os.Rename(fresh, to); err != nil {
		return fmt.Errorf("store: restore %s: %w", from, err)
	}
	return syncFolder(dir)
}

// changeFile makes one change to the store in a file that nobody else knows.
func changeFile(path string, change func(Tx) error) error {
	db, err := Open(path, Options{})
	if err != nil {
		return err
	}
	return errors.Join(db.Update(change), db.Close())
}

// verifyCopy verifies a copy, which unlike a store may lie anywhere and belong to
// anybody.
func verifyCopy(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("store: restore: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return fmt.Errorf("store: restore: %s is not a copy of a store: it is empty or no file; nothing was changed", path)
	}
	if err = verify(path); err == nil {
		err = verifyVersions(path)
	}
	if damaged, ok := errors.AsType[*DamagedError](err); ok {
		return fmt.Errorf("store: restore: the copy %s cannot be used (%s): choose another one; nothing was changed", path, damaged.Why)
	}
	return err
}

// lockFile takes bbolt's lock on the store, if there is one.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &LockedError{Path: path, PID: lockHolder(path)}
		}
		return nil, fmt.Errorf("store %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil
}

func copyFile(from, to string) (err error) {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(dst, src); err == nil {
		err = dst.Sync()
	}
	return errors.Join(err, dst.Close())
}

// setAside keeps the present store under another name without moving it away.
func setAside(path string) error {
	kept := path + ".replaced"
	if err := os.Remove(kept); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Link(path, kept); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
