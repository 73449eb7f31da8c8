package storetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/store"
)

type person struct {
	Name  string
	Town  string
	Roles []string
}

func people() *store.Collection[person] {
	return store.NewCollection("person", 1,
		store.WithIndex("town", func(p person) []string { return []string{p.Town} }),
		store.WithIndex("role", func(p person) []string { return p.Roles }))
}

func collection(t *testing.T, db store.DB) {
	c := people()
	anne := person{Name: "Anne", Town: "Lorient"}
	update(t, db, func(tx store.Tx) {
		check(t, c.Insert(tx, "anne", anne))
		check(t, c.Put(tx, "zoe", person{Name: "Zoé"}))
		err := c.Insert(tx, "anne", person{})
		if !errors.Is(err, store.ErrExists) || err.Error() != `person "anne" exists already` {
			t.Errorf("second Insert: %v", err)
		}
		if c.Put(tx, "", person{}) == nil {
			t.Error("a record without an ID was accepted")
		}
	})
	view(t, db, func(tx store.Tx) {
		got, err := c.Get(tx, "anne")
		check(t, err)
		if got.Name != "Anne" || got.Town != "Lorient" {
			t.Errorf("got %+v", got)
		}
		_, err = c.Get(tx, "bob")
		if e, ok := errors.AsType[*store.NotFoundError](err); !ok || e.ID != "bob" || !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Get of an absent record: %v", err)
		}
		all, err := c.List(tx)
		check(t, err)
		if len(all) != 2 || all[0].Name != "Anne" {
			t.Errorf("List: %+v", all)
		}
		var failed error
		var ids []string
		for id := range c.From(tx, "b", &failed) {
			ids = append(ids, id)
		}
		check(t, failed)
		if !slices.Equal(ids, []string{"zoe"}) {
			t.Errorf("From b: %q", ids)
		}
	})
	update(t, db, func(tx store.Tx) {
		check(t, c.Delete(tx, "anne"))
		check(t, c.Delete(tx, "anne"))
	})
	view(t, db, func(tx store.Tx) {
		if found, err := c.Has(tx, "anne"); err != nil || found {
			t.Errorf("after Delete: %v, %v", found, err)
		}
	})
}

func indexesFollow(t *testing.T, db store.DB) {
	c := people()
	update(t, db, func(tx store.Tx) {
		check(t, c.Put(tx, "1", person{Name: "Anne", Town: "Lorient", Roles: []string{"tech", "admin"}}))
		check(t, c.Put(tx, "2", person{Name: "Bob", Town: "Lorient", Roles: []string{"tech"}}))
		wantNames(t, c, tx, "town", "Lorient", "Anne", "Bob")
		wantNames(t, c, tx, "role", "admin", "Anne")
		check(t, c.Put(tx, "1", person{Name: "Anne", Town: "Lanester", Roles: []string{"tech"}}))
	})
	view(t, db, func(tx store.Tx) {
		wantNames(t, c, tx, "town", "Lorient", "Bob")
		wantNames(t, c, tx, "town", "Lanester", "Anne")
		wantNames(t, c, tx, "town", "Lan")
		wantNames(t, c, tx, "role", "admin")
		wantNames(t, c, tx, "role", "tech", "Anne", "Bob")
		if _, err := c.ByIndex(tx, "age", "7"); err == nil || !strings.Contains(err.Error(), `no index "age"`) {
			t.Errorf("unknown index: %v", err)
		}
	})
	update(t, db, func(tx store.Tx) { check(t, c.Delete(tx, "2")) })
	view(t, db, func(tx store.Tx) { wantNames(t, c, tx, "role", "tech", "Anne") })
}

func indexRange(t *testing.T, db store.DB) {
	c := people()
	update(t, db, func(tx store.Tx) {
		for i, town := range []string{"b", "a\x00", "a", "ab", "c"} {
			check(t, c.Put(tx, string(rune('0'+i)), person{Name: town, Town: town}))
		}
	})
	view(t, db, func(tx store.Tx) {
		got, err := c.ByIndexRange(tx, "town", "a", "b")
		check(t, err)
		if names := namesOf(got); !slices.Equal(names, []string{"a", "a\x00", "ab", "b"}) {
			t.Errorf("range a to b: %q", names)
		}
	})
}

// indexAddedLater: a program that declares an index over old records finds them by
// it at once, and after its first write from the index itself.
func indexAddedLater(t *testing.T, db store.DB) {
	old := store.NewCollection[person]("person", 1)
	update(t, db, func(tx store.Tx) {
		check(t, old.Put(tx, "2", person{Name: "Bob", Town: "Lorient"}))
		check(t, old.Put(tx, "1", person{Name: "Anne", Town: "Lorient"}))
	})
	c := people()
	view(t, db, func(tx store.Tx) { wantNames(t, c, tx, "town", "Lorient", "Anne", "Bob") })
	update(t, db, func(tx store.Tx) { check(t, c.Put(tx, "3", person{Name: "Zoé", Town: "Lorient"})) })
	view(t, db, func(tx store.Tx) { wantNames(t, c, tx, "town", "Lorient", "Anne", "Bob", "Zoé") })
}

