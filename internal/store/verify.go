package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// DamagedError: the file is not a store, or no longer a sound one.
type DamagedError struct {
	Path string
	Why  string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("store %s is damaged (%s): put it aside and bring back a copy with `accoladed restore FILE` (the nightly copies are in the folder \"copies\" beside it)", e.Path, e.Why)
}

// NewerError: a newer program has written the file.
type NewerError struct {
	Path string
	What string // what is newer: "file format 3 (this program knows 1)"
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("store %s was written by a newer program: %s. Run that program, or bring back a copy made before the upgrade with `accoladed restore FILE`", e.Path, e.What)
}

// OwnerError: the folder or file belongs to another user.
type OwnerError struct {
	Path        string
	Owner, User int // uids
}

func (e *OwnerError) Error() string {
	return fmt.Sprintf("store: %s belongs to %s, and this process runs as %s: run it as %[2]s, or give the folder to %[3]s (chown -R)", e.Path, userName(e.Owner), userName(e.User))
}

var errNoFormat = errors.New("the file has no format version")

// checkFormat refuses files and collections that are newer than this program.
func checkFormat(tx *bolt.Tx, path string) error {
	b := tx.Bucket(fileBucket)
	records := tx.Bucket(recordsBucket)
	if b == nil || records == nil {
		return errNoFormat
	}
	v, err := strconv.Atoi(string(b.Get([]byte("format"))))
	if err != nil {
		return errNoFormat
	}
	if v > format {
		return &NewerError{Path: path, What: fmt.Sprintf("file format %d (this program knows %d)", v, format)}
	}
	cur := records.Cursor()
	for key, stored := cur.Seek([]byte(versionPrefix)); bytes.HasPrefix(key, []byte(versionPrefix)); key, stored = cur.Next() {
		val, err := unsealed(key, stored)
		if err != nil {
			return &DamagedError{Path: path, Why: err.Error()}
		}
		name := strings.TrimPrefix(string(key), versionPrefix)
		number, _, _ := strings.Cut(string(val), " ")
		if written, err := strconv.Atoi(number); err == nil && newerThanKnown(name, written) {
			return &NewerError{Path: path, What: fmt.Sprintf("its %s records have version %d (this program knows %d)", name, written, knownVersion(name))}
		}
	}
	return nil
}

// verify opens the file for reading and looks at every page and every value. It
// takes about a second for each 500 MB.
func verify(path string) (err error) {
	// A truncated file ends in a fault where the map has no page behind it.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var file *bolt.DB
	defer func() {
		if r := recover(); r != nil {
			err = &DamagedError{Path: path, Why: fmt.Sprint(r)}
		}
		if file != nil {
			if cerr := file.Close(); err == nil && cerr != nil {
				err = fmt.Errorf("store %s: %w", path, cerr)
			}
		}
	}()
	file, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: lockWait, ReadOnly: true})
	if err != nil {
		return openError(path, err)
	}
	return file.View(func(tx *bolt.Tx) error { return verifyTx(tx, path) })
}

func verifyTx(tx *bolt.Tx, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if info.Size() < tx.Size() {
		return &DamagedError{Path: path, Why: fmt.Sprintf("it should be at least %d bytes long and has %d", tx.Size(), info.Size())}
	}
	if err := checkFormat(tx, path); errors.Is(err, errNoFormat) {
		return &DamagedError{Path: path, Why: "it is a bbolt file, but not one of ours"}
	} else if err != nil {
		return err
	}
	var first error
	for err := range tx.Check() {
		if first == nil {
			first = err
		}
	}
	if first != nil {
		return &DamagedError{Path: path, Why: first.Error()}
	}
	var previous []byte
	return tx.Bucket(recordsBucket).ForEach(func(key, stored []byte) error {
		if _, err := unsealed(key, stored); err != nil {
			return &DamagedError{Path: path, Why: err.Error()}
		}
		if previous != nil && bytes.Compare(previous, key) >= 0 {
			return &DamagedError{Path: path, Why: fmt.Sprintf("key %q stands behind key %q", key, previous)}
		}
		previous = key
		return nil
	})
}
