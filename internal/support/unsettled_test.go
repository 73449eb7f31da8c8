package support

import (
	"slices"
	"testing"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// TestUnsettled wants what counts on the list, once somebody keeps it, and nothing else.
func TestUnsettled(t *testing.T) {
	db, anne, start := store.Memory(), contract.Actor{Who: "anne"}, calendar.NewDate(2025, 9, 1)
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	classic := offers["classic"]
	classic.Hour = contract.PriceOf(6000)
	offers["classic"] = classic
	book := contract.NewBook(db, clock.Real(), calendar.Paris(), offers)
	ledger := NewLedger(db, clock.Real(), calendar.Paris())
	if _, err := book.AddClient(anne, contract.Client{Name: "Kerlann", Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := book.Sign(anne, contract.New{Client: "kerlann", Offer: "classic", Start: start, Employees: 3}); err != nil {
		t.Fatal(err)
	}
	add := func(kind contract.Work) string {
		t.Helper()
		e, err := ledger.Add(anne, Booking{Client: "kerlann", Date: start, Minutes: 10, Kind: kind, Who: "anne"})
		if err != nil {
			t.Fatal(err)
		}
		return e.ID
	}
	list := func() (ids []string, kept bool) {
		t.Helper()
		if err := db.View(func(tx store.Tx) error {
			var open []Entry
			var err error
			open, kept, err = Unsettled(tx, "kerlann-1")
			for _, e := range open {
				ids = append(ids, e.ID)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return ids, kept
	}
	add(contract.Training)
	if ids, kept := list(); kept || len(ids) > 0 {
		t.Errorf("before a month was settled: %v, %t", ids, kept)
	}
	if err := db.Update(func(tx store.Tx) error { return KeepUnsettled(tx, "kerlann-1", nil) }); err != nil {
		t.Fatal(err)
	}
	first := add(contract.Training)
	add(contract.Travel)
	none := calendar.Minutes(0)
	undone, err := ledger.Correct(anne, first, Correction{Minutes: &none, Why: "it was not so"})
	if err != nil {
		t.Fatal(err)
	}
	if ids, kept := list(); !kept || !slices.Equal(ids, []string{first, undone[0].ID}) {
		t.Errorf("the list holds %v (%t), want the training %s and what takes it back", ids, kept, first)
	}
}
