// Package audit keeps the record of who did what: every call that changes something
// and every operation, appended in the transaction of the change itself and chained
// by hashes, so that no record can be changed, removed, added or moved unseen.
//
// It never changes a record, and it takes no secret: what it is given is kept as it
// is, for a year at least, and read by auditors. What is older may be pruned; an anchor
// that the chain itself signs off then stands for it.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"codeberg.org/accolade/accolade/internal/store"
)

// Record is one link of the chain.
type Record struct {
	Seq  uint64    `json:"seq"`  // 1, 2, 3, … without a gap
	Time time.Time `json:"time"` // UTC
	// Who is the technician ("unix:erwan", "token:anne") or the part of the
	// controller that acted by itself ("controller").
	Who string `json:"who"`
	// From is where the call came from: an address, "socket", "schedule".
	From   string `json:"from"`
	Action string `json:"action"` // "box.enrol", "POST /clients"
	Object string `json:"object"` // "box/horizon"
	Result string `json:"result"` // "ok", "refused", "failed"
	Detail string `json:"detail,omitempty"`
	// Prev is the hash of the record before, empty for the first.
	Prev string `json:"prev"`
	// Hash covers everything above.
	Hash string `json:"hash"`
}

// Keys: "a/" and the number, in the order of the numbers; "A" holds the head.
const prefix = "a/"

var headKey = []byte("A")

func key(seq uint64) []byte { return fmt.Appendf(nil, "%s%020d", prefix, seq) }

// head is the end of the chain. It stands apart from the records, so that a record
// removed at the end is missed.
type head struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

func readHead(tx store.Tx) (h head, err error) {
	raw, err := tx.Get(headKey)
	if err != nil || raw == nil {
		return head{}, err
	}
	if err := json.Unmarshal(raw, &h); err != nil {
		return head{}, fmt.Errorf("audit: head: %w", err)
	}
	return h, nil
}

// Append adds a record inside the caller's transaction; number, time and chain are
// set here.
func Append(tx store.Tx, now time.Time, r Record) error {
	h, err := readHead(tx)
	if err != nil {
		return err
	}
	r.Seq, r.Time, r.Prev = h.Seq+1, now.UTC().Round(0), h.Hash
	r.Hash = r.hash()
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if err := tx.Put(key(r.Seq), raw); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	raw, err = json.Marshal(head{r.Seq, r.Hash})
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if err := tx.Put(headKey, raw); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// hash is SHA-256 over the fields, each with its length before it: no two records
// give the same bytes.
func (r Record) hash() string {
	sum := sha256.New()
	field := func(s string) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		sum.Write(n[:])
		io.WriteString(sum, s) //nolint:errcheck // a hash takes everything
	}
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], r.Seq)
	sum.Write(n[:])
	field(r.Time.UTC().Format(time.RFC3339Nano))
	for _, s := range []string{r.Who, r.From, r.Action, r.Object, r.Result, r.Detail, r.Prev} {
		field(s)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// List yields the records with a number of at least from, in their order. A record
// that cannot be read ends the loop, and *failed says why.
func List(tx store.Tx, from uint64, failed *error) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for k, raw := range tx.ScanFrom([]byte(prefix), key(from)) {
			var r Record
			if err := strict(raw, &r); err != nil {
				*failed = &Broken{Key: string(k[len(prefix):]), Why: "it is not a record: " + err.Error()}
				return
			}
			if string(k) != string(key(r.Seq)) {
				*failed = &Broken{Key: string(k[len(prefix):]), Why: fmt.Sprintf("it calls itself number %d", r.Seq)}
				return
			}
			if !yield(r) {
				return
			}
		}
	}
}

// strict reads a record that is, to the byte, what Append writes: an added field or
// another spelling is a change too.
func strict(raw []byte, r *Record) error {
	if err := json.Unmarshal(raw, r); err != nil {
		return err
	}
	again, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if !bytes.Equal(raw, again) {
		return errors.New("it has more in it, or is written otherwise, than a record")
	}
	return nil
}

// Last is the number of the newest record, 0 if there is none.
func Last(tx store.Tx) (uint64, error) {
	h, err := readHead(tx)
	return h.Seq, err
}

// Broken names the first link that does not hold.
type Broken struct {
	Key string // the record's number
	Why string
}

func (b *Broken) Error() string {
	return fmt.Sprintf("the audit trail is broken at record %s: %s", b.Key, b.Why)
}

// Verify walks the whole chain and returns how many records it has, or a *Broken. A
// chain whose oldest records were pruned begins at its anchor, which one of its
// records has to have signed off.
func Verify(tx store.Tx) (n uint64, err error) {
	a, err := readAnchor(tx)
	if err != nil {
		return 0, err
	}
	seq, prev, signed := a.Seq, a.Hash, a == anchor{}
	var failed error
	for r := range List(tx, 0, &failed) {
		if err := follows(r, seq, prev); err != nil {
			return n, err
		}
		if r.Seq == a.Signed && r.Action == pruneAction && r.Detail == a.signature() {
			signed = true
		}
		seq, prev = r.Seq, r.Hash
		n++
	}
	if failed != nil {
		return n, failed
	}
	h, err := readHead(tx)
	if err != nil {
		return n, err
	}
	switch {
	case h.Seq > seq:
		return n, broken(seq+1, "it is missing, and all after it up to %d", h.Seq)
	case h.Seq < seq || h.Hash != prev:
		return n, broken(seq, "the chain ends at record %d: what follows was added by something else", h.Seq)
	case !signed:
		return n, &Broken{Key: "anchor", Why: fmt.Sprintf("no record signs off that the chain begins behind number %d", a.Seq)}
	}
	return n, nil
}

func broken(seq uint64, why string, args ...any) *Broken {
	return &Broken{Key: fmt.Sprint(seq), Why: fmt.Sprintf(why, args...)}
}
