package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	bolt "go.etcd.io/bbolt"
)

// create makes an empty store at path. It is made whole under another name first: at
// every instant, also after a power cut, there is no file of that name or a sound one.
func create(path string, noSync bool) (err error) {
	dir := filepath.Dir(path)
	draft, err := os.CreateTemp(dir, filepath.Base(path)+".new-")
	if err != nil {
		return fmt.Errorf("store: make %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, os.Remove(draft.Name())) }()
	if err := draft.Close(); err != nil {
		return fmt.Errorf("store: make %s: %w", path, err)
	}
	file, err := bolt.Open(draft.Name(), 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType, NoSync: noSync})
	if err != nil {
		return openError(path, err)
	}
	if err := errors.Join(file.Update(lay), file.Close()); err != nil {
		return openError(path, err)
	}
	// A link never replaces: another process may have been quicker.
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("store: make %s: %w", path, err)
	}
	if noSync {
		return nil
	}
	return syncFolder(dir)
}

// lay makes the buckets of a fresh file.
func lay(tx *bolt.Tx) error {
	if _, err := tx.CreateBucket(recordsBucket); err != nil {
		return err
	}
	b, err := tx.CreateBucket(fileBucket)
	if err != nil {
		return err
	}
	if err := writeTally(tx, tally{}); err != nil {
		return err
	}
	return b.Put([]byte("format"), []byte(strconv.Itoa(format)))
}

// settle makes sure that what was read is what the disk has. A process that was killed
// between writing its last meta page and syncing it leaves a commit that everybody
// sees and that a power cut takes back; after a sync that failed, the system may even
// think that the page was written. So the newest meta page is written again as it is.
func settle(path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	m, err := readMeta(f, info.Size())
	if err != nil {
		return &DamagedError{Path: path, Why: err.Error()}
	}
	b := make([]byte, headerSize+64)
	if _, err := f.ReadAt(b, m.at); err != nil {
		return fmt.Errorf("store %s: %w", path, err)
	}
	if _, err := f.WriteAt(b, m.at); err != nil {
		return openError(path, err)
	}
	if err := f.Sync(); err != nil {
		return openError(path, err)
	}
	return nil
}
