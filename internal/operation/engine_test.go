package operation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

var start = time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)

// lab is an engine with a store, a clock and a list of what the steps did.
type lab struct {
	*operation.Engine
	t    *testing.T
	ctx  context.Context
	db   store.DB
	clk  *clocktest.Clock
	own  *clocktest.Own // of the engine: clk, until somebody sets it
	stop func()

	mu  sync.Mutex
	did []string
}

func newLab(t *testing.T, opts operation.Options, workflows ...operation.Workflow) *lab {
	l := &lab{t: t, db: store.Memory(), clk: clocktest.Auto(start)}
	l.own = &clocktest.Own{Clock: l.clk}
	ctx, done := l.clk.Work(t.Context())
	t.Cleanup(done)
	l.ctx = ctx
	l.open(opts, workflows...)
	t.Cleanup(func() { l.stop() })
	return l
}

// open starts an engine on the lab's store, as a restarted controller does.
func (l *lab) open(opts operation.Options, workflows ...operation.Workflow) {
	opts.Log = slog.New(slog.DiscardHandler)
	l.Engine = operation.New(l.db, l.own, opts)
	for _, w := range workflows {
		l.Register(w)
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	engine := l.Engine
	go func() { over <- engine.Run(ctx) }()
	select {
	case <-engine.Ready():
	case err := <-over:
		l.t.Fatalf("Run: %v", err)
	}
	l.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-over; err != nil {
			l.t.Errorf("Run: %v", err)
		}
	})
}

func (l *lab) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.did = append(l.did, fmt.Sprintf(format, args...))
}

func (l *lab) want(did ...string) {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.did, did) {
		l.t.Errorf("the steps did %q, want %q", l.did, did)
	}
	l.did = nil
}

func (l *lab) begin(req operation.Request) operation.Operation {
	l.t.Helper()
	op, err := l.Start(l.ctx, req)
	if err != nil {
		l.t.Fatal(err)
	}
	return op
}

func (l *lab) end(id string, want operation.State) operation.Operation {
	l.t.Helper()
	op, err := l.Wait(l.ctx, id)
	if err != nil {
		l.t.Fatal(err)
	}
	if op.State != want {
		l.t.Errorf("operation %s is %s (%+v), want %s", id, op.State, op.Problem, want)
	}
	return op
}

func (l *lab) step(name string) operation.Step {
	return operation.Step{
		Name: name,
		Do:   func(context.Context, *operation.Run) error { l.note("do %s", name); return nil },
		Undo: func(context.Context, *operation.Run) error { l.note("undo %s", name); return nil },
	}
}

func flow(kind string, steps ...operation.Step) operation.Workflow {
	return operation.Workflow{Kind: kind, Steps: steps}
}

func TestStepsRunInOrder(t *testing.T) {
	l := newLab(t, operation.Options{})
	l.Register(flow("k", l.step("a"), l.step("b"), l.step("c")))
	op := l.begin(operation.Request{Kind: "k", Subject: "server/x", By: "anne", From: "socket"})
	if op.State != operation.Queued || op.ID != "000001" {
		t.Errorf("Start returned %+v", op)
	}
	op = l.end(op.ID, operation.Done)
	l.want("do a", "do b", "do c")
	if op.Ended == nil || op.Started == nil || op.Step != "" {
		t.Errorf("ended operation: %+v", op)
	}
	var states []string
	check(t, l.db.View(func(tx store.Tx) error {
		var err error
		for r := range audit.List(tx, 0, &err) {
			states = append(states, r.Who+" "+r.Action+" "+r.Object+" "+r.Result)
		}
		return err
	}))
	if want := []string{"anne k operation/000001 queued", "anne k operation/000001 running", "anne k operation/000001 done"}; !slices.Equal(states, want) {
		t.Errorf("the audit has %q, want %q", states, want)
	}
}

func TestCheckpointsReachLaterSteps(t *testing.T) {
	l := newLab(t, operation.Options{})
	a, b := l.step("a"), l.step("b")
	a.Do = func(_ context.Context, r *operation.Run) error {
		var in struct{ Size int }
		if err := r.Input(&in); err != nil {
			return err
		}
		return r.Set("vmid", 100+in.Size)
	}
	b.Do = func(_ context.Context, r *operation.Run) error {
		var vmid, none int
		found, err := r.Get("vmid", &vmid)
		missing, err2 := r.Get("other", &none)
		l.note("%v %d %v", found, vmid, missing)
		return errors.Join(err, err2)
	}
	l.Register(flow("k", a, b))
	l.end(l.begin(operation.Request{Kind: "k", Input: map[string]int{"Size": 7}}).ID, operation.Done)
	l.want("true 107 false")
}

func TestPermanentErrorUndoesInReverse(t *testing.T) {
	l := newLab(t, operation.Options{})
	bad := l.step("c")
	bad.Do = func(context.Context, *operation.Run) error {
		l.note("do c")
		return operation.Permanent(errors.New("disk too small"), "use a larger disk")
	}
	mail := l.step("mail")
	mail.Undo, mail.CannotUndo = nil, "the mail was sent"
	pure := l.step("pure")
	pure.Undo = nil
	l.Register(flow("k", l.step("a"), mail, pure, bad, l.step("d")))
	op := l.end(l.begin(operation.Request{Kind: "k"}).ID, operation.Failed)
	l.want("do a", "do mail", "do pure", "do c", "undo c", "undo a")
	if op.Problem == nil || *op.Problem != (operation.Problem{Step: "c", What: "disk too small", Fix: "use a larger disk"}) {
		t.Errorf("problem: %+v", op.Problem)
	}
	if !slices.Equal(op.CannotUndo, []string{"mail: the mail was sent"}) {
		t.Errorf("cannot undo: %q", op.CannotUndo)
	}
}

