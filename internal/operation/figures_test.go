package operation_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/operation"
)

// rawCommits is how many commits of one small record bbolt itself makes in a second,
// one after the other, in the folder dir.
func rawCommits(b *testing.B, dir string) float64 {
	b.Helper()
	db, err := bolt.Open(filepath.Join(dir, "raw.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	const n = 200
	value := make([]byte, 600) // about an operation
	began := time.Now()
	for i := range n {
		err := db.Update(func(tx *bolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("records"))
			if err != nil {
				return err
			}
			return bucket.Put(fmt.Appendf(nil, "%06d", i), value)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return n / time.Since(began).Seconds()
}

// BenchmarkThousandOperations has 1,000 operations of five empty steps in flight on
// one controller. steps/commit is the steps in a second as a share of the single
// commits that bbolt makes in a second on the same disk.
func BenchmarkThousandOperations(b *testing.B) {
	const many, steps = 1000, 5
	w := operation.Workflow{Kind: "five"}
	for i := range steps {
		w.Steps = append(w.Steps, operation.Step{Name: fmt.Sprintf("step %d", i), Do: nothing})
	}
	var rate, raw float64
	for b.Loop() {
		raw = rawCommits(b, b.TempDir())
		db := boltDB(b)
		e := operation.New(db, clock.Real(), operation.Options{Global: many, Log: slog.New(slog.DiscardHandler)})
		e.Register(w)
		ctx, stop := context.WithCancel(context.Background())
		over := make(chan error, 1)
		go func() { over <- e.Run(ctx) }()
		<-e.Ready()
		began := time.Now()
		var group sync.WaitGroup
		for i := range many {
			group.Go(func() {
				op, err := e.Start(b.Context(), operation.Request{Kind: "five", Subject: fmt.Sprint(i), Leases: []string{fmt.Sprintf("box/%d", i)}})
				if err == nil {
					_, err = e.Wait(b.Context(), op.ID)
				}
				if err != nil {
					b.Error(err)
				}
			})
		}
		group.Wait()
		rate = many * steps / time.Since(began).Seconds()
		raw = (raw + rawCommits(b, b.TempDir())) / 2
		stop()
		if err := <-over; err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(rate, "steps/s")
	b.ReportMetric(rate/raw, "steps/commit")
}
