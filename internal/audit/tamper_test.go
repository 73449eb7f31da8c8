package audit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/store"
)

// tampering changes a log behind the package's back, at record i (from 0).
type tampering func(tx store.Tx, log []raw, i int) error

// rewrite puts another value in the place of record i.
func rewrite(change func(m map[string]any)) tampering {
	return func(tx store.Tx, log []raw, i int) error {
		var m map[string]any
		if err := json.Unmarshal(log[i].val, &m); err != nil {
			return err
		}
		change(m)
		val, err := json.Marshal(m)
		if err != nil {
			return err
		}
		return tx.Put([]byte(log[i].key), val)
	}
}

func swap(tx store.Tx, log []raw, i, j int) error {
	return errors.Join(tx.Put([]byte(log[i].key), log[j].val), tx.Put([]byte(log[j].key), log[i].val))
}

func tamperings() map[string]tampering {
	ways := map[string]tampering{
		"deletion":           func(tx store.Tx, log []raw, i int) error { return tx.Delete([]byte(log[i].key)) },
		"swap of neighbours": func(tx store.Tx, log []raw, i int) error { return swap(tx, log, i, (i+1)%len(log)) },
		"swap of two": func(tx store.Tx, log []raw, i int) error {
			return swap(tx, log, i, (i+1+rand.New(rand.NewPCG(5, uint64(i))).IntN(len(log)-1))%len(log))
		},
		"insertion between":    func(tx store.Tx, log []raw, i int) error { return tx.Put([]byte(log[i].key+"x"), log[i].val) },
		"insertion with shift": insertShifted,
		"garbage":              func(tx store.Tx, log []raw, i int) error { return tx.Put([]byte(log[i].key), []byte("{")) },
		"one bit": func(tx store.Tx, log []raw, i int) error {
			val := slices.Clone(log[i].val)
			val[i%len(val)] ^= 1 << (i % 7)
			return tx.Put([]byte(log[i].key), val)
		},
		"added field":  rewrite(func(m map[string]any) { m["note"] = "x" }),
		"change seq":   rewrite(func(m map[string]any) { m["seq"] = 99999 }),
		"change time":  rewrite(func(m map[string]any) { m["time"] = "2026-01-01T00:00:00Z" }),
		"change prev":  rewrite(func(m map[string]any) { m["prev"] = strings.Repeat("0", 64) }),
		"change hash":  rewrite(func(m map[string]any) { m["hash"] = strings.Repeat("0", 64) }),
		"add a detail": rewrite(func(m map[string]any) { m["detail"] = "one more word" }),
	}
	for _, field := range []string{"who", "from", "action", "object", "result"} {
		ways["change "+field] = rewrite(func(m map[string]any) { m[field] = "other" })
	}
	return ways
}

// insertShifted puts a copy of record i behind it and moves all others on, as one who
// takes care of the keys.
func insertShifted(tx store.Tx, log []raw, i int) error {
	for n := len(log) - 1; n >= i; n-- {
		if err := tx.Put(fmt.Appendf(nil, "a/%020d", n+2), log[n].val); err != nil {
			return err
		}
	}
	return nil
}

// TestFaultTampering: each single change, deletion, swap and insertion at each of
// 1,000 records is found, and the record named. ACCOLADE_SOAK=1 tries every record;
// otherwise eight.
func TestFaultTampering(t *testing.T) {
	const n = 1000
	whole := chain(t, n)
	mem, ok := whole.(*store.MemoryDB)
	if !ok {
		t.Fatalf("%T", whole)
	}
	log := records(t, whole)
	places := []int{0, 1, n - 2, n - 1}
	for rng := rand.New(rand.NewPCG(1, 2)); len(places) < 8; {
		places = append(places, rng.IntN(n))
	}
	if os.Getenv("ACCOLADE_SOAK") != "" {
		places = places[:0]
		for i := range n {
			places = append(places, i)
		}
	}
	tried := 0
	for name, tamper := range tamperings() {
		for _, i := range places {
			tried++
			db := mem.Clone()
			if err := db.Update(func(tx store.Tx) error { return tamper(tx, log, i) }); err != nil {
				t.Fatalf("%s at %d: %v", name, i+1, err)
			}
			_, err := verify(t, db)
			b, ok := errors.AsType[*audit.Broken](err)
			if !ok {
				t.Errorf("%s at record %d was not found: %v", name, i+1, err)
				continue
			}
			var at int
			if _, err := fmt.Sscan(strings.TrimLeft(b.Key, "0"), &at); err != nil {
				t.Errorf("%s at record %d: named %q", name, i+1, b.Key)
			}
			first, last := i+1, i+2 // the record, or the one that no longer follows it
			if strings.HasPrefix(name, "swap") {
				first = 1 // the other one of the two may come before
			}
			if at < first || at > last {
				t.Errorf("%s at record %d: named %d: %v", name, i+1, at, err)
			}
		}
	}
	t.Logf("%d tamperings of a log of %d records, each found and named", tried, n)
}