func TestTransientErrorsAreTriedAgain(t *testing.T) {
	l := newLab(t, operation.Options{})
	failures := 0
	followed := make(chan struct{})
	s := l.step("a")
	s.Do = func(context.Context, *operation.Run) error {
		<-followed
		if failures++; failures <= 5 {
			return operation.Transient(errors.New("connection refused"))
		}
		return nil
	}
	l.Register(flow("k", s))
	op := l.begin(operation.Request{Kind: "k"})
	var waiting []string
	for ev, err := range l.Follow(l.ctx, op.ID, 0) {
		check(t, err)
		if ev.Kind == operation.EventNow {
			close(followed)
		}
		if ev.Kind == operation.EventWaiting && ev.Operation.RetryAt != nil {
			waiting = append(waiting, ev.Operation.Waiting)
		}
	}
	l.end(op.ID, operation.Done)
	if len(waiting) != 5 || !strings.Contains(waiting[0], "connection refused") {
		t.Errorf("waiting reasons: %q", waiting)
	}
	// 2+4+8+16+32 seconds, each up to a fifth shorter or longer
	if took := l.clk.Now().Sub(start); took < 49*time.Second || took > 75*time.Second {
		t.Errorf("five pauses took %v, want about 62s", took)
	}
}

func TestDeadlineCountsFromTheFirstFailure(t *testing.T) {
	l := newLab(t, operation.Options{})
	s := l.step("a")
	s.Deadline = 10 * time.Minute
	var first, last time.Time
	s.Do = func(ctx context.Context, r *operation.Run) error {
		if first.IsZero() {
			if err := r.Clock().Sleep(ctx, 5*time.Hour); err != nil { // a long task is no failure
				return err
			}
			first = r.Clock().Now()
		}
		last = r.Clock().Now()
		return operation.Transient(errors.New("no route to host"))
	}
	l.Register(flow("k", s))
	op := l.end(l.begin(operation.Request{Kind: "k"}).ID, operation.Failed)
	if got := last.Sub(first); got != 10*time.Minute {
		t.Errorf("the last attempt was %v after the first failure, want exactly 10m", got)
	}
	if !strings.Contains(op.Problem.What, "no route to host") || !strings.Contains(op.Problem.What, "10m0s") {
		t.Errorf("problem: %+v", op.Problem)
	}
}

// Three days without a controller are no three days of attempts.
func TestTimeWithoutAControllerDoesNotCount(t *testing.T) {
	l := newLab(t, operation.Options{})
	s := l.step("a")
	s.Deadline = 10 * time.Minute
	var tried []time.Time
	second := make(chan struct{})
	s.Do = func(ctx context.Context, r *operation.Run) error {
		tried = append(tried, r.Clock().Now())
		if len(tried) == 2 { // the controller stops in the middle of it
			close(second)
			r.Clock().Idle(ctx, func() { <-ctx.Done() })
			return ctx.Err()
		}
		return operation.Transient(errors.New("busy"))
	}
	w := flow("k", s)
	l.Register(w)
	id := l.begin(operation.Request{Kind: "k"}).ID
	l.clk.Idle(l.ctx, func() { <-second })
	l.stop()
	if err := l.clk.Sleep(l.ctx, 72*time.Hour); err != nil {
		t.Fatal(err)
	}
	l.open(operation.Options{}, w)
	l.end(id, operation.Failed)
	if took := tried[len(tried)-1].Sub(tried[0]) - 72*time.Hour; took < 9*time.Minute || took > 11*time.Minute {
		t.Errorf("the last attempt came %s after the first, beside the days without a controller; want about 10m", took)
	}
}

func TestProgressBeginsTheDeadlineAnew(t *testing.T) {
	l := newLab(t, operation.Options{})
	s := l.step("a")
	s.Deadline = time.Minute
	done := 0
	s.Do = func(ctx context.Context, r *operation.Run) error {
		if done++; done == 40 {
			return nil
		}
		r.Progress(float64(done)/40, "users")
		return operation.Transient(errors.New("busy"))
	}
	l.Register(flow("k", s))
	l.end(l.begin(operation.Request{Kind: "k"}).ID, operation.Done)
}

func TestPanicFailsTheStep(t *testing.T) {
	l := newLab(t, operation.Options{})
	s := l.step("a")
	s.Do = func(context.Context, *operation.Run) error { panic("ouch") }
	l.Register(flow("k", s))
	op := l.end(l.begin(operation.Request{Kind: "k"}).ID, operation.Failed)
	if !strings.Contains(op.Problem.What, "ouch") || op.Problem.Fix == "" {
		t.Errorf("problem: %+v", op.Problem)
	}
	l.want("undo a")
}

func TestUnknownKindIsRefused(t *testing.T) {
	l := newLab(t, operation.Options{})
	_, err := l.Start(l.ctx, operation.Request{Kind: "nonsense"})
	if _, ok := errors.AsType[*operation.Refused](err); !ok {
		t.Errorf("Start: %v, want a *Refused", err)
	}
	if _, err := l.Get("000001"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get: %v, want ErrNotFound", err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
