package operation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/operation"
)

// until follows an operation until the named step is in progress and says that it hangs.
func (l *lab) until(id, step string) {
	l.t.Helper()
	for ev, err := range l.Follow(l.ctx, id, 0) {
		check(l.t, err)
		if ev.Operation.Step == step && ev.Operation.Progress.Text == hanging {
			return
		}
	}
	l.t.Fatalf("operation %s never came to step %s", id, step)
}

const hanging = "hanging"

// hang is a step that waits until the engine stops.
func (l *lab) hang(name string) operation.Step {
	s := l.step(name)
	s.Do = func(ctx context.Context, r *operation.Run) error {
		l.note("hang in %s", name)
		r.Progress(0.5, hanging)
		<-ctx.Done()
		return ctx.Err()
	}
	return s
}

func TestRestartResumesInTheSameStep(t *testing.T) {
	l := newLab(t, operation.Options{}, flow("none"))
	l.Register(flow("k", l.step("a"), l.hang("b"), l.step("c")))
	op := l.begin(operation.Request{Kind: "k", Leases: []string{"box/x"}})
	l.until(op.ID, "b")
	l.stop()
	l.want("do a", "hang in b")

	l.open(operation.Options{}, flow("k", l.step("a"), l.step("b"), l.step("c")), l.span("other"))
	behind := l.begin(operation.Request{Kind: "other", Subject: "o", Leases: []string{"box/x"}})
	l.end(op.ID, operation.Done)
	l.end(behind.ID, operation.Done)
	l.want("do b", "do c", "begin o", "end o")
}

func TestRestartWhileUndoing(t *testing.T) {
	l := newLab(t, operation.Options{}, flow("none"))
	bad := l.step("c")
	bad.Do = func(context.Context, *operation.Run) error { return errors.New("no") }
	stuck := l.step("b")
	stuck.Undo = func(ctx context.Context, _ *operation.Run) error {
		l.note("hang in undo b")
		<-ctx.Done()
		return ctx.Err()
	}
	l.Register(flow("k", l.step("a"), stuck, bad))
	op := l.begin(operation.Request{Kind: "k"})
	for ev, err := range l.Follow(l.ctx, op.ID, 0) {
		check(t, err)
		if ev.Operation.State == operation.Undoing && ev.Operation.Step == "b" {
			break
		}
	}
	l.stop()
	l.did = nil
	l.open(operation.Options{}, flow("k", l.step("a"), l.step("b"), bad))
	end := l.end(op.ID, operation.Failed)
	l.want("undo b", "undo a")
	if end.Problem == nil || end.Problem.What != "no" {
		t.Errorf("the reason was lost: %+v", end.Problem)
	}
}

func TestAnotherVersionOfTheWorkflow(t *testing.T) {
	for name, c := range map[string]struct {
		now  []string // steps of the new program; the old one had a, b, c and stood in b
		want []string
		says string
	}{
		"new step behind":     {[]string{"a", "b", "c", "d"}, []string{"do b", "do c", "do d"}, ""},
		"new step before":     {[]string{"a", "n", "b", "c"}, []string{"do n", "do b", "do c"}, ""},
		"later step dropped":  {[]string{"a", "b"}, []string{"do b"}, ""},
		"done step dropped":   {[]string{"b", "c"}, []string{"do b", "do c"}, ""},
		"other order":         {[]string{"c", "b", "a"}, []string{"do c", "do b"}, ""},
		"step in progress":    {[]string{"a", "c"}, nil, `interrupted in step "b", which this version`},
		"kind no longer here": {nil, nil, `knows no operation "k"`},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, operation.Options{}, flow("none"))
			l.Register(flow("k", l.step("a"), l.hang("b"), l.step("c")))
			op := l.begin(operation.Request{Kind: "k", Leases: []string{"box/x"}})
			l.until(op.ID, "b")
			l.stop()
			l.did = nil
			var steps []operation.Step
			for _, s := range c.now {
				steps = append(steps, l.step(s))
			}
			if c.now == nil {
				l.open(operation.Options{}, flow("none"))
			} else {
				l.open(operation.Options{}, flow("k", steps...))
			}
			if c.says == "" {
				l.end(op.ID, operation.Done)
				l.want(c.want...)
				return
			}
			for ev, err := range l.Follow(l.ctx, op.ID, 0) {
				check(t, err)
				if ev.Operation.State == operation.Blocked {
					break
				}
			}
			got, err := l.Get(op.ID)
			check(t, err)
			if !strings.Contains(got.Waiting, c.says) {
				t.Errorf("blocked with %q, want it to say %q", got.Waiting, c.says)
			}
			held, err := l.Leases()
			check(t, err)
			if len(held) != 1 {
				t.Errorf("a blocked operation holds %+v, want its lease", held)
			}
			l.stop()
			// The program that knows it is back, and finishes it.
			l.open(operation.Options{}, flow("k", l.step("a"), l.step("b"), l.step("c")))
			l.end(op.ID, operation.Done)
			l.want("do b", "do c")
		})
	}
}

