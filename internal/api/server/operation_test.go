package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// instance is one life of a controller, as far as operations go.
type instance struct {
	engine *operation.Engine
	stop   func()
}

// live begins a life on a store and a socket.
func live(t *testing.T, db store.DB, socket string, workflows ...operation.Workflow) *instance {
	t.Helper()
	engine := operation.New(db, clock.Real(), operation.Options{Log: slog.New(slog.DiscardHandler)})
	for _, w := range workflows {
		engine.Register(w)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := New(Options{Services: Services{Operations: engine, Store: db}, Clock: clock.Real(), Log: slog.New(slog.DiscardHandler), Stopping: ctx})
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: s.Handler(), ConnContext: ConnContext}
	go srv.Serve(l)
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	i := &instance{engine: engine}
	stopped := false
	i.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("engine: %v", err)
		}
	}
	t.Cleanup(i.stop)
	return i
}

// A follower sees the whole operation although the controller stops in the middle and
// another one takes over.
func TestFollowAcrossARestart(t *testing.T) {
	db := store.Memory()
	socket := filepath.Join(t.TempDir(), "s")
	gate := make(chan struct{})
	reached := make(chan struct{}, 2)
	w := operation.Workflow{Kind: "test.three", Steps: []operation.Step{
		{Name: "one", Do: func(context.Context, *operation.Run) error { return nil }},
		{Name: "two", Do: func(ctx context.Context, _ *operation.Run) error {
			reached <- struct{}{}
			select {
			case <-gate:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}},
		{Name: "three", Do: func(context.Context, *operation.Run) error { return nil }},
	}}
	first := live(t, db, socket, w)
	op, err := first.engine.Start(t.Context(), operation.Request{Kind: "test.three", Subject: "test/x", By: "anne"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := api.NewClient(api.Options{Socket: socket})
	if err != nil {
		t.Fatal(err)
	}
	var seqs []uint64
	var last operation.Operation
	followed := make(chan error, 1)
	seen := make(chan struct{}, 1)
	go func() {
		followed <- c.FollowOperation(t.Context(), op.ID, func(ev operation.Event) bool {
			seqs, last = append(seqs, ev.Seq), ev.Operation
			select {
			case seen <- struct{}{}:
			default:
			}
			return !ev.Operation.State.Ended()
		})
	}()
	<-reached
	<-seen
	first.stop()
	live(t, db, socket, w)
	<-reached
	close(gate)
	if err := <-followed; err != nil {
		t.Fatal(err)
	}
	if last.State != operation.Done {
		t.Errorf("the last event says %s", last.State)
	}
	if !slices.IsSorted(seqs) {
		t.Errorf("events came as %v", seqs)
	}
	list, err := c.Operations(t.Context(), api.OperationFilter{})
	if err != nil || len(list) != 0 {
		t.Errorf("still going on: %v, %v", list, err)
	}
	if list, err = c.Operations(t.Context(), api.OperationFilter{All: true}); err != nil || len(list) != 1 {
		t.Errorf("all: %v, %v", list, err)
	}
}

func TestFollowNothing(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	live(t, store.Memory(), socket)
	c, err := api.NewClient(api.Options{Socket: socket})
	if err != nil {
		t.Fatal(err)
	}
	err = c.FollowOperation(t.Context(), "000007", func(operation.Event) bool { return true })
	if e, ok := errors.AsType[*api.Error](err); !ok || e.Code != api.CodeNotFound {
		t.Errorf("got %v, wanted is not-found", err)
	}
	if _, err := c.CancelOperation(t.Context(), "000007"); err == nil {
		t.Error("an operation that is not there was cancelled")
	}
}
