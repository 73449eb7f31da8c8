package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// The file has two buckets: records, which holds every key, and file, which holds
// the format version. bbolt has no checksums on its pages, so each value carries
// the CRC-32C of key and value in front.
var (
	recordsBucket = []byte("records")
	fileBucket    = []byte("file")
	castagnoli    = crc32.MakeTable(crc32.Castagnoli)
)

const sumSize = 4

func sum(key, val []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, val)
}

func unsealed(key, stored []byte) ([]byte, error) {
	if len(stored) < sumSize || binary.BigEndian.Uint32(stored) != sum(key, stored[sumSize:]) {
		return nil, fmt.Errorf("the value of key %q does not match its checksum", key)
	}
	return stored[sumSize:], nil
}

// boltDB is the store in one bbolt file.
//
// Updates of several goroutines share one commit: each runs on an overlay over the
// open bbolt transaction and adds its writes to it; whoever finds nobody waiting
// behind him commits for all. A single caller so pays one fsync and waits for
// nobody, and fifty callers pay for about two.
type boltDB struct {
	db   *bolt.DB
	path string
	lock *lockNote

	waiting atomic.Int64 // updates that have come and not yet run
	doubt   atomic.Pointer[doubtError]
	mu      sync.Mutex // held while one update runs or commits
	group   *group     // open bbolt transaction, nil if there is none
}

// group is one bbolt transaction and the updates in it.
type group struct {
	tx      *bolt.Tx
	tally   tally // of the records as the transaction leaves them
	members int
	done    chan struct{} // closed after the commit
	err     error         // of the commit; read after done
}

// fill is how much of a page stays in it when it is split. Most keys come in order (records
// by number, entries by time), and a page that is split in the middle, as bbolt does if it is
// told nothing, stays half empty then: twice the pages to write, to copy and to check.
const fill = 0.85

// maxGroup bounds how many updates wait for one commit.
const maxGroup = 256

func (b *boltDB) View(fn func(Tx) error) error {
	if doubt := b.doubt.Load(); doubt != nil {
		return doubt
	}
	err := b.db.View(func(tx *bolt.Tx) error {
		return (&transaction{base: newBoltBase(tx.Bucket(recordsBucket))}).run(fn)
	})
	return b.plain(err)
}

func (b *boltDB) Update(fn func(Tx) error) error {
	b.waiting.Add(1)
	b.mu.Lock()
	b.waiting.Add(-1)
	tx := &transaction{writable: true}
	g, joined, err := b.join(tx, fn)
	if err != nil {
		return err
	}
	if joined {
		<-g.done
		if g.err != nil {
			return b.plain(g.err)
		}
	}
	tx.committed()
	return nil
}

// join runs fn in the open group and commits the group if nobody else is going to.
// It releases b.mu in every case, a panic of fn included.
func (b *boltDB) join(tx *transaction, fn func(Tx) error) (g *group, joined bool, err error) {
	defer b.mu.Unlock()
	if doubt := b.doubt.Load(); doubt != nil {
		return nil, false, doubt
	}
	if b.group == nil {
		opened, err := b.db.Begin(true)
		if err != nil {
			return nil, false, b.plain(err)
		}
		sum, err := readTally(opened)
		if err != nil {
			return nil, false, errors.Join(fmt.Errorf("store %s: %w", b.path, err), opened.Rollback())
		}
		b.group = &group{tx: opened, tally: sum, done: make(chan struct{})}
	}
	g = b.group
	defer func() {
		if b.waiting.Load() == 0 || g.members >= maxGroup {
			b.commit(g)
		}
	}()
	records := g.tx.Bucket(recordsBucket)
	records.FillPercent = fill
	tx.base = newBoltBase(records)
	if err := tx.run(fn); err != nil {
		return g, false, b.plain(err)
	}
	if tx.over.count == 0 && g.members == 0 {
		return g, false, nil // nothing was written, and nobody else's writes were read
	}
	g.members++
	look := &ahead{cursor: records.Cursor()}
	for n := range tx.over.each() {
		if err := g.put(records, look, n); err != nil {
			g.err = err // half an update is in the transaction: no one's may be committed
			break
		}
	}
	tx.over = overlay{} // bbolt has it: a large one need not be there twice
	return g, true, nil // a g.err comes out of Update
}

// put writes one key of an update, whose keys come in order.
func (g *group) put(records *bolt.Bucket, look *ahead, n *node) error {
	if old := look.find(n.key); old != nil {
		g.tally.less(old)
	}
	if n.gone() {
		return records.Delete(n.key)
	}
	binary.BigEndian.PutUint32(n.room, sum(n.key, n.val()))
	g.tally.add(n.room)
	return records.Put(n.key, n.room)
}