// TestPrune: what is older than a year goes, and the chain still verifies, again and
// again; what is done to a pruned chain is found too.
func TestPrune(t *testing.T) {
	db := store.Memory()
	defer db.Close()
	add := func(from, to time.Time, step time.Duration) {
		t.Helper()
		if err := db.Update(func(tx store.Tx) error {
			for at := from; at.Before(to); at = at.Add(step) {
				if err := audit.Append(tx, at, audit.Record{Who: "unix:erwan", Action: "client.add", Result: "ok"}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	prune := func(now time.Time, want int) {
		t.Helper()
		var n int
		if err := db.Update(func(tx store.Tx) (err error) {
			n, err = audit.Prune(tx, now, "controller", "schedule")
			return err
		}); err != nil || n != want {
			t.Fatalf("pruned %d, %v; want %d", n, err, want)
		}
	}
	const day = 24 * time.Hour
	add(start, start.Add(400*day), day)
	prune(start.Add(300*day), 0)
	prune(start.Add(400*day), 35)
	if n, err := verify(t, db); err != nil || n != 366 {
		t.Fatalf("after the first pruning: %d, %v; want the 365 of the year and the signature", n, err)
	}
	add(start.Add(400*day), start.Add(430*day), day)
	prune(start.Add(431*day), 31)
	if n, err := verify(t, db); err != nil || n != 366 {
		t.Fatalf("after the second one: %d, %v", n, err)
	}
	prune(start.Add(2000*day), 366)
	if n, err := verify(t, db); err != nil || n != 1 {
		t.Fatalf("after all went: %d, %v; want the signature", n, err)
	}
	add(start.Add(2000*day), start.Add(2010*day), day)
	log := records(t, db)
	for name, tamper := range map[string]func(tx store.Tx) error{
		"no anchor":        func(tx store.Tx) error { return tx.Delete([]byte("A/anchor")) },
		"oldest is gone":   func(tx store.Tx) error { return tx.Delete([]byte(log[0].key)) },
		"signature edited": func(tx store.Tx) error { return rewrite(func(m map[string]any) { m["detail"] = "" })(tx, log, 0) },
		"anchor moved on, to hide a deletion": func(tx store.Tx) error {
			var r audit.Record
			if err := json.Unmarshal(log[4].val, &r); err != nil {
				return err
			}
			for _, l := range log[:5] {
				if err := tx.Delete([]byte(l.key)); err != nil {
					return err
				}
			}
			return tx.Put([]byte("A/anchor"), fmt.Appendf(nil, `{"seq":%d,"hash":%q,"signed":%d}`, r.Seq, r.Hash, r.Seq+1))
		},
	} {
		forged := db.Clone()
		if err := forged.Update(tamper); err != nil {
			t.Fatal(err)
		}
		if _, err := verify(t, forged); err == nil {
			t.Errorf("%s: not found", name)
		}
	}
}

// TestPruneLeavesABreakAlone: a chain that is broken where it would be cut is not cut.
func TestPruneLeavesABreakAlone(t *testing.T) {
	db := chain(t, 20)
	log := records(t, db)
	err := db.Update(func(tx store.Tx) error {
		if err := tx.Delete([]byte(log[7].key)); err != nil {
			return err
		}
		_, err := audit.Prune(tx, start.AddDate(2, 0, 0), "controller", "schedule")
		return err
	})
	if b, ok := errors.AsType[*audit.Broken](err); !ok || b.Key != "8" {
		t.Errorf("%v, want record 8 named as broken", err)
	}
}
