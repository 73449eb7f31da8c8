package billing_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

// accounts is how a finalised month ends up.
type accounts struct {
	Months    []billing.Month
	Invoices  []billing.Invoice
	Hashes    []string
	Documents []string // of the records
	Files     []string // in the folder
	Audited   int      // records that tell of a finalisation
}

// TestCrashFinalise cuts the controller off at every commit of month.finalise, and at
// everything that it does to the files of the papers.
func TestCrashFinalise(t *testing.T) {
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		dir := filepath.Join(t.TempDir(), "documents")
		var bills *billing.Service
		service := func(db store.DB, clk clock.Clock, disk wholefile.Disk) *billing.Service {
			return billing.New(billing.Options{DB: db, Clock: clk, Zone: calendar.Paris(), Seller: seller(), Documents: dir, Disk: disk, Render: plainPaper,
				Writers: 1}) // the same way each time
		}
		return crashtest.World{
			Prepare: func(_ context.Context, db store.DB) error { return errors.Join(os.Mkdir(dir, 0o700), prepare(db, clk)) },
			Controller: func(c *crashtest.Controller) error {
				disk := c.Disk(wholefile.OS)
				bills = service(c.DB, c.Clock, disk)
				c.Engine.Register(bills.Workflow())
				return wholefile.Sweep(disk, dir) // as every start does
			},
			Begin: func(c *crashtest.Controller) (operation.Operation, error) {
				in := billing.FinaliseInput{Month: calendar.Month{Year: 2026, Month: 8}, Earlier: true}
				return c.Engine.Start(c.Context, billing.Request(in, anne))
			},
			State: func(_ context.Context, db store.DB) (any, error) {
				return count(db, service(db, clk, wholefile.OS), dir)
			},
		}
	})
}

// prepare signs three clients, two of them since July.
func prepare(db store.DB, clk clock.Clock) error {
	offers, err := contract.ReadOffers("")
	if err != nil {
		return err
	}
	classic := offers["classic"]
	classic.Hour = contract.PriceOf(6000)
	offers["classic"] = classic
	book := contract.NewBook(db, clk, calendar.Paris(), offers)
	for i, name := range []string{"Kerlann", "Penmarch", "Roscoff"} {
		if _, err := book.AddClient(anne, contract.Client{Name: name, Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}}); err != nil {
			return err
		}
		start := calendar.NewDate(2026, 7, 10)
		if i == 2 {
			start = calendar.NewDate(2026, 8, 3)
		}
		if _, err := book.Sign(anne, contract.New{Client: name, Offer: "classic", Start: start, Employees: 3 + i}); err != nil {
			return err
		}
	}
	return nil
}

func count(db store.DB, bills *billing.Service, dir string) (a accounts, err error) {
	if a.Months, err = bills.Months(); err != nil {
		return a, err
	}
	for i, m := range a.Months {
		a.Months[i].At = a.Months[0].At
		for _, number := range m.Invoices {
			inv, hash, err := bills.Invoice(number)
			if err != nil {
				return a, err
			}
			doc, err := bills.Document(number)
			if err != nil {
				return a, err
			}
			a.Invoices, a.Hashes, a.Documents = append(a.Invoices, inv), append(a.Hashes, hash), append(a.Documents, doc.SHA256)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return a, err
	}
	for _, f := range files {
		a.Files = append(a.Files, f.Name())
	}
	slices.Sort(a.Files)
	return a, db.View(func(tx store.Tx) error {
		var failed error
		for r := range audit.List(tx, 0, &failed) {
			if r.Action == "month.finalise" && r.Result == "ok" {
				a.Audited++
			}
		}
		return failed
	})
}

// plainPaper renders without fonts: the crash test renders hundreds of times.
func plainPaper(inv billing.Invoice) ([]byte, error) { return json.Marshal(inv) }
