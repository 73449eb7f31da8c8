package billing_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/facturx"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

// nextMonth is the one that benchmarks preview and finalise: all before it are closed.
var nextMonth = calendar.Month{Year: 2026, Month: 10}

// lived writes a store file in which clients have lived through some years: two
// sessions of an hour each month and a journey each quarter, every month finalised.
// One of them lives through the real services; the others are given its records
// under names of their own. It returns the file's service.
func lived(b *testing.B, clients, years int) *billing.Service {
	b.Helper()
	clk := &morning{Clock: clock.Real()}
	model := store.Memory()
	open := func(db store.DB) *billing.Service {
		return billing.New(billing.Options{DB: db, Clock: clk, Zone: calendar.Paris(), Seller: seller(), Documents: b.TempDir(), Render: facturx.Render, XML: facturx.XML})
	}
	must(b, live(model, clk, open(model), years))
	file, err := store.Open(filepath.Join(b.TempDir(), "store.db"), store.Options{})
	must(b, err)
	b.Cleanup(func() { must(b, file.Close()) })
	records := recordsOf(b, model)
	for first := 0; first < clients; first += 50 {
		must(b, file.Update(func(tx store.Tx) error {
			for i := first; i < min(first+50, clients); i++ {
				for _, r := range records {
					key := r.named(r.key, i)
					if r.once && i > 0 {
						key = fmt.Appendf(key, "-%04d", i)
					}
					if err := tx.Put(key, r.named(r.val, i)); err != nil {
						return err
					}
				}
			}
			return nil
		}))
	}
	return open(file)
}

type morning struct {
	clock.Clock
	day calendar.Date
}

func (m *morning) Now() time.Time {
	return m.day.Midnight(calendar.Paris()).Add(9 * time.Hour).UTC()
}

