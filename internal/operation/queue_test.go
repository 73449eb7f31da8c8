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
			return operation.Permanent(errors.New("it broke"), "mend it")
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
			return errors.New("busy") // whatever it is: what an undo leaves behind nobody owns
		}
		return nil
	}
	l.Register(flow("k", a, b))
	op := l.end(l.begin(operation.Request{Kind: "k"}).ID, operation.Failed)
	if op.Problem == nil || op.Problem.Fix != "mend what it names, then: accolade operation retry 000001" {
		t.Errorf("problem: %+v", op.Problem)
	}
	if !slices.Equal(op.CannotUndo, []string{"a: undo failed: will not go (tried 21 times in 1h0m0s)"}) || tries != 3 {
		t.Errorf("cannot undo %q after %d tries", op.CannotUndo, tries)
	}
}

// TestWhatStaysIsToldAtOnce: an undo that says that something stays for good is not tried
// again, and the steps before it are undone.
func TestWhatStaysIsToldAtOnce(t *testing.T) {
	l := newLab(t, operation.Options{})
	leaves := l.step("b")
	leaves.Undo = func(context.Context, *operation.Run) error {
		l.note("undo b")
		return operation.Transient(operation.Stays(errors.New("a disk is left")))
	}
	fails := l.step("c")
	fails.Do = func(context.Context, *operation.Run) error {
		return operation.Permanent(errors.New("no"), "do something else")
	}
	l.Register(flow("k", l.step("a"), leaves, fails))
	op := l.end(l.begin(operation.Request{Kind: "k"}).ID, operation.Failed)
	l.want("do a", "do b", "undo c", "undo b", "undo a")
	if !slices.Equal(op.CannotUndo, []string{"b: undo failed: a disk is left"}) || !op.Ended.Equal(op.Created) {
		t.Errorf("cannot undo %q, ended %s after its begin", op.CannotUndo, op.Ended.Sub(op.Created))
	}
}

// TestARetryFindsWhatRemains: a step that could not be undone keeps what it remembers,
// since its effect may be there.
func TestARetryFindsWhatRemains(t *testing.T) {
	l := newLab(t, operation.Options{})
	a, b := l.step("a"), l.step("b")
	a.Do = func(_ context.Context, r *operation.Run) error {
		var vmid int
		found, err := r.Get("vmid", &vmid)
		l.note("remembers: %v", found)
		return errors.Join(err, r.Set("vmid", 100))
	}
	a.Undo = func(context.Context, *operation.Run) error { return errors.New("will not go") }
	broken := true
	b.Do = func(context.Context, *operation.Run) error {
		if broken {
			return errors.New("no")
		}
		return nil
	}
	l.Register(flow("k", a, b))
	op := l.end(l.begin(operation.Request{Kind: "k"}).ID, operation.Failed)
	broken = false
	_, err := l.Retry(op.ID, operation.Actor{By: "zoe"})
	check(t, err)
	l.end(op.ID, operation.Done)
	l.want("remembers: false", "undo b", "remembers: true")
}

// TestACounterpartThatIsAway: a step waits for it far beyond its deadline, tells why,
// and goes on by itself; what is wrong afterwards has the whole deadline again.
func TestACounterpartThatIsAway(t *testing.T) {
	l := newLab(t, operation.Options{})
	s := l.step("a")
	s.Deadline = 10 * time.Minute
	back := start.Add(72 * time.Hour)
	s.Do = func(_ context.Context, r *operation.Run) error {
		switch now := r.Clock().Now(); {
		case now.Before(back):
			return operation.Away(errors.New("box kiosk: no answer"))
		case now.Before(back.Add(5 * time.Minute)):
			return operation.Transient(errors.New("box kiosk: busy"))
		}
		return nil
	}
	l.Register(flow("k", s))
	op := l.begin(operation.Request{Kind: "k"})
	check(t, l.clk.SleepUntil(l.ctx, start.Add(71*time.Hour)))
	now, err := l.Get(op.ID)
	check(t, err)
	if now.State != operation.Running || !strings.Contains(now.Waiting, "box kiosk: no answer") || now.AwaySince == nil || now.AwaySince.Sub(start) > time.Second {
		t.Errorf("while it is away: %+v", now)
	}
	l.end(op.ID, operation.Done)
}

func TestPatienceEnds(t *testing.T) {
	l := newLab(t, operation.Options{Patience: 48 * time.Hour})
	s := l.step("a")
	s.Do = func(context.Context, *operation.Run) error {
		return operation.Away(errors.New("box kiosk: no answer"))
	}
	l.Register(flow("k", s))
	op := l.end(l.begin(operation.Request{Kind: "k"}).ID, operation.Failed)
	if took := op.Ended.Sub(start); took < 48*time.Hour || took > 49*time.Hour || !strings.Contains(op.Problem.What, "in 48h0m0s") {
		t.Errorf("after %v: %+v", took, op.Problem)
	}
}

// TestARetryDoesAgainWhatStoodOnAnUndoneStep: what was done to a VM that is gone has to
// be done to the next one.
func TestARetryDoesAgainWhatStoodOnAnUndoneStep(t *testing.T) {
	l := newLab(t, operation.Options{})
	start, bad := l.step("start"), l.step("bad")
	start.Undo, bad.Undo = nil, nil
	broken := true
	bad.Do = func(context.Context, *operation.Run) error {
		if broken {
			return errors.New("no")
		}
		return nil
	}
	l.Register(flow("k", l.step("vm"), start, bad))
	op := l.end(l.begin(operation.Request{Kind: "k"}).ID, operation.Failed)
	l.want("do vm", "do start", "undo vm")
	broken = false
	_, err := l.Retry(op.ID, operation.Actor{By: "zoe"})
	check(t, err)
	l.end(op.ID, operation.Done)
	l.want("do vm", "do start")
}

// TestAnUnmarkedErrorIsTriedAFewTimes: what fails once without a word about itself may
// work seconds later.
func TestAnUnmarkedErrorIsTriedAFewTimes(t *testing.T) {
	for failures, want := range map[int]operation.State{2: operation.Done, 3: operation.Failed} {
		l := newLab(t, operation.Options{})
		s, tries := l.step("a"), 0
		s.Do = func(context.Context, *operation.Run) error {
			if tries++; tries <= failures {
				return errors.New("box kiosk: fault")
			}
			return nil
		}
		l.Register(flow("k", s))
		l.end(l.begin(operation.Request{Kind: "k"}).ID, want)
		if took := l.clk.Now().Sub(start); took > 10*time.Second {
			t.Errorf("%d failures took %v", failures, took)
		}
	}
}
