package billing_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/export"
	"codeberg.org/accolade/accolade/internal/calendar"
)

// BenchmarkInvoices takes a month of 1,000, 3,000 and 10,000 contracts through all that
// the controller does with it: accounts compared with the ledger, invoices computed,
// numbered and frozen with the hash of their XML, written as Factur-X, and exported as
// CSV, XLSX and FEC. MB-process is what the Go runtime holds of the machine's memory at
// most, x-1000 the time of an invoice beside that in the month of 1,000.
func BenchmarkInvoices(b *testing.B) {
	var first float64 // s/invoice of the smallest month
	for _, n := range []int{1_000, 3_000, 10_000} {
		b.Run(fmt.Sprintf("invoices=%d", n), func(b *testing.B) {
			bills := lived(b, n, 1)
			defer debug.SetGCPercent(debug.SetGCPercent(50)) // as in accoladed
			debug.FreeOSMemory()
			var spent, used time.Duration
			parts := map[string]time.Duration{}
			var most float64
			for b.Loop() {
				before := processor(b)
				most = max(most, process(func() {
					for _, step := range monthOf(b, bills, n) {
						took := took(step.do)
						parts[step.name] += took
						spent += took
					}
				}))
				used += processor(b) - before
			}
			if b.N > 1 {
				b.Fatal("a month is finalised once: -benchtime 1x")
			}
			if first == 0 {
				first = spent.Seconds() / float64(n)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(spent.Seconds(), "s")
			b.ReportMetric(used.Seconds(), "cpu-s")
			b.ReportMetric(used.Seconds()*1000/float64(n), "cpu-ms/invoice")
			b.ReportMetric(most, "MB-process")
			b.ReportMetric(spent.Seconds()/float64(n)/first, "x-1000")
			for name, took := range parts {
				b.ReportMetric(took.Seconds(), "s-"+name)
			}
		})
	}
}

type step struct {
	name string
	do   func()
}

func monthOf(b *testing.B, bills *billing.Service, n int) []step {
	books := &export.Books{Ledger: bills, SIREN: bills.Seller.SIREN, Accounts: books.Usual(), Zone: calendar.Paris(), Temp: b.TempDir()}
	write := func(format export.Format) func() {
		return func() {
			e, err := books.Open(export.Order{Period: export.Period{From: nextMonth, To: nextMonth}, Format: format})
			must(b, err)
			for _, name := range e.Files() {
				f, err := os.Create(filepath.Join(b.TempDir(), name))
				must(b, err)
				must(b, e.Write(name, f))
				must(b, f.Close())
			}
		}
	}
	return []step{
		{"compare", func() {
			wrong, err := bills.Differences(b.Context())
			must(b, err)
			if len(wrong) > 0 {
				b.Fatal(wrong)
			}
		}},
		{"freeze", func() {
			done, err := bills.Finalise(anne, nextMonth)
			must(b, err)
			if len(done.Invoices) != n {
				b.Fatalf("%d invoices, want %d", len(done.Invoices), n)
			}
		}},
		{"documents", func() {
			papers := 0
			must(b, bills.MonthDocuments(b.Context(), nextMonth, func(billing.Document, int, int) { papers++ }))
			if papers != n {
				b.Fatalf("%d papers, want %d", papers, n)
			}
		}},
		{"csv", write(export.CSV)}, {"xlsx", write(export.XLSX)}, {"fec", write(export.FEC)},
	}
}

// process runs do and returns how many MB the Go runtime held at most meanwhile, of
// what the machine has: heap, stacks and its own.
func process(do func()) float64 {
	var most atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(sample)
			most.Store(max(most.Load(), sample[0].Value.Uint64()-sample[1].Value.Uint64()))
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	do()
	close(stop)
	<-done
	return float64(most.Load()) / 1e6
}
