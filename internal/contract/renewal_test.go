package contract_test

import (
	"testing"

	"codeberg.org/accolade/accolade/internal/contract"
)

func TestRenew(t *testing.T) {
	b := newBook(t)
	edit := func(change func(*contract.Offer)) {
		t.Helper()
		if _, err := b.EditOffer(anne, "classic", func(o *contract.Offer) error { change(o); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	edit(func(o *contract.Offer) { o.Hour = contract.PriceOf(6000) })
	if _, err := b.AddClient(anne, kerlann()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Sign(anne, contract.New{Client: "atelier-kerlann", Offer: "classic", Start: day(t, "2024-02-29"), Employees: 3}); err != nil {
		t.Fatal(err)
	}
	renew := func(n contract.Renew, dry bool) (contract.Contract, error) {
		n.Client = "atelier-kerlann"
		return b.Renew(anne, n, dry)
	}
	_, err := renew(contract.Renew{From: day(t, "2025-02-01")}, false)
	wants(t, err, "from 2025-02-01 is refused", "committed to 2025-02-27", "from 2025-02-28 on")
	_, err = renew(contract.Renew{From: day(t, "2026-03-01")}, false)
	wants(t, err, "want an anniversary of the contract, such as 2027-02-28")

	// Unchanged offer, dry: the first anniversary in a month that has not passed.
	k, err := renew(contract.Renew{}, true)
	if err != nil || k.Renewals[0].From != day(t, "2027-02-28") {
		t.Errorf("dry: %v, %v", k.Renewals, err)
	}
	if kept, err := b.Contract("atelier-kerlann"); err != nil || len(kept.Renewals) != 0 {
		t.Errorf("a dry renewal was kept: %v, %v", kept.Renewals, err)
	}

	edit(func(o *contract.Offer) { o.Price, o.Indexation, o.TermMonths = contract.PriceOf(4200), 10_00, 24 })
	if k, err = renew(contract.Renew{From: day(t, "2025-02-28")}, false); err != nil {
		t.Fatal(err)
	}
	if r := k.Renewals[0]; r.Offer.Price.Cents != 4200 || r.Indexed != 0 || r.Offer.Version != 3 {
		t.Errorf("without an indexation the price list holds: %+v", r)
	}
	if got := k.TermEnd(); got != day(t, "2027-02-27") {
		t.Errorf("24 months from 2025-02-28 end on %s", got)
	}
	// The version of that renewal has an indexation, on its own price.
	edit(func(o *contract.Offer) { o.Price = contract.PriceOf(5000) })
	if k, err = renew(contract.Renew{ListPrice: true}, true); err != nil || k.Renewals[1].Offer.Price.Cents != 5000 {
		t.Errorf("the price list's price: %+v, %v", k.Renewals, err)
	}
	if k, err = renew(contract.Renew{}, false); err != nil || k.Renewals[1].Offer.Price.Cents != 4620 || k.Renewals[1].Indexed != 10_00 {
		t.Errorf("indexed: %+v, %v", k.Renewals, err)
	}
	// Asked again, a renewal that has not begun is not made twice.
	_, err = renew(contract.Renew{}, false)
	wants(t, err, "atelier-kerlann-1 was renewed already, from 2027-02-28 to 2029-02-27", "accolade contract renew atelier-kerlann --from 2029-02-28")
	if further, err := renew(contract.Renew{From: day(t, "2029-02-28")}, true); err != nil || len(further.Renewals) != 3 {
		t.Errorf("a further term that was agreed: %v, %v", further.Renewals, err)
	}
	for on, want := range map[string]int{"2025-02-27": 3900, "2025-02-28": 4200, "2027-02-27": 4200, "2027-02-28": 4620} {
		if got := k.OfferOn(day(t, on)).Price.Cents; int(got) != want {
			t.Errorf("on %s the price is %s", on, got)
		}
	}
	// An end before a renewal begins takes it away, and brings back the term before.
	if k, err = b.End(anne, contract.End{Client: "atelier-kerlann", On: day(t, "2026-12-31")}); err != nil || len(k.Renewals) != 1 || k.OwedTo() != day(t, "2027-02-27") {
		t.Errorf("ended: %+v owed to %s, %v", k.Renewals, k.OwedTo(), err)
	}
	_, err = renew(contract.Renew{}, false)
	wants(t, err, "the contract atelier-kerlann-1 ends on 2026-12-31")
	if all, err := b.Contracts(); err != nil || len(all) != 1 {
		t.Errorf("%d contracts, %v", len(all), err)
	}
}
