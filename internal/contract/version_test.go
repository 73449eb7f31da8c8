package contract_test

import (
	"testing"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// TestAVersionIsOneOffer: what was signed under a version is what it always says. A file
// that says something else under it is refused until it counts on.
func TestAVersionIsOneOffer(t *testing.T) {
	db := store.Memory()
	file := func(version int, price contract.Price) *contract.Book {
		t.Helper()
		offers, err := contract.ReadOffers("")
		if err != nil {
			t.Fatal(err)
		}
		o := offers["classic"]
		o.Source, o.Version, o.Price, o.Hour = "/etc/accolade/offers.yaml", version, price, contract.PriceOf(6000)
		return contract.NewBook(db, noon{clock.Real()}, calendar.Paris(), map[string]contract.Offer{"classic": o})
	}
	b := file(3, contract.PriceOf(3900))
	if _, err := b.AddClient(anne, kerlann()); err != nil {
		t.Fatal(err)
	}
	sign := func(b *contract.Book, start string) error {
		_, err := b.Sign(anne, contract.New{Client: "atelier-kerlann", Offer: "classic", Start: day(t, start), Employees: 3})
		return err
	}
	if err := sign(b, "2026-01-01"); err != nil {
		t.Fatal(err)
	}
	dearer := file(3, contract.PriceOf(4200))
	_, err := dearer.Renew(anne, contract.Renew{Client: "atelier-kerlann"}, true)
	wants(t, err, "the offer classic in /etc/accolade/offers.yaml is not what version 3 was when it was signed or quoted", "give it version 4 there")
	for _, renewed := range []struct {
		book *contract.Book
		want int
	}{{file(3, contract.PriceOf(3900)), 3900}, {file(4, contract.PriceOf(4200)), 4200}} {
		k, err := renewed.book.Renew(anne, contract.Renew{Client: "atelier-kerlann"}, true)
		if err != nil || int(k.LastOffer().Price.Cents) != renewed.want {
			t.Errorf("renewed at %s, want %d: %v", k.LastOffer().Price, renewed.want, err)
		}
	}
	if _, err := file(4, contract.PriceOf(4200)).Renew(anne, contract.Renew{Client: "atelier-kerlann"}, false); err != nil {
		t.Fatal(err)
	}
	now := file(5, contract.PriceOf(4500))
	for version, want := range map[int]int{3: 3900, 4: 4200, 5: 4500} {
		if o, err := now.OfferVersion("classic", version); err != nil || int(o.Price.Cents) != want {
			t.Errorf("version %d costs %s, want %d: %v", version, o.Price, want, err)
		}
	}
	_, err = now.OfferVersion("classic", 2)
	wants(t, err, "version 2 is refused: the offer classic is at version 5, and nothing was signed or quoted on that one")
	_, err = now.OfferVersion("gold", 1)
	wants(t, err, `no offer "gold"`)
}
