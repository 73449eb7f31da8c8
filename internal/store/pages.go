package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
)

// bbolt trusts its file: a damaged offset in it ends in a fault of the whole
// process, in the middle of some later call. So before bbolt maps a file, its pages
// are read here like any other input: every page that can be reached, every offset
// and every order, and every value by its checksum. The layout is that of bbolt's
// format version 2.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	headerSize  = 16 // of a page: id, flags, count, overflow
	elementSize = 16 // of an entry of a branch or leaf page
	bucketSize  = 16 // of a bucket's header: root page, sequence

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketEntry  = 0x01 // flag of a leaf entry whose value is a bucket

	noFreelist = ^uint64(0)
)

// meta is one of the two pages that say where everything is.
type meta struct {
	pageSize             int64
	root, freelist, high uint64 // pages; all pages are below high
	txid                 uint64
	at                   int64 // where it stands in the file
}

// checker walks the pages of a file.
type checker struct {
	file io.ReaderAt
	meta
	seen map[uint64]bool // pages that are in use
	want tally           // as the file has it
	have tally           // as the records come to
}

// walk verifies a bbolt file with our buckets in it.
func walk(file io.ReaderAt, size int64) (c checker, err error) {
	m, err := readMeta(file, size)
	if err != nil {
		return c, err
	}
	if m.high > uint64(size)/uint64(m.pageSize) {
		return c, fmt.Errorf("it has %d bytes and should have at least %d pages of %d", size, m.high, m.pageSize)
	}
	c = checker{file: file, meta: m, seen: map[uint64]bool{0: true, 1: true}}
	if err := c.free(); err != nil {
		return c, err
	}
	buckets := map[string]bool{}
	err = c.tree(m.root, nil, nil, func(flags uint32, key, val []byte) error {
		if flags&bucketEntry == 0 {
			return fmt.Errorf("%q is no bucket", key)
		}
		buckets[string(key)] = true
		return c.bucket(string(key), val)
	})
	if err != nil {
		return c, err
	}
	if !buckets[string(recordsBucket)] || !buckets[string(fileBucket)] {
		return c, errors.New("it is a bbolt file, but not one of ours")
	}
	if c.have != c.want {
		return c, fmt.Errorf("it shows %d records that are not the %d of its tally", c.have.count, c.want.count)
	}
	return c, nil
}

// readMeta returns the newer of the two meta pages. Both must be sound: a meta is 80
// bytes at the start of its page, far less than the sector that a disk writes whole
// or not at all, so a power cut leaves the old one or the new one. One that is
// neither was damaged later, and the other one alone does not tell whether it is the
// last commit that was acknowledged (docs/decisions/store.md).
func readMeta(file io.ReaderAt, size int64) (best meta, err error) {
	sound, seen := 0, map[uint64]bool{}
	first := make([]byte, headerSize+64)
	for pageSize := int64(1024); pageSize <= 1<<24 && sound == 0; pageSize *= 2 {
		for _, at := range []int64{0, pageSize} {
			if at+int64(len(first)) > size {
				continue
			}
			if _, err := file.ReadAt(first, at); err != nil {
				return best, err
			}
			m, ok := parseMeta(first[headerSize:])
			if !ok || m.pageSize != pageSize {
				continue
			}
			if sound++; m.txid > best.txid || sound == 1 {
				best, best.at = m, at
			}
			seen[m.txid] = true
		}
	}
	switch {
	case sound == 0:
		return best, errors.New("it has no sound beginning")
	case len(seen) == 1: // one, or one twice: no two commits bear the same number
		return best, errors.New("one of its two first pages is damaged, which may hide the last change")
	}
	return best, nil
}

func parseMeta(b []byte) (m meta, ok bool) {
	le := binary.LittleEndian
	sum := fnv.New64a()
	sum.Write(b[:56])
	if le.Uint32(b) != boltMagic || le.Uint32(b[4:]) != boltVersion || le.Uint64(b[56:]) != sum.Sum64() {
		return m, false
	}
	return meta{
		pageSize: int64(le.Uint32(b[8:])), root: le.Uint64(b[16:]),
		freelist: le.Uint64(b[32:]), high: le.Uint64(b[40:]), txid: le.Uint64(b[48:]),
	}, true
}

// page reads a page with its overflow, and notes that it is in use.
func (c *checker) page(id uint64, kinds ...uint16) (page, error) {
	if id < 2 || id >= c.high {
		return page{}, fmt.Errorf("page %d is outside of the file", id)
	}
	header := make([]byte, headerSize)
	at := int64(id) * c.pageSize
	if _, err := c.file.ReadAt(header, at); err != nil {
		return page{}, err
	}
	overflow := uint64(binary.LittleEndian.Uint32(header[12:]))
	if own := binary.LittleEndian.Uint64(header); own != id || overflow >= c.high-id {
		return page{}, fmt.Errorf("page %d is not what its header says", id)
	}
	for n := id; n <= id+overflow; n++ {
		if c.seen[n] {
			return page{}, fmt.Errorf("page %d is used twice", n)
		}
		c.seen[n] = true
	}
	body := make([]byte, int64(overflow+1)*c.pageSize)
	if _, err := c.file.ReadAt(body, at); err != nil {
		return page{}, err
	}
	p := page{body}
	if !slices.Contains(kinds, p.flags()) {
		return page{}, fmt.Errorf("page %d is of the kind %#x", id, p.flags())
	}
	return p, nil
}

