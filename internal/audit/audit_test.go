package audit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/store"
)

var start = time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)

func chain(t *testing.T, n int) store.DB {
	t.Helper()
	db := store.Memory()
	t.Cleanup(func() { db.Close() })
	err := db.Update(func(tx store.Tx) error {
		for i := range n {
			r := audit.Record{Who: "unix:erwan", From: "socket", Action: "client.add", Object: fmt.Sprintf("client/%d", i), Result: "ok"}
			if err := audit.Append(tx, start.Add(time.Duration(i)*time.Minute), r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func verify(t *testing.T, db store.DB) (n uint64, err error) {
	t.Helper()
	viewErr := db.View(func(tx store.Tx) error {
		n, err = audit.Verify(tx)
		return nil
	})
	if viewErr != nil {
		t.Fatal(viewErr)
	}
	return n, err
}

func TestAWholeChainVerifies(t *testing.T) {
	for _, n := range []int{0, 1, 50} {
		if got, err := verify(t, chain(t, n)); err != nil || got != uint64(n) {
			t.Errorf("%d records: %d, %v", n, got, err)
		}
	}
}

func TestAppendIsPartOfTheTransaction(t *testing.T) {
	db := chain(t, 3)
	err := db.Update(func(tx store.Tx) error {
		if err := audit.Append(tx, start, audit.Record{Action: "x"}); err != nil {
			return err
		}
		return errors.New("something else went wrong")
	})
	if err == nil {
		t.Fatal("the update was to fail")
	}
	if n, err := verify(t, db); err != nil || n != 3 {
		t.Errorf("%d, %v; want the 3 records of before", n, err)
	}
}

// raw reads and writes records past the package, as one who tampers does.
type raw struct {
	key string
	val []byte
}

func records(t *testing.T, db store.DB) (list []raw) {
	t.Helper()
	err := db.View(func(tx store.Tx) error {
		for k, v := range tx.Scan([]byte("a/")) {
			list = append(list, raw{string(k), v})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEveryTamperingIsFoundAndNamed(t *testing.T) {
	const n = 30
	change := func(field string) func([]raw, int) []raw {
		return func(list []raw, i int) []raw {
			var m map[string]any
			if err := json.Unmarshal(list[i].val, &m); err != nil {
				panic(err)
			}
			m[field] = "2026-09-14T11:00:00Z"
			if field == "seq" {
				m[field] = 999
			}
			list[i].val, _ = json.Marshal(m)
			return list
		}
	}
	ways := map[string]func([]raw, int) []raw{
		"delete": func(list []raw, i int) []raw { return slices.Delete(list, i, i+1) },
		"swap": func(list []raw, i int) []raw {
			j := (i + 1) % len(list)
			list[i].val, list[j].val = list[j].val, list[i].val
			return list
		},
		"double": func(list []raw, i int) []raw {
			list[(i+1)%len(list)].val = list[i].val
			return list
		},
		"garbage": func(list []raw, i int) []raw { list[i].val = []byte("{"); return list },
	}
	for _, field := range []string{"seq", "time", "who", "from", "action", "object", "result", "detail", "prev", "hash"} {
		ways["change "+field] = change(field)
	}
	for name, tamper := range ways {
		t.Run(name, func(t *testing.T) {
			for i := range n {
				db := chain(t, n)
				before := records(t, db)
				after := tamper(records(t, db), i)
				err := db.Update(func(tx store.Tx) error {
					for _, r := range before {
						if err := tx.Delete([]byte(r.key)); err != nil {
							return err
						}
					}
					for _, r := range after {
						if err := tx.Put([]byte(r.key), r.val); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				_, err = verify(t, db)
				var b *audit.Broken
				if !errors.As(err, &b) {
					t.Fatalf("record %d: %v, want it found", i+1, err)
				}
				// The first link that does not hold is that record or a neighbour of it.
				var at int
				if _, err := fmt.Sscan(strings.TrimLeft(b.Key, "0"), &at); err != nil {
					t.Fatalf("record %d: named %q", i+1, b.Key)
				}
				first := min(i, (i+1)%n) + 1
				if at < first || at > i+2 {
					t.Errorf("record %d: named %d (%v), want %d to %d", i+1, at, err, first, i+2)
				}
			}
		})
	}
}

func TestARecordPutInAtTheEndIsFound(t *testing.T) {
	db := chain(t, 5)
	forged := chain(t, 6)
	extra := records(t, forged)[5]
	if err := db.Update(func(tx store.Tx) error { return tx.Put([]byte(extra.key), extra.val) }); err != nil {
		t.Fatal(err)
	}
	if _, err := verify(t, db); err == nil {
		t.Error("a record that the chain's head does not know was not found")
	}
}

func TestList(t *testing.T) {
	db := chain(t, 10)
	err := db.View(func(tx store.Tx) error {
		var failed error
		var got []uint64
		for r := range audit.List(tx, 8, &failed) {
			got = append(got, r.Seq)
		}
		if failed != nil || !slices.Equal(got, []uint64{8, 9, 10}) {
			t.Errorf("from 8: %v, %v", got, failed)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