// ahead looks for keys that come in order, in a transaction that writes no other keys
// meanwhile. It remembers the first key that is there at or behind the one it looked
// for: what comes before that is not there, so that a run of new keys takes one look.
type ahead struct {
	cursor  *bolt.Cursor
	key     []byte // nil: there is none behind
	stored  []byte
	started bool
}

// find is what is stored under a key; nil if nothing is.
func (a *ahead) find(key []byte) []byte {
	if !a.started || a.key != nil && bytes.Compare(a.key, key) < 0 {
		a.key, a.stored = a.cursor.Seek(key)
		a.started = true
	}
	if !bytes.Equal(a.key, key) {
		return nil
	}
	return a.stored
}

func (b *boltDB) commit(g *group) {
	defer close(g.done)
	b.group = nil
	if g.members == 0 || g.err != nil {
		if err := g.tx.Rollback(); g.err == nil && g.members > 0 {
			g.err = err
		}
		return
	}
	if err := writeTally(g.tx, g.tally); err != nil {
		g.err = errors.Join(err, g.tx.Rollback())
		return
	}
	id := g.tx.ID()
	if g.err = g.tx.Commit(); g.err != nil && b.reached(id) {
		doubt := &doubtError{Path: b.path, Err: g.err}
		b.doubt.Store(doubt)
		g.err = doubt
	}
}

// reached tells whether anything of the meta page of a commit that failed is in the
// file, so that nobody knows which state the disk has.
func (b *boltDB) reached(id int) bool {
	f, err := os.Open(b.path)
	if err != nil {
		return true
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return true
	}
	m, err := readMeta(f, info.Size())
	return err != nil || m.txid >= uint64(id)
}

func (b *boltDB) Copy(w io.Writer) (size int64, err error) {
	err = b.db.View(func(tx *bolt.Tx) error {
		size, err = tx.WriteTo(w)
		return err
	})
	if err != nil {
		return size, fmt.Errorf("copy store %s: %w", b.path, b.plain(err))
	}
	return size, nil
}

func (b *boltDB) Close() error {
	err := b.db.Close()
	b.lock.remove()
	if err != nil {
		return fmt.Errorf("close store %s: %w", b.path, err)
	}
	return nil
}

// plain puts errors of the file into words; errors of the caller pass unchanged.
func (b *boltDB) plain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return ErrClosed
	case full(err):
		return &FullError{Path: b.path, Err: err}
	}
	return err
}

// full tells that there is no room. bbolt loses the kind of an error that it meets
// while it makes the file larger; the words of it remain.
func full(err error) bool {
	if _, doubt := errors.AsType[*doubtError](err); doubt {
		return false
	}
	for _, kind := range []error{syscall.ENOSPC, syscall.EDQUOT, bolterrors.ErrMaxSizeReached} {
		if errors.Is(err, kind) || strings.HasPrefix(err.Error(), "file ") && strings.HasSuffix(err.Error(), kind.Error()) {
			return true
		}
	}
	return false
}

// doubtError: the last step of a commit failed, and nobody knows whether the disk has
// the change. The store serves nothing more until it is opened again, which settles
// it: the change is then there or it is not, and nothing half.
type doubtError struct {
	Path string
	Err  error
}

func (e *doubtError) Error() string {
	return fmt.Sprintf("store %s: the disk did not confirm the last change (%v), which may or may not be written: look at the disk (dmesg), then start accoladed again (systemctl restart accoladed), which shows what is there", e.Path, e.Err)
}

func (e *doubtError) Unwrap() error { return e.Err }

// FullError: the disk under the store has no room for a change. Nothing of the
// change was written, and the store works again as soon as there is room.
type FullError struct {
	Path string
	Err  error
}

func (e *FullError) Error() string {
	return fmt.Sprintf("store %s: no space left on its disk (%v): nothing of this change was written; free some space and try again", e.Path, e.Err)
}

func (e *FullError) Unwrap() error { return e.Err }

// boltBase reads with one cursor over and over, which spares the one that bbolt makes
// for each Get.
type boltBase struct {
	records *bolt.Bucket
	look    *bolt.Cursor
}

func newBoltBase(records *bolt.Bucket) boltBase { return boltBase{records, records.Cursor()} }

func (b boltBase) get(key []byte) ([]byte, error) {
	at, stored := b.look.Seek(key)
	if at == nil || !bytes.Equal(at, key) {
		return nil, nil
	}
	return unsealed(key, stored)
}

func (b boltBase) from(key []byte) cursor {
	return &boltCursor{cursor: b.records.Cursor(), start: key}
}

type boltCursor struct {
	cursor  *bolt.Cursor
	start   []byte
	started bool
}

func (c *boltCursor) next() (key, val []byte, err error) {
	var stored []byte
	if c.started {
		key, stored = c.cursor.Next()
	} else {
		c.started = true
		key, stored = c.cursor.Seek(bytes.Clone(c.start))
	}
	if key == nil {
		return nil, nil, nil
	}
	val, err = unsealed(key, stored)
	return key, val, err
}
