package watch

import (
	"errors"
	"testing"
)

// The worst come first, and among equals the order of the sources stays.
func TestConditions(t *testing.T) {
	all := Conditions([]Named{
		{"backups", func() ([]Condition, error) { return []Condition{{Level: Critical, Of: "server/a"}}, nil }},
		{"boxes", func() ([]Condition, error) {
			return []Condition{{Level: OK, Of: "box/a"}, {Level: Critical, Of: "box/b"}, {Level: Warning, Of: "box/c"}}, nil
		}},
		{"broken", func() ([]Condition, error) { return nil, errors.New("no store") }},
	})
	var got []string
	for _, c := range all {
		got = append(got, c.Of)
	}
	want := []string{"server/a", "box/b", "broken", "box/c", "box/a"}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if !Trouble(all) || Trouble([]Condition{{Level: OK}}) || Trouble(nil) {
		t.Error("trouble is told where there is none, or not where there is some")
	}
}