// free checks the list of free pages.
func (c *checker) free() error {
	if c.freelist == noFreelist {
		return nil
	}
	p, err := c.page(c.freelist, freelistPage)
	if err != nil {
		return fmt.Errorf("list of free pages: %w", err)
	}
	ids := p.b[headerSize:]
	count := uint64(p.count())
	if count == 0xFFFF { // then the number stands in front
		count, ids = binary.LittleEndian.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return fmt.Errorf("list of free pages: %d do not fit into it", count)
	}
	for i := range count {
		id := binary.LittleEndian.Uint64(ids[8*i:])
		if id < 2 || id >= c.high || c.seen[id] {
			return fmt.Errorf("list of free pages: page %d is in use or outside of the file", id)
		}
		c.seen[id] = true
	}
	return nil
}

// bucket checks a bucket, whose value begins with the number of its root page; zero
// means that the only page follows within the value.
func (c *checker) bucket(name string, val []byte) error {
	if len(val) < bucketSize {
		return fmt.Errorf("bucket %s has no header", name)
	}
	entry := func(flags uint32, key, val []byte) error {
		if flags != 0 {
			return fmt.Errorf("bucket %s: key %q is no plain value", name, key)
		}
		if name == string(recordsBucket) {
			if _, err := unsealed(key, val); err != nil {
				return err
			}
			c.have.add(val)
		} else if name == string(fileBucket) && bytes.Equal(key, tallyKey) {
			var err error
			c.want, err = parseTally(val)
			return err
		}
		return nil
	}
	root := binary.LittleEndian.Uint64(val)
	if root != 0 {
		return c.tree(root, nil, nil, entry)
	}
	p := page{val[bucketSize:]}
	if len(p.b) < headerSize || p.flags() != leafPage {
		return fmt.Errorf("bucket %s has no page", name)
	}
	return p.entries(nil, nil, entry)
}

// tree checks the page id and all below it, whose keys are at or after low and
// before high (nil: no limit).
func (c *checker) tree(id uint64, low, high []byte, entry func(flags uint32, key, val []byte) error) error {
	p, err := c.page(id, branchPage, leafPage)
	if err != nil {
		return err
	}
	if p.flags() == leafPage {
		if err := p.entries(low, high, entry); err != nil {
			return fmt.Errorf("page %d: %w", id, err)
		}
		return nil
	}
	if p.count() == 0 {
		return fmt.Errorf("page %d: a branch without leaves", id)
	}
	keys, children, err := p.branches(low, high)
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	for i, child := range children {
		end := high
		if i+1 < len(keys) {
			end = keys[i+1]
		}
		if err := c.tree(child, keys[i], end, entry); err != nil {
			return err
		}
	}
	return nil
}

// page is the bytes of a page: header, entries, then the keys and values to which
// the entries point.
type page struct{ b []byte }

func (p page) flags() uint16 { return binary.LittleEndian.Uint16(p.b[8:]) }
func (p page) count() uint16 { return binary.LittleEndian.Uint16(p.b[10:]) }

// element returns the nth entry.
func (p page) element(n int) ([]byte, int, error) {
	at := headerSize + n*elementSize
	if at+elementSize > len(p.b) {
		return nil, 0, fmt.Errorf("entry %d is outside of the page", n)
	}
	return p.b[at : at+elementSize], at, nil
}

// text returns the size bytes that an entry at the offset at points to.
func (p page) text(at int, pos, size uint32) ([]byte, error) {
	from := uint64(at) + uint64(pos)
	if to := from + uint64(size); to > uint64(len(p.b)) || from < headerSize {
		return nil, errors.New("an entry points outside of the page")
	}
	return p.b[from : from+uint64(size)], nil
}

// inOrder checks one key against its limits and the one before it.
func inOrder(key, previous, low, high []byte, first bool) error {
	if !first && bytes.Compare(previous, key) >= 0 || bytes.Compare(key, low) < 0 || high != nil && bytes.Compare(key, high) >= 0 {
		return fmt.Errorf("key %q is out of order", key)
	}
	return nil
}

func (p page) entries(low, high []byte, entry func(flags uint32, key, val []byte) error) error {
	var previous []byte
	for n := range int(p.count()) {
		e, at, err := p.element(n)
		if err != nil {
			return err
		}
		le := binary.LittleEndian
		flags, pos, keySize, valSize := le.Uint32(e), le.Uint32(e[4:]), le.Uint32(e[8:]), le.Uint32(e[12:])
		if uint64(keySize)+uint64(valSize) > uint64(len(p.b)) {
			return fmt.Errorf("entry %d is larger than its page", n)
		}
		both, err := p.text(at, pos, keySize+valSize)
		if err != nil {
			return err
		}
		key, val := both[:keySize], both[keySize:]
		if err := inOrder(key, previous, low, high, n == 0); err != nil {
			return err
		}
		if err := entry(flags, key, val); err != nil {
			return err
		}
		previous = key
	}
	return nil
}

func (p page) branches(low, high []byte) (keys [][]byte, children []uint64, err error) {
	var previous []byte
	for n := range int(p.count()) {
		e, at, err := p.element(n)
		if err != nil {
			return nil, nil, err
		}
		key, err := p.text(at, binary.LittleEndian.Uint32(e), binary.LittleEndian.Uint32(e[4:]))
		if err != nil {
			return nil, nil, err
		}
		if err := inOrder(key, previous, low, high, n == 0); err != nil {
			return nil, nil, err
		}
		keys, children, previous = append(keys, key), append(children, binary.LittleEndian.Uint64(e[8:])), key
	}
	return keys, children, nil
}
