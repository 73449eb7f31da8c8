package operation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/operation"
)

// span is a workflow whose one step takes an hour and notes begin and end.
func (l *lab) span(kind string) operation.Workflow {
	return flow(kind, operation.Step{Name: "work", Do: func(ctx context.Context, r *operation.Run) error {
		l.note("begin %s", r.Subject())
		defer l.note("end %s", r.Subject())
		return r.Clock().Sleep(ctx, time.Hour)
	}})
}

func TestOneOperationPerLease(t *testing.T) {
	l := newLab(t, operation.Options{})
	l.Register(l.span("k"))
	a := l.begin(operation.Request{Kind: "k", Subject: "a", Leases: []string{"box/kiosk"}})
	b := l.begin(operation.Request{Kind: "k", Subject: "b", Leases: []string{"box/kiosk", "box/other", "box/kiosk"}})
	c := l.begin(operation.Request{Kind: "k", Subject: "c", Leases: []string{"box/other"}})
	waiting, err := l.Get(b.ID)
	check(t, err)
	if waiting.State != operation.Queued || waiting.Waiting != "operation 000001 (k) holds box/kiosk" {
		t.Errorf("b: %s, %q", waiting.State, waiting.Waiting)
	}
	waiting, err = l.Get(c.ID)
	check(t, err)
	if waiting.Waiting != "operation 000002 (k) is before it for box/other" {
		t.Errorf("c: %q", waiting.Waiting)
	}
	for _, op := range []operation.Operation{a, b, c} {
		l.end(op.ID, operation.Done)
	}
	l.want("begin a", "end a", "begin b", "end b", "begin c", "end c")
	held, err := l.Leases()
	check(t, err)
	if len(held) != 0 {
		t.Errorf("leases left behind: %+v", held)
	}
}

func TestLimits(t *testing.T) {
	l := newLab(t, operation.Options{Global: 3, Limits: map[string]int{"vault": 1, "vault/wide": 2}})
	l.Register(l.span("k"))
	var ids []string
	for i, limit := range []string{"vault/thin", "vault/thin", "vault/wide", "vault/wide", "vault/wide"} {
		ids = append(ids, l.begin(operation.Request{Kind: "k", Subject: fmt.Sprint(i), Limits: []string{limit}}).ID)
	}
	for i, want := range map[int]string{
		1: "the limit of vault/thin is reached (1 at a time)",
		4: "the limit of vault/wide is reached (2 at a time)",
	} {
		op, err := l.Get(ids[i])
		check(t, err)
		if op.Waiting != want {
			t.Errorf("operation %d waits for %q, want %q", i, op.Waiting, want)
		}
	}
	free := l.begin(operation.Request{Kind: "k", Subject: "free"})
	if op, err := l.Get(free.ID); err != nil || op.Waiting != "3 operations are running, which is the limit" {
		t.Errorf("beyond the global limit: %q, %v", op.Waiting, err)
	}
	for _, id := range append(ids, free.ID) {
		l.end(id, operation.Done)
	}
	if took := l.clk.Now().Sub(start); took != 2*time.Hour {
		t.Errorf("six operations took %v, want 2h", took)
	}
}

