package contract

import (
	"fmt"
	"math/big"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
)

// Renewal moves a contract, for another term, to the version that its offer had on
// the day of the renewal. It begins on an anniversary, so that no contract year has
// two allowances.
type Renewal struct {
	From    calendar.Date `json:"from"`
	Offer   Offer         `json:"offer"`             // its price is the indexed one
	Indexed money.Rate    `json:"indexed,omitempty"` // what was put on the price; 0: it is the price list's
	At      time.Time     `json:"at"`
}

// OfferOn is the version of the offer that is in force on a day.
func (c Contract) OfferOn(day calendar.Date) Offer {
	offer := c.Offer
	for _, r := range c.Renewals {
		if r.From.After(day) {
			break
		}
		offer = r.Offer
	}
	return offer
}

// LastOffer is the version that the contract was moved to last.
func (c Contract) LastOffer() Offer {
	if n := len(c.Renewals); n > 0 {
		return c.Renewals[n-1].Offer
	}
	return c.Offer
}

// TermEndOn is the last day of the commitment that is in force on a day, or that was
// the last one before it.
func (c Contract) TermEndOn(day calendar.Date) calendar.Date {
	from := c.Start
	for _, r := range c.Renewals {
		if !r.From.After(day) {
			from = r.From
		}
	}
	months := c.OfferOn(day).TermMonths
	if months == 0 {
		return from
	}
	// Counted from the start: a contract of 29 February has its day back in leap years.
	return c.Start.AddMonths(12*c.YearOf(from).Index + months).AddDays(-1)
}

// ReminderDays before a term ends we are told: the first while there is time to talk
// with the client, the second while there is time to write.
var ReminderDays = [...]int{90, 30}

// TermReminder is the last of ReminderDays that has come for the term of a contract that
// is neither ended nor renewed; due is false before the first, and once the term is over:
// then the contract runs on.
func (c Contract) TermReminder(today calendar.Date) (days int, due bool) {
	left := today.DaysUntil(c.TermEnd())
	if c.LastOffer().TermMonths == 0 || c.Ending != nil || left < 0 {
		return 0, false
	}
	for _, d := range ReminderDays {
		if left <= d {
			days, due = d, true
		}
	}
	return days, due
}

// Renew is how a contract is renewed.
type Renew struct {
	Client    string
	Contract  string
	From      calendar.Date // an anniversary; zero: the first one after the term in a month that has not passed
	ListPrice bool          // the price list's price in spite of an indexation that was agreed
}

// Renew moves a contract to the present version of its offer. With an indexation the
// price is the contract's own, raised by it and rounded to the cent; without one it is
// the price list's. With dry the renewal is shown and nothing kept.
func (b *Book) Renew(a Actor, n Renew, dry bool) (Contract, error) {
	if dry {
		var k Contract
		err := b.db.View(func(tx store.Tx) (err error) {
			if k, err = findContract(tx, n.Client, n.Contract); err != nil {
				return err
			}
			_, err = b.renew(tx, &k, n)
			return err
		})
		return k, err
	}
	return b.edit(a, "contract.renew", n.Client, n.Contract, func(tx store.Tx, k *Contract) (string, error) {
		detail, err := b.renew(tx, k, n)
		if err != nil {
			return "", err
		}
		listed, err := b.Signable(tx, k.LastOffer().Name) // before the indexation
		if err != nil {
			return "", err
		}
		return detail, KeepVersion(tx, listed)
	})
}

func (b *Book) renew(tx store.Tx, k *Contract, n Renew) (string, error) {
	old := k.LastOffer()
	if old.TermMonths == 0 {
		return "", refused("it runs on until it is ended", "the offer %s has no term to renew", old.Name)
	}
	next := k.anniversary(k.TermEnd().AddDays(1))
	if n.From.IsZero() {
		if made := k.Renewals; len(made) > 0 && made[len(made)-1].From.After(b.Today()) {
			return "", refused(fmt.Sprintf("if a further term was agreed too: accolade contract renew %s --from %s", k.Client, next),
				"%s was renewed already, from %s to %s", k.ID, made[len(made)-1].From, k.TermEnd())
		}
		n.From = next
		for n.From.MonthOf().Before(b.Today().MonthOf()) {
			n.From = k.anniversary(n.From.AddDays(1))
		}
	}
	switch {
	case n.From.Before(next):
		return "", invalid("from", n.From, "%s is committed to %s, and can be renewed from %s on", k.ID, k.TermEnd(), next)
	case k.anniversary(n.From) != n.From:
		return "", invalid("from", n.From, "want an anniversary of the contract, such as %s", k.anniversary(n.From))
	case k.Ending != nil && k.Ending.On.Before(n.From):
		return "", refused("", "the contract %s ends on %s", k.ID, k.Ending.On)
	}
	offer, err := b.Signable(tx, old.Name)
	if err != nil {
		return "", err
	}
	if offer.Unit != old.Unit {
		return "", refused("end it, and sign another", "%s was signed per %s, the offer %s is now per %s", k.ID, old.Unit, offer.Name, offer.Unit)
	}
	r := Renewal{From: n.From, Offer: offer, At: b.clock.Now()}
	if old.Indexation > 0 && !n.ListPrice {
		r.Indexed = old.Indexation
		r.Offer.Price = PriceOf(money.Round(new(big.Rat).Add(old.Price.Cents.Rat(), old.Indexation.Of(old.Price.Cents))))
		if err := r.Offer.Check(); err != nil {
			return "", err
		}
	}
	k.Renewals = append(k.Renewals, r)
	return fmt.Sprintf("%s from %s to %s: offer %s version %d instead of %d, price %s instead of %s", k.ID, r.From, k.TermEnd(), offer.Name,
		offer.Version, old.Version, r.Offer.Price, old.Price), nil
}

// anniversary is the first one on or after a day that is not the start itself.
func (c Contract) anniversary(day calendar.Date) calendar.Date {
	for n := max(1, day.Year-c.Start.Year); ; n++ {
		if d := c.Start.AddMonths(12 * n); !d.Before(day) {
			return d
		}
	}
}