// live is the life of the model client.
func live(db store.DB, clk *morning, bills *billing.Service, years int) error {
	offers, err := contract.ReadOffers("")
	if err != nil {
		return err
	}
	classic := offers["classic"]
	classic.Hour = contract.PriceOf(6000)
	offers["classic"] = classic
	first := nextMonth.Add(-12 * years)
	clk.day = first.First()
	book, ledger := contract.NewBook(db, clk, calendar.Paris(), offers), support.NewLedger(db, clk, calendar.Paris())
	if _, err := book.AddClient(anne, contract.Client{ID: "c0000", Name: "client c0000", Kind: contract.School, SIREN: "732829320", Address: contract.Address{Lines: []string{"4 rue de l'Assemblée nationale"}, PostCode: "56100", City: "Lorient"}}); err != nil {
		return err
	}
	if _, err := book.Sign(anne, contract.New{Client: "c0000", Offer: "classic", Start: first.First(), Employees: 8}); err != nil {
		return err
	}
	work := func(day calendar.Date, minutes calendar.Minutes, kind contract.Work) error {
		_, err := ledger.Add(anne, support.Booking{Client: "c0000", Date: day, Minutes: minutes, Kind: kind, Who: "anne", For: "Yann Le Goff", Where: "remote", Note: "messagerie et agenda partagés"})
		return err
	}
	for m := first; !m.After(nextMonth); m = m.Add(1) {
		clk.day = m.Add(1).First()
		if err := work(m.First().AddDays(6), 60, contract.Training); err != nil {
			return err
		}
		if err := work(m.First().AddDays(20), 60, contract.Assistance); err != nil {
			return err
		}
		if m.Month%3 == 0 {
			if err := work(m.First().AddDays(20), 40, contract.Travel); err != nil {
				return err
			}
		}
		if m.Month == 5 { // one more colleague each year
			if _, err := book.SetHeadcount(anne, contract.Change{Client: "c0000", Headcount: contract.Headcount{From: m.First().AddDays(9), Count: 8 + m.Year - first.Year}}); err != nil {
				return err
			}
		}
		if m.Before(nextMonth) {
			if _, err := bills.Finalise(anne, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// raw is a record as the store keeps it; an invoice is there once, since it bears its
// number and the hash of its content: those of the others stand under keys that nobody
// reads, so that the store has its size.
type raw struct {
	key, val []byte
	once     bool
}

func recordsOf(b *testing.B, db store.DB) (all []raw) {
	b.Helper()
	must(b, db.View(func(tx store.Tx) error {
		for key, val := range tx.Scan(nil) {
			if k := string(key); !strings.HasPrefix(k, "c/audit") {
				all = append(all, raw{key, val, strings.HasPrefix(k, "c/invoice/")})
			}
		}
		return nil
	}))
	return all
}

var entryID = regexp.MustCompile(`H\d{6}`)

// named gives a record of the model to another client.
func (raw) named(text []byte, client int) []byte {
	text = bytes.ReplaceAll(text, []byte("c0000"), fmt.Appendf(nil, "c%04d", client))
	return entryID.ReplaceAllFunc(text, func(id []byte) []byte {
		n, err := strconv.Atoi(string(id[1:]))
		if err != nil {
			return id
		}
		return fmt.Appendf(nil, "H%06d", n+client*1000)
	})
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// peak runs do and returns by how many bytes the heap was larger at its largest than
// before, dead objects included.
func peak(do func()) float64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		top := before
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				metrics.Read(sample)
				top = max(top, sample[0].Value.Uint64())
			case <-stop:
				most <- top
				return
			}
		}
	}()
	do()
	close(stop)
	return float64(<-most-before) / 1e6
}

func took(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

// processor is what this process has used of all processors so far: on a machine that
// has other work too, it says more than the time that went by.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkPreview previews a month of contracts with ten years behind them, beside
// as many with one year, and beside reading all their ledgers anew. MB-store is the size
// of the file, without the audit, of which a year is kept.
func BenchmarkPreview(b *testing.B) {
	young := lived(b, 1000, 1)
	for _, clients := range []int{100, 1000} {
		b.Run(fmt.Sprintf("contracts=%d", clients), func(b *testing.B) {
			old := lived(b, clients, 10)
			preview := func(bills *billing.Service, want int) func() {
				return func() {
					p, err := bills.Preview(nextMonth, false)
					must(b, err)
					if len(p.Drafts) != want {
						b.Fatalf("%d drafts, want %d", len(p.Drafts), want)
					}
				}
			}
			whole := took(func() {
				wrong, err := old.Differences(b.Context())
				must(b, err)
				if len(wrong) > 0 {
					b.Fatal(wrong)
				}
			})
			var ten, one, used time.Duration
			var top float64
			for b.Loop() {
				before := processor(b)
				top = max(top, peak(func() { ten += took(preview(old, clients)) }))
				used += processor(b) - before
				one += took(preview(young, 1000))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(used.Seconds()/float64(b.N), "cpu-s/preview")
			b.ReportMetric(ten.Seconds()/float64(b.N), "s/preview")
			b.ReportMetric(ten.Seconds()/one.Seconds()*1000/float64(clients), "x-one-year")
			b.ReportMetric(whole.Seconds()/ten.Seconds()*float64(b.N), "whole-ledger/preview")
			b.ReportMetric(top, "MB-peak")
			size, err := old.DB.Copy(io.Discard)
			must(b, err)
			b.ReportMetric(float64(size)/1e6, "MB-store")
		})
	}
}

// BenchmarkPapers finalises a month and writes its PDF files.
func BenchmarkPapers(b *testing.B) {
	for _, clients := range []int{100, 1000} {
		b.Run(fmt.Sprintf("papers=%d", clients), func(b *testing.B) {
			bills := lived(b, clients, 1)
			freeze := took(func() {
				_, err := bills.Finalise(anne, nextMonth)
				must(b, err)
			})
			var spent, used time.Duration
			var top float64
			for b.Loop() {
				papers, bytes := 0, int64(0)
				before := processor(b)
				top = max(top, peak(func() {
					spent += took(func() {
						must(b, bills.MonthDocuments(b.Context(), nextMonth, func(doc billing.Document, _, _ int) { papers, bytes = papers+1, bytes+doc.Size }))
					})
				}))
				used += processor(b) - before
				if papers != clients {
					b.Fatalf("%d papers, want %d", papers, clients)
				}
				b.ReportMetric(float64(bytes)/float64(papers)/1000, "kB/paper")
				must(b, forget(bills))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(spent.Seconds()/float64(b.N), "s/month")
			b.ReportMetric(used.Seconds()/float64(b.N), "cpu-s/month")
			b.ReportMetric(freeze.Seconds(), "s/finalise")
			b.ReportMetric(top, "MB-peak")
		})
	}
}

// forget drops the papers and what is known of them.
func forget(bills *billing.Service) error {
	if err := os.RemoveAll(bills.Documents); err != nil {
		return err
	}
	return bills.DB.Update(func(tx store.Tx) error {
		for key := range tx.Scan([]byte("c/document/")) {
			if err := tx.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}
