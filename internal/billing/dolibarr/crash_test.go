package dolibarr_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books/bookstest"
	"codeberg.org/accolade/accolade/internal/billing/dolibarr"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/secret"
	sim "codeberg.org/accolade/accolade/internal/sim/dolibarr"
	"codeberg.org/accolade/accolade/internal/store"
)

// ledger is a month of three invoices, two of them of one client.
type ledger struct{}

func (ledger) Months() ([]billing.Month, error) {
	return []billing.Month{{Month: bookstest.Month, Invoices: []string{"F2026-0001", "F2026-0002", "F2026-0003"}}}, nil
}

func (ledger) CreditNotes(calendar.Month) ([]billing.Invoice, error)     { return nil, nil }
func (ledger) DepositInvoices(calendar.Month) ([]billing.Invoice, error) { return nil, nil }

func (ledger) Frozen(m calendar.Month) iter.Seq2[billing.Invoice, error] {
	return func(yield func(billing.Invoice, error) bool) {
		for n := range 3 {
			d := kerlann()
			inv := billing.Invoice{Number: fmt.Sprintf("F2026-%04d", n+1), Month: m, Date: m.Last(), Due: m.Last().AddDays(30), Client: d.Client, Lines: d.Lines, Groups: d.Groups, Net: d.Net, Tax: d.Tax, Total: d.Total}
			if n == 1 {
				inv.Client = billing.Buyer{ID: "club-de-voile", Name: "Club de voile"}
			}
			if !yield(inv, nil) {
				return
			}
		}
	}
}

// TestCrashDolibarr cuts the controller off at every request and every commit: each
// invoice is there once, validated once.
func TestCrashDolibarr(t *testing.T) {
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		there := newSim()
		service := &dolibarr.Service{Ledger: ledger{}}
		return crashtest.World{
			Controller: func(c *crashtest.Controller) error {
				life := *service
				life.Dial = func() (*dolibarr.Client, error) {
					return dolibarr.New(dolibarr.Config{URL: "http://dolibarr.example", Key: secret.New(key), Clock: c.Clock, Wrap: func(http.RoundTripper) http.RoundTripper { return c.Wrap(wire{there}) }}), nil
				}
				service = &life
				c.Engine.Register(life.Workflow())
				return nil
			},
			Begin: func(c *crashtest.Controller) (operation.Operation, error) {
				req, err := service.Request(dolibarr.Input{Month: bookstest.Month, Validate: true}, contract.Actor{Who: "anne", From: "unix"})
				if err != nil {
					return operation.Operation{}, err
				}
				return c.Engine.Start(c.Context, req)
			},
			State: func(context.Context, store.DB) (any, error) {
				return struct {
					Invoices []sim.Invoice
					Parties  []sim.Party
				}{there.Invoices(), there.Parties()}, nil
			},
		}
	})
}