func TestCancelOfABlockedOperation(t *testing.T) {
	l := newLab(t, operation.Options{}, flow("none"))
	l.Register(flow("k", l.step("a"), l.hang("b")))
	op := l.begin(operation.Request{Kind: "k", Leases: []string{"box/x"}})
	l.until(op.ID, "b")
	l.stop()
	l.open(operation.Options{}, l.span("other"))
	for ev, err := range l.Follow(l.ctx, op.ID, 0) {
		check(t, err)
		if ev.Operation.State == operation.Blocked {
			break
		}
	}
	other := l.begin(operation.Request{Kind: "other", Leases: []string{"box/x"}})
	check(t, l.Cancel(op.ID, operation.Actor{By: "zoe"}))
	end := l.end(op.ID, operation.Cancelled)
	if len(end.CannotUndo) != 2 {
		t.Errorf("cannot undo: %q, want both steps that were begun", end.CannotUndo)
	}
	l.end(other.ID, operation.Done)
}

// TestCancelSurvivesARestart: the request is in the store before anything is undone.
func TestCancelSurvivesARestart(t *testing.T) {
	l := newLab(t, operation.Options{}, flow("none"))
	deaf := l.step("b")
	release := make(chan struct{})
	deaf.Do = func(ctx context.Context, r *operation.Run) error {
		r.Progress(0.5, hanging)
		<-release
		return ctx.Err()
	}
	l.Register(flow("k", l.step("a"), deaf))
	op := l.begin(operation.Request{Kind: "k"})
	l.until(op.ID, "b")
	check(t, l.Cancel(op.ID, operation.Actor{By: "zoe"}))
	engine := make(chan struct{})
	go func() { l.stop(); close(engine) }()
	close(release)
	<-engine
	l.did = nil
	l.open(operation.Options{}, flow("k", l.step("a"), l.step("b")))
	end := l.end(op.ID, operation.Cancelled)
	if end.State != operation.Cancelled {
		t.Errorf("state %s", end.State)
	}
}

func TestFollowReplays(t *testing.T) {
	l := newLab(t, operation.Options{})
	s := l.step("a")
	s.Do = func(_ context.Context, r *operation.Run) error {
		for i := range 10 {
			r.Progress(float64(i)/10, fmt.Sprint(i))
			r.LogLine(fmt.Sprintf("line %d", i))
		}
		return nil
	}
	gates := map[string]chan struct{}{"first": make(chan struct{}), "last": make(chan struct{})}
	gate := func(name string) operation.Step {
		return operation.Step{Name: name, Do: func(context.Context, *operation.Run) error { <-gates[name]; return nil }}
	}
	l.Register(flow("k", gate("first"), s, gate("last")))
	op := l.begin(operation.Request{Kind: "k"})
	var first uint64
	for ev, err := range l.Follow(l.ctx, op.ID, 0) {
		check(t, err)
		if first == 0 {
			first = ev.Seq
			close(gates["first"])
		}
		if ev.Operation.Step == "last" {
			break
		}
	}
	var again []operation.Event
	for ev, err := range l.Follow(l.ctx, op.ID, first) {
		check(t, err)
		again = append(again, ev)
		if ev.Operation.Step == "last" && ev.Operation.State == operation.Running {
			close(gates["last"])
		}
	}
	for i := 1; i < len(again); i++ {
		if again[i].Seq <= again[i-1].Seq {
			t.Errorf("event %d has number %d after %d", i, again[i].Seq, again[i-1].Seq)
		}
	}
	if last := again[len(again)-1]; last.Operation.State != operation.Done {
		t.Errorf("the last event shows %s, want done", last.Operation.State)
	}
	lines := 0
	for _, ev := range again {
		if ev.Kind == operation.EventLine {
			lines++
		}
	}
	if lines != 10 {
		t.Errorf("the replay has %d lines, want 10", lines)
	}
}

func TestOldOperationsAreRemoved(t *testing.T) {
	l := newLab(t, operation.Options{Retain: 24 * time.Hour})
	l.Register(l.span("k"))
	first := l.begin(operation.Request{Kind: "k", Input: 1})
	l.end(first.ID, operation.Done)
	check(t, l.clk.Sleep(l.ctx, 22*time.Hour))
	l.end(l.begin(operation.Request{Kind: "k"}).ID, operation.Done)
	if _, err := l.Get(first.ID); err != nil {
		t.Errorf("removed too early: %v", err)
	}
	check(t, l.clk.Sleep(l.ctx, 2*time.Hour))
	l.end(l.begin(operation.Request{Kind: "k"}).ID, operation.Done)
	if _, err := l.Get(first.ID); err == nil {
		t.Error("an operation that ended more than a day ago is still there")
	}
	all, err := l.List(operation.Filter{})
	check(t, err)
	if len(all) != 2 || all[0].ID < all[1].ID {
		t.Errorf("List: %d operations, or not the newest first", len(all))
	}
}
