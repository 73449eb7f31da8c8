package operation_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// countedDB counts commits.
type countedDB struct {
	store.DB
	commits int
}

func (c *countedDB) Update(fn func(store.Tx) error) error {
	c.commits++
	return c.DB.Update(fn)
}

func tenSteps(do func(context.Context, *operation.Run) error) operation.Workflow {
	w := operation.Workflow{Kind: "bench"}
	for i := range 10 {
		w.Steps = append(w.Steps, operation.Step{Name: fmt.Sprintf("step %d", i), Do: do})
	}
	return w
}

func nothing(context.Context, *operation.Run) error { return nil }

func benchEngine(b *testing.B, db store.DB, w operation.Workflow) (*operation.Engine, func()) {
	b.Helper()
	e := operation.New(db, clock.Real(), operation.Options{Log: slog.New(slog.DiscardHandler)})
	e.Register(w)
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- e.Run(ctx) }()
	<-e.Ready()
	return e, func() {
		stop()
		if err := <-over; err != nil {
			b.Error(err)
		}
	}
}

func boltDB(b testing.TB) store.DB {
	b.Helper()
	db, err := store.Open(filepath.Join(b.TempDir(), "accolade.db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}

// BenchmarkSteps is one operation of ten steps after the other, on the disk.
func BenchmarkSteps(b *testing.B) {
	e, stop := benchEngine(b, boltDB(b), tenSteps(nothing))
	defer stop()
	for b.Loop() {
		op, err := e.Start(b.Context(), operation.Request{Kind: "bench"})
		if err == nil {
			_, err = e.Wait(b.Context(), op.ID)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*10/b.Elapsed().Seconds(), "steps/s")
}

// BenchmarkStepsTogether is sixteen operations at a time, whose commits are shared.
func BenchmarkStepsTogether(b *testing.B) {
	e, stop := benchEngine(b, boltDB(b), tenSteps(nothing))
	defer stop()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			op, err := e.Start(b.Context(), operation.Request{Kind: "bench"})
			if err == nil {
				_, err = e.Wait(b.Context(), op.ID)
			}
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)*10/b.Elapsed().Seconds(), "steps/s")
}

// BenchmarkRestart starts an engine on a store with 5,000 operations that have not
// ended, until it is ready.
func BenchmarkRestart(b *testing.B) {
	db := boltDB(b)
	e := operation.New(db, clock.Real(), operation.Options{})
	e.Register(tenSteps(nothing))
	err := db.Update(func(tx store.Tx) error {
		for i := range 5000 {
			req := operation.Request{Kind: "bench", Subject: fmt.Sprint(i), Leases: []string{fmt.Sprintf("box/%d", i%100)}}
			if _, err := e.StartTx(tx, req); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	hang := func(ctx context.Context, _ *operation.Run) error { <-ctx.Done(); return ctx.Err() }
	for b.Loop() {
		_, stop := benchEngine(b, db, tenSteps(hang))
		b.StopTimer()
		stop()
		b.StartTimer()
	}
}

// TestCommitsPerStep holds the engine to its promise: one commit for each step, and
// three for the whole.
func TestCommitsPerStep(t *testing.T) {
	l := newLab(t, operation.Options{})
	counted := &countedDB{DB: store.Memory()}
	l.stop()
	l.db = counted
	l.open(operation.Options{}, tenSteps(func(_ context.Context, r *operation.Run) error {
		for i := range 100 {
			r.Progress(float64(i)/100, "working") // costs nothing
		}
		return nil
	}))
	l.end(l.begin(operation.Request{Kind: "bench"}).ID, operation.Done)
	if counted.commits > 13 {
		t.Errorf("ten steps took %d commits, want at most 13", counted.commits)
	}
}