func TestNobodyStarves(t *testing.T) {
	l := newLab(t, operation.Options{Global: 2})
	l.Register(l.span("k"))
	var ids []string
	for i := range 9 {
		req := operation.Request{Kind: "k", Subject: fmt.Sprint(i), Leases: []string{fmt.Sprintf("box/%d", i%3)}}
		ids = append(ids, l.begin(req).ID)
	}
	for _, id := range ids {
		l.end(id, operation.Done)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := map[string]int{}
	for i, what := range l.did {
		at[what] = i
	}
	for i := 3; i < 9; i++ {
		if at[fmt.Sprintf("begin %d", i)] < at[fmt.Sprintf("end %d", i-3)] {
			t.Errorf("%d began before %d had ended: %q", i, i-3, l.did)
		}
	}
}

func TestCancelWhileQueued(t *testing.T) {
	l := newLab(t, operation.Options{})
	l.Register(l.span("k"))
	a := l.begin(operation.Request{Kind: "k", Subject: "a", Leases: []string{"x"}})
	b := l.begin(operation.Request{Kind: "k", Subject: "b", Leases: []string{"x"}})
	check(t, l.Cancel(b.ID, operation.Actor{By: "zoe", From: "socket"}))
	l.end(b.ID, operation.Cancelled)
	l.end(a.ID, operation.Done)
	l.want("begin a", "end a")
	if _, ok := errors.AsType[*operation.Refused](l.Cancel(a.ID, operation.Actor{})); !ok {
		t.Error("cancelling an operation that has ended was not refused")
	}
}

func TestCancelWhileRunning(t *testing.T) {
	l := newLab(t, operation.Options{})
	slow := l.step("b")
	slow.Do = func(ctx context.Context, r *operation.Run) error {
		r.Progress(0.5, "half")
		return r.Clock().Sleep(ctx, 24*time.Hour)
	}
	l.Register(flow("k", l.step("a"), slow, l.step("c")))
	op := l.begin(operation.Request{Kind: "k", Leases: []string{"x"}})
	for ev, err := range l.Follow(l.ctx, op.ID, 0) {
		check(t, err)
		if ev.Operation.Progress.Fraction == 0.5 {
			break
		}
	}
	check(t, l.Cancel(op.ID, operation.Actor{By: "zoe", From: "socket"}))
	l.end(op.ID, operation.Cancelled)
	l.want("do a", "undo b", "undo a")
	if !l.clk.Now().Equal(start) {
		t.Errorf("time went on to %v before the cancellation was noticed", l.clk.Now())
	}
}

func TestRetryGoesOnWhereItFailed(t *testing.T) {
	l := newLab(t, operation.Options{})
	broken := true
	keep := l.step("keep")
	keep.Undo = nil
	task := l.step("task")
	task.Do = func(_ context.Context, r *operation.Run) error {
		var upid string
		found, err := r.Get("upid", &upid)
		if err != nil {
			return err
		}
		l.note("task started before: %v", found)
		if err := r.Set("upid", "UPID:1"); err != nil {
			return err
		}
		if broken {
			return errors.New("it broke")
		}
		return nil
	}
	l.Register(flow("k", keep, l.step("a"), task))
	op := l.begin(operation.Request{Kind: "k", By: "anne", Input: 7})
	l.end(op.ID, operation.Failed)
	l.want("do keep", "do a", "task started before: false", "undo task", "undo a")
	broken = false
	again, err := l.Retry(op.ID, operation.Actor{By: "zoe"})
	check(t, err)
	if again.Attempt != 2 || again.State != operation.Queued {
		t.Errorf("Retry returned %+v", again)
	}
	end := l.end(op.ID, operation.Done)
	l.want("do a", "task started before: false") // its checkpoint went with the undo
	if end.Problem != nil || end.CannotUndo != nil {
		t.Errorf("after the retry: %+v", end)
	}
	if _, err := l.Retry(op.ID, operation.Actor{}); err == nil || !strings.Contains(err.Error(), "is done") {
		t.Errorf("retry of a done operation: %v", err)
	}
}

func TestUndoThatFails(t *testing.T) {
	l := newLab(t, operation.Options{})
	a, b := l.step("a"), l.step("b")
	a.Undo = func(context.Context, *operation.Run) error { return errors.New("will not go") }
	b.Do = func(context.Context, *operation.Run) error { return errors.New("no") }
	tries := 0
	b.Undo = func(context.Context, *operation.Run) error {
		if tries++; tries < 3 {
			return operation.Transient(errors.New("busy"))
		}
		return nil
	}
	l.Register(flow("k", a, b))
	op := l.end(l.begin(operation.Request{Kind: "k"}).ID, operation.Failed)
	if !slices.Equal(op.CannotUndo, []string{"a: undo failed: will not go"}) || tries != 3 {
		t.Errorf("cannot undo %q after %d tries", op.CannotUndo, tries)
	}
}
