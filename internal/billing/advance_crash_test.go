package billing_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

// TestCrashAdvance cuts the controller off at the commit of a deposit invoice, and at
// everything that it does to the file of the paper. Whoever got no answer asks again: one
// number, no gap, one invoice.
func TestCrashAdvance(t *testing.T) {
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		dir := filepath.Join(t.TempDir(), "documents")
		var bills *billing.Service
		service := func(db store.DB, clk clock.Clock, disk wholefile.Disk) *billing.Service {
			return billing.New(billing.Options{DB: db, Clock: clk, Zone: calendar.Paris(), Seller: seller(), Documents: dir, Disk: disk, Render: plainPaper, Writers: 1})
		}
		return crashtest.World{
			Prepare: func(_ context.Context, db store.DB) error { return errors.Join(os.Mkdir(dir, 0o700), prepare(db, clk)) },
			Controller: func(c *crashtest.Controller) error {
				disk := c.Disk(wholefile.OS)
				bills = service(c.DB, c.Clock, disk)
				return wholefile.Sweep(disk, dir) // as every start does
			},
			Work: func(*crashtest.Controller) error {
				_, err := bills.IssueAdvance(anne, billing.AdvanceInput{Contract: "kerlann-1", Text: "Acompte à la signature", Net: 500_00})
				if _, refused := errors.AsType[*operation.Refused](err); err != nil && !refused { // "says the same, and was made by anne less than a minute ago"
					return err
				}
				_, err = bills.Paper("FA2026-0001")
				return err
			},
			State: func(_ context.Context, db store.DB) (any, error) {
				return advanced(db, service(db, clk, wholefile.OS), dir)
			},
		}
	})
}

// advanced is how a deposit invoice ends up, with the number that the next one gets.
func advanced(db store.DB, bills *billing.Service, dir string) (any, error) {
	var end struct {
		Books    accounts
		Advances []billing.Advance
		Invoice  billing.Invoice
		Hash     string
		Document string
		Left     []billing.Receivable
		Next     uint64
	}
	var err error
	if end.Books, err = count(db, bills, dir); err != nil {
		return end, err
	}
	if end.Advances, err = bills.Advances("kerlann-1"); err != nil {
		return end, err
	}
	if end.Invoice, end.Hash, err = bills.Invoice("FA2026-0001"); err != nil {
		return end, err
	}
	doc, err := bills.Document("FA2026-0001")
	if err != nil {
		return end, err
	}
	end.Document = doc.SHA256
	if end.Left, err = bills.Receivables("", true); err != nil {
		return end, err
	}
	return end, db.View(func(tx store.Tx) error {
		end.Next, err = store.Sequence(scratch{tx}, "advance/2026")
		return err
	})
}
