package storetest

import (
	"slices"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/store"
)

func check(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func update(t rapid.TB, db store.DB, fn func(store.Tx)) {
	t.Helper()
	check(t, db.Update(func(tx store.Tx) error { fn(tx); return nil }))
}

func view(t rapid.TB, db store.DB, fn func(store.Tx)) {
	t.Helper()
	check(t, db.View(func(tx store.Tx) error { fn(tx); return nil }))
}

func wantValue(t rapid.TB, tx store.Tx, key, want string) {
	t.Helper()
	got, err := tx.Get([]byte(key))
	check(t, err)
	if got == nil || string(got) != want {
		t.Errorf("key %q holds %q, want %q", key, got, want)
	}
}

func wantAbsent(t rapid.TB, tx store.Tx, key string) {
	t.Helper()
	got, err := tx.Get([]byte(key))
	check(t, err)
	if got != nil {
		t.Errorf("key %q holds %q, want it absent", key, got)
	}
}

func wantKeys(t rapid.TB, tx store.Tx, prefix, from string, want ...string) {
	t.Helper()
	var got []string
	for k, v := range tx.ScanFrom([]byte(prefix), []byte(from)) {
		got = append(got, string(k))
		if string(v) != "v"+string(k) {
			t.Errorf("key %q came with the value %q", k, v)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("keys with prefix %q from %q: %q, want %q", prefix, from, got, want)
	}
}

func wantNames(t rapid.TB, c *store.Collection[person], tx store.Tx, index, key string, want ...string) {
	t.Helper()
	got, err := c.ByIndex(tx, index, key)
	check(t, err)
	if names := namesOf(got); !slices.Equal(names, want) {
		t.Errorf("%s %q gives %q, want %q", index, key, names, want)
	}
}
