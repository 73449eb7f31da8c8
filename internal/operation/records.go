package operation

import (
	"encoding/json"
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/store"
)

// Names of the indexes.
const (
	byOpen    = "open" // "open" while it has not ended
	byKind    = "kind"
	bySubject = "subject"
	byEnd     = "end" // when it ended, sortable
)

// sortable is a time format whose text sorts like the times, all of them in UTC.
const sortable = "2006-01-02T15:04:05.000000000Z"

var operations = store.NewCollection("operation", 1,
	store.WithIndex(byOpen, func(o stored) []string {
		if o.State.Ended() {
			return nil
		}
		return []string{"open"}
	}),
	store.WithIndex(byKind, func(o stored) []string { return []string{o.Kind} }),
	store.WithIndex(bySubject, func(o stored) []string { return []string{o.Subject} }),
	store.WithIndex(byEnd, func(o stored) []string {
		if o.Ended == nil {
			return nil
		}
		return []string{o.Ended.UTC().Format(sortable)}
	}))

// Lease is a name that one operation holds.
type Lease struct {
	Name      string    `json:"name"`
	Operation string    `json:"operation"`
	Since     time.Time `json:"since"`
}

var leases = store.NewCollection[Lease]("lease", 1)

// checkpoint is what a step saved with Run.Set, and which step it was: when that
// step is undone the checkpoint goes with it.
type checkpoint struct {
	Step  string          `json:"step"`
	Value json.RawMessage `json:"value"`
}

// Beside its record an operation has keys of its own: "o/ID/input", "o/ID/cancel"
// (an Actor, once somebody asked for it), "o/ID/set/NAME" (a checkpoint).
func prefixOf(id string) []byte          { return []byte("o/" + id + "/") }
func inputKey(id string) []byte          { return []byte("o/" + id + "/input") }
func cancelKey(id string) []byte         { return []byte("o/" + id + "/cancel") }
func checkpointPrefix(id string) []byte  { return []byte("o/" + id + "/set/") }
func checkpointKey(id, n string) []byte  { return []byte("o/" + id + "/set/" + n) }
func object(op Operation) (named string) { return "operation/" + op.ID }

func putJSON(tx store.Tx, key []byte, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.Put(key, raw)
}

func getJSON(tx store.Tx, key []byte, v any) (found bool, err error) {
	raw, err := tx.Get(key)
	if err != nil || raw == nil {
		return false, err
	}
	return true, json.Unmarshal(raw, v)
}

// note writes a change of state to the audit.
func note(tx store.Tx, now time.Time, op Operation, who Actor, detail string) error {
	result := string(op.State)
	return audit.Append(tx, now, audit.Record{
		Who: who.By, From: who.From, Action: op.Kind, Object: object(op),
		Result: result, Detail: detail,
	})
}

// take gets all leases of an operation, or says who holds one.
func take(tx store.Tx, now time.Time, op Operation) error {
	for _, name := range op.Leases {
		held, err := leaseOf(tx, name)
		if err != nil {
			return err
		}
		if held != nil && held.Operation != op.ID {
			return Transient(fmt.Errorf("%s is held by operation %s", name, held.Operation))
		}
		if held == nil {
			if err := leases.Put(tx, name, Lease{Name: name, Operation: op.ID, Since: now}); err != nil {
				return err
			}
		}
	}
	return nil
}

func leaseOf(tx store.Tx, name string) (*Lease, error) {
	if found, err := leases.Has(tx, name); err != nil || !found {
		return nil, err
	}
	l, err := leases.Get(tx, name)
	return &l, err
}

// release gives the leases of an operation back.
func release(tx store.Tx, op Operation) error {
	for _, name := range op.Leases {
		held, err := leaseOf(tx, name)
		if err != nil {
			return err
		}
		if held != nil && held.Operation == op.ID {
			if err := leases.Delete(tx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget removes the checkpoints that the named steps saved.
func forget(tx store.Tx, id string, steps map[string]bool) error {
	for key, raw := range tx.Scan(checkpointPrefix(id)) {
		var c checkpoint
		if err := json.Unmarshal(raw, &c); err != nil {
			return fmt.Errorf("operation %s: checkpoint %s: %w", id, key, err)
		}
		if steps[c.Step] {
			if err := tx.Delete(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// erase removes an operation and all that belongs to it.
func erase(tx store.Tx, id string) error {
	for key := range tx.Scan(prefixOf(id)) {
		if err := tx.Delete(key); err != nil {
			return err
		}
	}
	return operations.Delete(tx, id)
}
