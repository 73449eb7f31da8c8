package billing_test

import (
	"log/slog"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// TestMonthly lets the schedule preview and finalise.
func TestMonthly(t *testing.T) {
	for _, auto := range []bool{false, true} {
		f := newFirm(t)
		f.client("Kerlann", "classic", "2026-09-15", 12)
		f.at("2026-11-01")
		var started []operation.Request
		entry := f.bills.Monthly("0 6 1 * *", "Europe/Paris", auto, starter(func(r operation.Request) { started = append(started, r) }), slog.New(slog.DiscardHandler))
		f.must(f.db.Update(func(tx store.Tx) error { return entry.Begin(tx, f.now) }))
		switch {
		case !auto && len(started) != 0:
			t.Errorf("manual: %+v was started", started)
		case auto && (len(started) != 1 || started[0].Input != billing.FinaliseInput{Month: f.month("2026-10"), Earlier: true}):
			t.Errorf("auto: %+v was started, want October and the open months before it", started)
		}
		f.bills.Seller.IBAN = ""
		err := f.db.Update(func(tx store.Tx) error { return entry.Begin(tx, f.now) })
		if auto {
			f.refuses(err, "2026-10 cannot be finalised", "seller.iban")
		} else {
			f.must(err)
		}
	}
}

type starter func(operation.Request)

func (s starter) StartTx(_ store.Tx, r operation.Request) (operation.Operation, error) {
	s(r)
	return operation.Operation{}, nil
}
