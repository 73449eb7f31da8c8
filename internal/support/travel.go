package support

import (
	"errors"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/store"
)

// travelled notes how somebody got there: as he says, else as one gets to the site.
// It stays as it was when the site's way changes later.
func travelled(tx store.Tx, said fleet.Travel, e *Entry) error {
	switch {
	case e.Kind != contract.Travel && said != "":
		return invalid("mode", said, "only travel has one")
	case said != "" && said != fleet.Bike && said != fleet.Truck:
		return invalid("mode", said, "want bike or truck")
	case e.Kind != contract.Travel || said != "" || e.Where == "":
		e.Mode = said
		return nil
	}
	site, err := fleet.Sites.Get(tx, e.Where)
	if errors.Is(err, store.ErrNotFound) {
		return nil // somewhere else
	}
	e.Mode = site.Travel
	return err
}

// priceable refuses a trip that the contract's offer bills and that has no price: one
// whose mode nobody told, or one that several clients shared.
func priceable(tx store.Tx, e Entry) error {
	if e.Kind != contract.Travel || e.Contract == "" || e.Reverts != "" {
		return nil
	}
	k, err := contract.ContractByID(tx, e.Contract)
	if err != nil {
		return err
	}
	switch travel := k.OfferOn(e.Date).Travel; {
	case travel.Bill() && e.Group != nil:
		return invalid("kind", e.Kind, "%s pays for each trip: book the way for the one whose site it is, without a group", e.Client)
	case travel.Rule == contract.PerMode && e.Mode == "":
		return invalid("mode", "", "%s pays for a trip by its mode: want bike or truck, or a site in where", e.Client)
	}
	return nil
}

// AddOnSite books work at a site and, as an entry of its own, the way there and back.
func (l *Ledger) AddOnSite(a contract.Actor, b Booking) ([]Entry, error) {
	var made []Entry
	err := l.change(a, "hours.add", func(tx store.Tx) (string, string, error) {
		way, err := l.wayTo(tx, b)
		if err != nil {
			return "", "", err
		}
		made = nil
		for _, one := range []Booking{b, way} {
			e, err := l.prepare(tx, one)
			if err != nil {
				return "", "", err
			}
			if err := l.fits(tx, e, e.Minutes, ""); err != nil {
				return "", "", err
			}
			if err := l.insert(tx, a, &e); err != nil {
				return "", "", err
			}
			made = append(made, e)
		}
		return "hours/" + made[0].ID, made[0].summary() + ", with the way there and back", nil
	})
	return made, err
}

// wayTo is the way to the site of some work and back, on the same day: at no known
// hour, since the work has its own.
func (l *Ledger) wayTo(tx store.Tx, b Booking) (Booking, error) {
	site, err := fleet.Sites.Get(tx, tidy(b.Where))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Booking{}, refused("name one in where (accolade site list), or book the way by itself: --kind travel", "%q is no site, so nothing says how long the way is", b.Where)
	case err != nil:
		return Booking{}, err
	case site.Minutes == 0:
		return Booking{}, refused("accolade site edit "+site.Name+" --minutes N says how long one way takes", "the site %s does not say how long the way there takes", site.Name)
	case b.Kind == contract.Travel:
		return Booking{}, invalid("kind", b.Kind, "the way to work is booked with the work")
	}
	return Booking{Client: b.Client, Date: b.Date, Minutes: calendar.Minutes(2 * site.Minutes), Kind: contract.Travel, Who: b.Who, Where: site.Name, Mode: site.Travel}, nil
}
