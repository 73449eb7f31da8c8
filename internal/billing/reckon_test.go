package billing

import (
	"errors"
	"reflect"
	"testing"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// TestReckonMends damages receivables in every way, and has them written anew.
func TestReckonMends(t *testing.T) {
	db := store.Memory()
	s := New(Options{DB: db, Clock: clock.Real(), Zone: calendar.Paris()})
	update := func(fn func(tx store.Tx) error) {
		t.Helper()
		if err := db.Update(fn); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx store.Tx) error {
		for _, inv := range []Invoice{
			{Number: "F1", Client: Buyer{ID: "kerlann", Name: "Kerlann"}, Total: 100_00},
			{Number: "F2", Client: Buyer{ID: "kerlann", Name: "Kerlann"}, Total: 50_00},
			{Number: "F3", Client: Buyer{ID: "kerlann", Name: "Kerlann"}, Total: 25_00},
			{Number: "A1", Type: CreditNote, Corrects: &Reference{Number: "F1"}, Total: 30_00},
		} {
			if err := archive.insert(tx, inv, ""); err != nil {
				return err
			}
		}
		return nil
	})
	right, err := s.Receivables("", true)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Receivable("F1"); err != nil || got.Left() != 70_00 {
		t.Errorf("credited in part: %s is left, %v", got.Left(), err)
	}
	update(func(tx store.Tx) error {
		if err := receivables.Delete(tx, "F2"); err != nil {
			return err
		}
		if err := receivables.Put(tx, "F9", Receivable{Invoice: "F9"}); err != nil {
			return err
		}
		_, err := changeReceivable(tx, "F1", func(r *Receivable) { r.Paid, r.Credits = 5_00, nil })
		return err
	})
	wrong, err := s.MendReceivables(contract.Actor{Who: "anne"})
	if err != nil || len(wrong) != 3 {
		t.Fatalf("wrong were %v, %v", wrong, err)
	}
	again, err := s.Reckon()
	if err != nil || len(again) != 0 {
		t.Errorf("after mending: %v, %v", again, err)
	}
	mended, err := s.Receivables("", true)
	if err != nil || len(mended) != len(right) || mended[0].Left() != right[0].Left() || mended[1].Left() != right[1].Left() {
		t.Errorf("mended are %+v, want %+v", mended, right)
	}
}

// TestReckonAdvances: a record of an advance that says something else than the documents
// is found, and written anew from them.
func TestReckonAdvances(t *testing.T) {
	db := store.Memory()
	s := New(Options{DB: db, Clock: clock.Real(), Zone: calendar.Paris()})
	over := TaxGroup{Category: Standard, Rate: 2000, Net: 100_00, Tax: 20_00}
	deduction := Deposit{Reference: Reference{Number: "D1"}, Category: Standard, Rate: 2000, Net: 60_00, Tax: 12_00, Total: 72_00}
	if err := db.Update(func(tx store.Tx) error {
		for _, inv := range []Invoice{
			{Number: "D1", Type: DepositInvoice, Net: 100_00, Tax: 20_00, Total: 120_00},
			{Number: "F1", Total: 200_00, Deposits: []Deposit{deduction}},
			{Number: "F2", Total: 200_00, Deposits: []Deposit{deduction}},
		} {
			if err := archive.insert(tx, inv, ""); err != nil {
				return err
			}
		}
		for _, note := range []Invoice{
			{Number: "A1", Type: CreditNote, Corrects: &Reference{Number: "F1"}, Deposits: []Deposit{deduction}},
			{Number: "A2", Type: CreditNote, Corrects: &Reference{Number: "D1", Of: DepositInvoice}, Net: 40_00, Tax: 8_00, Total: 48_00},
		} {
			if err := archive.insert(tx, note, ""); err != nil {
				return err
			}
		}
		return advances.Insert(tx, "D1", Advance{Number: "D1", Contract: "kerlann-1", Over: over, Taken: []Taking{{"F1", 60_00, 12_00}, {"F2", 30_00, 6_00}}})
	}); err != nil {
		t.Fatal(err)
	}
	wrong, err := s.MendReceivables(contract.Actor{Who: "anne"})
	if err != nil || len(wrong) != 1 || wrong[0].What != "10.00 EUR and 2.00 EUR of the deposit are left to take off, the books say 0.00 EUR and 0.00 EUR" {
		t.Errorf("wrong were %v, %v", wrong, err)
	}
	if again, err := s.Reckon(); err != nil || len(again) != 0 {
		t.Errorf("after mending: %v, %v", again, err)
	}
}

// TestVault: the archive takes a number once, and has no door but in and to look through.
func TestVault(t *testing.T) {
	db := store.Memory()
	insert := func(total money.Cents) error {
		return db.Update(func(tx store.Tx) error { return archive.insert(tx, Invoice{Number: "F1", Total: total}, "") })
	}
	if err := insert(1_00); err != nil {
		t.Fatal(err)
	}
	if _, ok := errors.AsType[*operation.Refused](insert(2_00)); !ok {
		t.Error("a number that is taken was given again")
	}
	if err := db.View(func(tx store.Tx) error {
		inv, err := archive.get(tx, "F1")
		if inv.Total != 1_00 {
			t.Errorf("the invoice is over %s now", inv.Total)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if n := reflect.TypeFor[vault]().NumMethod(); n != 0 {
		t.Errorf("the archive has %d exported methods, want none", n)
	}
}
