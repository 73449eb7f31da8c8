package operation_test

import (
	"context"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// A caller that handed its mark over with the context does not stop time.
func TestRunLiftsTheCallersMark(t *testing.T) {
	clk := clocktest.Auto(time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC))
	e := operation.New(store.Memory(), clk, operation.Options{})
	e.Register(operation.Workflow{Kind: "nap", Steps: []operation.Step{{Name: "sleep", Do: func(ctx context.Context, r *operation.Run) error {
		return r.Clock().Sleep(ctx, time.Hour)
	}}}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	marked, done := clk.Work(ctx)
	go func() {
		defer done()
		ended <- e.Run(marked)
	}()
	mine, idle := clk.Work(t.Context())
	op, err := e.Start(mine, operation.Request{Kind: "nap", Subject: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if op, err = e.Wait(mine, op.ID); err != nil || op.State != operation.Done {
		t.Errorf("operation %s: %v", op.State, err)
	}
	idle()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
