package fleet_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// BenchmarkRestart starts over on a store with 5,000 boxes and 200 operations in the
// middle of a step, from the opening of the file, which is read through then, until the
// last operation has gone on with its step.
func BenchmarkRestart(b *testing.B) {
	const boxes, under = 5000, 200
	path := filepath.Join(b.TempDir(), "accolade.db")
	cut(b, path, boxes, under)
	for b.Loop() {
		began := time.Now()
		run(b, path, under, func(db store.DB) {
			list, err := fleet.NewRegistry(db, clock.Real()).Boxes()
			if err != nil || len(list) != boxes {
				b.Fatalf("%d boxes, %v", len(list), err)
			}
		})
		b.ReportMetric(time.Since(began).Seconds(), "s/restart")
	}
}

// cut leaves a store behind in which operations are under way.
func cut(b *testing.B, path string, boxes, under int) {
	b.Helper()
	run(b, path, under, func(db store.DB) {
		err := db.Update(func(tx store.Tx) error {
			for i := range boxes {
				box := fleet.Box{Name: fmt.Sprintf("box%04d", i), Site: "lorient", URL: fmt.Sprintf("https://box%04d.example:8006", i), Node: "pve"}
				if err := fleet.Boxes.Put(tx, box.Name, box); err != nil {
					return err
				}
			}
			e := operation.New(db, clock.Real(), operation.Options{})
			e.Register(hanging(nil))
			for i := range under {
				lease := fmt.Sprintf("box/box%04d", i)
				if _, err := e.StartTx(tx, operation.Request{Kind: "hang", Subject: lease, Leases: []string{lease}, Limits: []string{"vault/central"}}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	})
}

// hanging is a workflow whose step says that it has begun and then waits for the end
// of the controller.
func hanging(began *sync.WaitGroup) operation.Workflow {
	return operation.Workflow{Kind: "hang", Steps: []operation.Step{{Name: "wait", Do: func(ctx context.Context, _ *operation.Run) error {
		began.Done()
		<-ctx.Done()
		return ctx.Err()
	}}}}
}

// run is one life of a controller's store, registry and engine, until all operations
// are at their step.
func run(b *testing.B, path string, under int, first func(store.DB)) {
	b.Helper()
	db, err := store.Open(path, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	first(db)
	var begun sync.WaitGroup
	begun.Add(under)
	e := operation.New(db, clock.Real(), operation.Options{Global: under, Limits: map[string]int{"vault": under}, Log: slog.New(slog.DiscardHandler)})
	e.Register(hanging(&begun))
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- e.Run(ctx) }()
	begun.Wait()
	b.StopTimer()
	stop()
	if err := <-over; err != nil {
		b.Error(err)
	}
	if err := db.Close(); err != nil {
		b.Error(err)
	}
	b.StartTimer()
}
