package billing

import (
	"testing"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
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
