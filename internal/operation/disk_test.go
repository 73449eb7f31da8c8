package operation_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// fullDB is a store whose disk is full for a while.
type fullDB struct {
	store.DB
	full atomic.Bool
}

func (f *fullDB) Update(fn func(store.Tx) error) error {
	return f.DB.Update(func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		if f.full.Load() {
			return &store.FullError{Path: "x", Err: errors.New("no space left on device")}
		}
		return nil
	})
}

// TestAFullDiskDelaysAndLosesNothing: steps are tried again, and what was done is
// written once there is room.
func TestAFullDiskDelaysAndLosesNothing(t *testing.T) {
	l := newLab(t, operation.Options{})
	l.stop()
	db := &fullDB{DB: store.Memory()}
	l.db = db
	l.open(operation.Options{})
	a, b := l.step("a"), l.step("b")
	a.Do = func(context.Context, *operation.Run) error {
		l.note("do a")
		db.full.Store(true) // the end of this step cannot be written
		return nil
	}
	tries := 0
	b.Do = func(_ context.Context, r *operation.Run) error {
		tries++
		if tries == 1 {
			db.full.Store(true)
		}
		if err := r.Set("x", 1); err != nil { // nor can this checkpoint
			return err
		}
		l.note("do b")
		return nil
	}
	l.Register(flow("k", a, b))
	op := l.begin(operation.Request{Kind: "k"})
	for l.clk.Now().Before(start.Add(10 * time.Minute)) {
		check(t, l.clk.Sleep(l.ctx, time.Minute))
		if l.clk.Now().Sub(start) == 5*time.Minute || l.clk.Now().Sub(start) == 10*time.Minute {
			db.full.Store(false)
		}
	}
	l.end(op.ID, operation.Done)
	l.want("do a", "do b")
	if tries < 2 {
		t.Errorf("step b was tried %d times, want a second time after the full disk", tries)
	}
}
