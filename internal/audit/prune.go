package audit

import (
	"encoding/json"
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/store"
)

// pruneAction is the action of the records that sign a pruning off.
const pruneAction = "audit.prune"

// anchorKey holds the anchor; it is absent until records are pruned.
var anchorKey = []byte("A/anchor")

// anchor is where the chain begins since its oldest records were pruned: the last of
// those by number and hash. The record that signs the pruning off repeats both, so
// that an anchor put there to hide a deletion finds no signature.
type anchor struct {
	Seq    uint64 `json:"seq"`
	Hash   string `json:"hash"`
	Signed uint64 `json:"signed"` // number of the record that signs it off
}

// signature is what the record that signs the anchor off says.
func (a anchor) signature() string {
	return fmt.Sprintf("records up to %d are older than a year; the last of them has the hash %s", a.Seq, a.Hash)
}

func readAnchor(tx store.Tx) (a anchor, err error) {
	raw, err := tx.Get(anchorKey)
	if err != nil || raw == nil {
		return anchor{}, err
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		return anchor{}, &Broken{Key: "anchor", Why: "it is not an anchor: " + err.Error()}
	}
	return a, nil
}

// Prune removes the records that are older than a year, and signs that off in the name
// of who: the anchor holds where the chain begins now, and a new record of the chain
// says the same. It checks what it removes, so that a break is never pruned away, and
// returns how many records went.
func Prune(tx store.Tx, now time.Time, who, from string) (n int, err error) {
	a, err := readAnchor(tx)
	if err != nil {
		return 0, err
	}
	limit, failed := now.UTC().AddDate(-1, 0, 0), error(nil)
	var keys [][]byte
	for r := range List(tx, 0, &failed) {
		// The first one that stays is looked at too: what goes has to lead to it.
		if err := follows(r, a.Seq, a.Hash); err != nil {
			return 0, err
		}
		if !r.Time.Before(limit) {
			break
		}
		keys = append(keys, key(r.Seq))
		a.Seq, a.Hash = r.Seq, r.Hash
	}
	if failed != nil || len(keys) == 0 {
		return 0, failed
	}
	for _, k := range keys {
		if err := tx.Delete(k); err != nil {
			return 0, fmt.Errorf("audit: prune: %w", err)
		}
	}
	last, err := Last(tx)
	if err != nil {
		return 0, err
	}
	a.Signed = last + 1
	raw, err := json.Marshal(a)
	if err != nil {
		return 0, fmt.Errorf("audit: prune: %w", err)
	}
	if err := tx.Put(anchorKey, raw); err != nil {
		return 0, fmt.Errorf("audit: prune: %w", err)
	}
	return len(keys), Append(tx, now, Record{Who: who, From: from, Action: pruneAction, Object: "audit", Result: "ok", Detail: a.signature()})
}

// follows checks one record against the number and the hash of the one before it.
func follows(r Record, seq uint64, prev string) error {
	switch {
	case r.Seq > seq+1:
		return broken(seq+1, "it is missing; the next one there is number %d", r.Seq)
	case r.Seq != seq+1:
		return broken(seq+1, "it calls itself number %d", r.Seq)
	case r.Prev != prev:
		return broken(r.Seq, "it does not follow the record before it: one of the two was replaced, or one was put in between")
	case r.Hash != r.hash():
		return broken(r.Seq, "its content was changed after it was written")
	}
	return nil
}
