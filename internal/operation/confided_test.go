package operation_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// kept tells whether the store still holds what was confided to an operation.
func (l *lab) kept(id string) bool {
	l.t.Helper()
	held := false
	err := l.db.View(func(tx store.Tx) error {
		raw, err := tx.Get([]byte("o/" + id + "/input"))
		held = strings.Contains(string(raw), "hunter2")
		if err == nil && !strings.Contains(string(raw), "kiosk") {
			l.t.Errorf("the rest of the input of %s is gone: %s", id, raw)
		}
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return held
}

func TestWhatWasConfidedGoesWithTheEnd(t *testing.T) {
	again := operation.Confided{Fields: []string{"password"}}
	once := operation.Confided{Fields: []string{"password"}, Again: "enrol the box anew"}
	input := map[string]string{"box": "kiosk", "password": "hunter2"}
	for _, c := range []struct {
		name     string
		confided operation.Confided
		fails    bool
		kept     bool
	}{
		{"done", again, false, false}, {"done, once", once, false, false},
		{"failed", again, true, true}, {"failed, once", once, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l *lab
			fails := c.fails
			l = newLab(t, operation.Options{}, operation.Workflow{Kind: "k", Confided: c.confided, Steps: []operation.Step{{
				Name: "a", Do: func(_ context.Context, r *operation.Run) error {
					if !l.kept(r.ID()) {
						t.Error("it is gone while the operation runs")
					}
					if fails {
						return operation.Permanent(errors.New("no"), "")
					}
					return nil
				},
			}}})
			want := operation.Done
			if c.fails {
				want = operation.Failed
			}
			op := l.end(l.begin(operation.Request{Kind: "k", Input: input}).ID, want)
			if l.kept(op.ID) != c.kept {
				t.Errorf("after its end what was confided is kept: %t, want %t", !c.kept, c.kept)
			}
			if !c.fails {
				return
			}
			fails = false
			_, err := l.Retry(op.ID, operation.Actor{By: "zoe"})
			if refused, ok := errors.AsType[*operation.Refused](err); c.confided.Again != "" {
				if !ok || refused.Fix != c.confided.Again {
					t.Errorf("Retry answers %v, want a refusal that says how to begin anew", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			l.end(op.ID, operation.Done)
			if l.kept(op.ID) {
				t.Error("it is kept after the retry has done it")
			}
		})
	}
}

// What was confided to one that never ran goes too.
func TestWhatWasConfidedGoesWithACancelledQueue(t *testing.T) {
	once := operation.Confided{Fields: []string{"password"}, Again: "anew"}
	hold := make(chan struct{})
	l := newLab(t, operation.Options{Global: 1}, operation.Workflow{Kind: "k", Confided: once, Steps: []operation.Step{{
		Name: "a", Do: func(context.Context, *operation.Run) error { <-hold; return nil },
	}}})
	input := map[string]string{"box": "kiosk", "password": "hunter2"}
	first, second := l.begin(operation.Request{Kind: "k", Input: input}), l.begin(operation.Request{Kind: "k", Input: input})
	if err := l.Cancel(second.ID, operation.Actor{By: "zoe"}); err != nil {
		t.Fatal(err)
	}
	l.end(second.ID, operation.Cancelled)
	close(hold)
	l.end(first.ID, operation.Done)
	if l.kept(first.ID) || l.kept(second.ID) {
		t.Errorf("kept: %t by the one that is done, %t by the one cancelled in the queue", l.kept(first.ID), l.kept(second.ID))
	}
}
