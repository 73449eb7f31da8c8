// Package store keeps what the controller must not forget: ordered keys in
// transactions (DB, Tx), and on top of them typed records with indexes
// (Collection).
//
// Two implementations stand behind DB: a bbolt file for the service (Open) and
// memory for tests (Memory). Both pass the suite in package storetest, and so
// must any later one.
//
// The package knows no domain type, and it never interprets a record beyond its
// version. Documents (PDF) do not belong in it: they are files named by their
// hash.
//
// Keys that begin with "c/", "i/", "m/" or "n/" belong to this package
// (collections, indexes, markers and counters); code that uses a Tx directly picks
// another first letter.
package store

import (
	"errors"
	"fmt"
	"io"
	"iter"
)

// DB is a set of ordered keys that is read and changed in transactions.
//
// Transactions do not nest: a View or Update inside another one of the same
// goroutine may wait for itself for ever.
type DB interface {
	// View runs fn on a consistent state of the store. fn cannot write.
	View(fn func(Tx) error) error
	// Update runs fn once, and writes all that it did, or nothing. When it returns
	// nil the writes have reached the disk. If fn returns an error nothing is
	// written and Update returns that error.
	//
	// Concurrent updates see each other's writes in the order in which they ran,
	// and may share one commit to the disk.
	Update(fn func(Tx) error) error
	// Copy writes a consistent copy of the store to w while it is in use, and
	// returns its size in bytes. The copy is a file that Open and Restore accept.
	Copy(w io.Writer) (int64, error)
	// Close waits for running transactions and releases the store.
	Close() error
}

// Tx is one transaction. It belongs to the goroutine that was handed it and ends
// when that function returns. Slices that it returns are the caller's to keep.
type Tx interface {
	// Get returns the value of key, nil if it is absent.
	Get(key []byte) ([]byte, error)
	// Put sets key, which is 1 to 30,000 bytes long.
	Put(key, val []byte) error
	// Delete removes key; an absent key is no error.
	Delete(key []byte) error
	// Scan yields the keys that begin with prefix and their values, in the order of
	// the bytes. The transaction may write while it scans: the scan goes on behind
	// the last key that it yielded, and sees what is there by then.
	//
	// A read that fails ends the scan, and the transaction with it: View or Update
	// returns the error.
	Scan(prefix []byte) iter.Seq2[[]byte, []byte]
	// ScanFrom is Scan that starts at the first key at or after from.
	ScanFrom(prefix, from []byte) iter.Seq2[[]byte, []byte]
	// Writable tells an Update from a View.
	Writable() bool
	// self: there is one kind of transaction, over whatever a store is made of.
	self() *transaction
}

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotFound: no record with that name. The error itself is a *NotFoundError.
	ErrNotFound = errors.New("not found")
	// ErrExists: Insert met a record of that name. The error itself is an *ExistsError.
	ErrExists = errors.New("exists already")
	// ErrReadOnly: a write inside a View.
	ErrReadOnly = errors.New("this transaction only reads")
	// ErrEnded: a Tx was used after its function had returned.
	ErrEnded = errors.New("the transaction has ended")
	// ErrClosed: the store is closed.
	ErrClosed = errors.New("the store is closed")
)

// NotFoundError says which record is missing. errors.Is(err, ErrNotFound).
type NotFoundError struct {
	Kind string // name of the collection, "box"
	ID   string
}

func (e *NotFoundError) Error() string { return fmt.Sprintf("no %s %q", e.Kind, e.ID) }

// Is makes it an ErrNotFound.
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// ExistsError says which record is there already. errors.Is(err, ErrExists).
type ExistsError struct {
	Kind string
	ID   string
}

func (e *ExistsError) Error() string { return fmt.Sprintf("%s %q exists already", e.Kind, e.ID) }

// Is makes it an ErrExists.
func (e *ExistsError) Is(target error) bool { return target == ErrExists }
