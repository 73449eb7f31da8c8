package export_test

import (
	"fmt"
	"io"
	"iter"
	"runtime"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/export"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// ledgerOf is a month of so many invoices, three lines and an entry of hours each, that
// are made as they are read: what an export holds in memory is its own.
type ledgerOf int

var september = calendar.Month{Year: 2026, Month: 9}

func (n ledgerOf) Months() ([]billing.Month, error) {
	return []billing.Month{{Month: september, Invoices: make([]string, n), At: time.Date(2026, 10, 2, 8, 0, 0, 0, time.UTC)}}, nil
}

func (n ledgerOf) CreditNotes(calendar.Month) ([]billing.Invoice, error)     { return nil, nil }
func (n ledgerOf) DepositInvoices(calendar.Month) ([]billing.Invoice, error) { return nil, nil }

func (n ledgerOf) Frozen(m calendar.Month) iter.Seq2[billing.Invoice, error] {
	return func(yield func(billing.Invoice, error) bool) {
		for i := range int(n) {
			if !yield(invoiceOf(i, m), nil) {
				return
			}
		}
	}
}

func (n ledgerOf) Settled(m calendar.Month) iter.Seq2[support.Entry, error] {
	return func(yield func(support.Entry, error) bool) {
		for i := range int(n) {
			if !yield(support.Entry{ID: fmt.Sprintf("H%06d", i+1), Date: m.First(), Client: "client", Minutes: 90, Kind: "training", Who: "anne", Note: "prise en main de la messagerie"}, nil) {
				return
			}
		}
	}
}

func invoiceOf(i int, m calendar.Month) billing.Invoice {
	inv := billing.Invoice{Number: fmt.Sprintf("F2026-%04d", i+1), Month: m, Date: m.Last(), Due: m.Last().AddDays(30), Contract: fmt.Sprintf("client-%d-1", i), Offer: "classic",
		Client: billing.Buyer{ID: fmt.Sprintf("client-%d", i), Name: fmt.Sprintf("Association n° %d", i), SIREN: "732829320"}}
	for k := range 3 {
		l := billing.Line{Part: billing.Subscription, Title: "Serveur et accompagnement", Detail: fmt.Sprintf("%d salariés, 1-30 septembre", k+1), For: m, From: m.First(), To: m.Last(),
			Quantity: int64(k + 1), Unit: billing.Employee, Price: 39_000000, Per: 1, Net: money.Cents(39_00 * (k + 1)), Category: billing.Standard, Rate: 2000}
		inv.Lines = append(inv.Lines, l)
		inv.Net += l.Net
	}
	inv.Tax = money.Round(money.Rate(2000).Of(inv.Net))
	inv.Total = inv.Net + inv.Tax
	inv.Groups = []billing.TaxGroup{{Category: billing.Standard, Rate: 2000, Net: inv.Net, Tax: inv.Tax}}
	return inv
}

// highWater writes on, and notes how large the heap is at every so many bytes.
type highWater struct {
	seen, next int64
	most       uint64
}

func (h *highWater) Write(p []byte) (int, error) {
	if h.seen += int64(len(p)); h.seen >= h.next {
		h.look()
		h.next = h.seen + 1<<18
	}
	return len(p), nil
}

func (h *highWater) look() {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	h.most = max(h.most, m.HeapAlloc)
}

// BenchmarkExport writes each format of a month of 1,000, 3,000 and 10,000 invoices.
// µs/invoice should stay, and so should the live heap, but for the 16 MB a sheet that
// a workbook holds before it goes to a file.
func BenchmarkExport(b *testing.B) {
	for _, format := range export.Formats {
		for _, n := range []int{1_000, 3_000, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", format, n), func(b *testing.B) {
				all := &export.Books{Ledger: ledgerOf(n), SIREN: "732829320", Accounts: books.Usual(), Zone: calendar.Paris(), Temp: b.TempDir()}
				e, err := all.Open(export.Order{Period: export.Period{From: september, To: september}, Format: format})
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					for _, name := range e.Files() {
						if err := e.Write(name, io.Discard); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/invoice")
				var before runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				water := &highWater{}
				for _, name := range e.Files() {
					if err := e.Write(name, water); err != nil {
						b.Fatal(err)
					}
				}
				water.look()
				b.ReportMetric(float64(max(water.most, before.HeapAlloc)-before.HeapAlloc)/(1<<20), "MB-live")
			})
		}
	}
}