func migration(t *testing.T, db store.DB) {
	type v1 struct{ Full string }
	type v3 struct{ First, Last, Mail string }
	update(t, db, func(tx store.Tx) {
		check(t, store.NewCollection[v1]("member", 1).Put(tx, "1", v1{"Anne Le Goff"}))
	})
	split := func(raw json.RawMessage) (json.RawMessage, error) {
		var old v1
		if err := json.Unmarshal(raw, &old); err != nil {
			return nil, err
		}
		first, last, _ := strings.Cut(old.Full, " ")
		return json.Marshal(v3{First: first, Last: last})
	}
	addMail := func(raw json.RawMessage) (json.RawMessage, error) {
		var m v3
		if err := json.Unmarshal(raw, &m); err != nil {
			return nil, err
		}
		m.Mail = strings.ToLower(m.First) + "@example.org"
		return json.Marshal(m)
	}
	byLast := store.WithIndex("last", func(m v3) []string { return []string{m.Last} })
	c := store.NewCollection("member", 3, byLast, store.WithMigration[v3](1, split), store.WithMigration[v3](2, addMail))
	want := v3{"Anne", "Le Goff", "anne@example.org"}
	view(t, db, func(tx store.Tx) {
		got, err := c.Get(tx, "1")
		check(t, err)
		if got != want {
			t.Errorf("migrated: %+v, want %+v", got, want)
		}
	})
	update(t, db, func(tx store.Tx) { check(t, c.Put(tx, "2", v3{Last: "Morvan"})) })
	view(t, db, func(tx store.Tx) {
		got, err := c.ByIndex(tx, "last", "Le Goff")
		check(t, err)
		if len(got) != 1 || got[0] != want {
			t.Errorf("by the new index: %+v", got)
		}
	})
	gap := store.NewCollection("member", 3, store.WithMigration[v3](2, addMail))
	view(t, db, func(tx store.Tx) {
		if _, err := gap.Get(tx, "1"); err == nil || !strings.Contains(err.Error(), "no migration from that to 2") {
			t.Errorf("a missing migration: %v", err)
		}
	})
}

func newerRecord(t *testing.T, db store.DB) {
	update(t, db, func(tx store.Tx) {
		check(t, store.NewCollection[person]("guest", 2).Put(tx, "1", person{}))
	})
	c := store.NewCollection[person]("guest", 1)
	update(t, db, func(tx store.Tx) {
		_, err := c.Get(tx, "1")
		if err == nil || !strings.Contains(err.Error(), "newer program") {
			t.Errorf("Get of a newer record: %v", err)
		}
		if err := c.Put(tx, "2", person{}); err == nil || !strings.Contains(err.Error(), "newer program") {
			t.Errorf("Put into a newer collection: %v", err)
		}
	})
}

func copyOf(t *testing.T, db store.DB) {
	c := people()
	update(t, db, func(tx store.Tx) { check(t, c.Put(tx, "1", person{Name: "Anne", Town: "Lorient"})) })
	var buf bytes.Buffer
	n, err := db.Copy(&buf)
	check(t, err)
	if n != int64(buf.Len()) || n == 0 {
		t.Errorf("Copy says %d bytes and wrote %d", n, buf.Len())
	}
	update(t, db, func(tx store.Tx) { check(t, c.Delete(tx, "1")) })
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "copy"), buf.Bytes(), 0o600))
	check(t, store.Restore(filepath.Join(dir, "copy"), filepath.Join(dir, "new", "store.db"), nil))
	restored, err := store.Open(filepath.Join(dir, "new", "store.db"), store.Options{})
	check(t, err)
	defer restored.Close()
	view(t, restored, func(tx store.Tx) { wantNames(t, c, tx, "town", "Lorient", "Anne") })
}

// collectionModel compares a collection and its indexes with a map.
func collectionModel(t *testing.T, open func(testing.TB) store.DB) {
	id := rapid.SampledFrom([]string{"1", "2", "3", "a/b"})
	town := rapid.SampledFrom([]string{"", "x", "xy", "y\x00"})
	roles := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"r", "s", "s/t"}), rapid.ID)
	c := people()
	rapid.Check(t, func(rt *rapid.T) {
		db := open(t)
		defer db.Close()
		want := map[string]person{}
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			update(rt, db, func(tx store.Tx) {
				k := id.Draw(rt, "id")
				if rapid.IntRange(0, 2).Draw(rt, "step") == 0 {
					check(rt, c.Delete(tx, k))
					delete(want, k)
					return
				}
				p := person{Name: k, Town: town.Draw(rt, "town"), Roles: roles.Draw(rt, "roles")}
				check(rt, c.Put(tx, k, p))
				want[k] = p
			})
		}
		view(rt, db, func(tx store.Tx) {
			for _, at := range []string{"", "x", "xy", "y\x00", "z"} {
				wantNames(rt, c, tx, "town", at, named(want, func(p person) bool { return p.Town == at })...)
			}
			for _, role := range []string{"r", "s", "s/t", "t"} {
				wantNames(rt, c, tx, "role", role, named(want, func(p person) bool { return slices.Contains(p.Roles, role) })...)
			}
		})
	})
}

func named(all map[string]person, keep func(person) bool) []string {
	var names []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if keep(all[k]) {
			names = append(names, k)
		}
	}
	return names
}

func namesOf(all []person) []string {
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return names
}
