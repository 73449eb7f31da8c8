package quote

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Service keeps quotes in the store; all of its fields are needed. Whatever it refuses leaves nothing behind;
// whatever it changes stands in the audit.
type Service struct {
	DB    store.DB
	Clock clock.Clock
	Zone  *time.Location // where days begin and end
	Book  *contract.Book
	Bills *billing.Service
	// Conditions are what a quote's paper says below its figures.
	Conditions func(Quote) (string, error)
}

var quotes = store.NewCollection[Quote]("quote", 1)

// Today is the present day.
func (s *Service) Today() calendar.Date { return calendar.Of(s.Clock.Now(), s.Zone) }

// Issue makes a quote and gives it its number.
func (s *Service) Issue(a contract.Actor, r Request) (q Quote, err error) {
	if err := r.Check(); err != nil {
		return q, err
	}
	if missing := s.Bills.Seller.Missing(); len(missing) > 0 {
		return q, Incomplete("quote", missing)
	}
	err = s.change(a, "quote.create", func(tx store.Tx) (string, string, error) {
		if q, err = s.prepare(tx, r); err != nil {
			return "", "", err
		}
		n, err := store.Sequence(tx, fmt.Sprintf("quote/%d", q.Date.Year))
		if err != nil {
			return "", "", err
		}
		q.Number = fmt.Sprintf("D%d-%04d", q.Date.Year, n)
		if q.Conditions, err = s.Conditions(q); err != nil {
			return "", "", err
		}
		if err := contract.KeepVersion(tx, q.Offer); err != nil {
			return "", "", err
		}
		if err := billing.KeepLogo(tx, q.Seller); err != nil {
			return "", "", err
		}
		q.set(Open, Milestone{On: q.Date, At: s.Clock.Now(), By: a.Who})
		return "quote/" + q.Number, fmt.Sprintf("%s, offer %s version %d, valid until %s", q.Buyer.Name, q.Offer.Name, q.Offer.Version, q.Valid), quotes.Insert(tx, q.Number, q)
	})
	return q, err
}

// Incomplete refuses a paper that would not say who the seller is.
func Incomplete(paper string, missing []string) error {
	return refused("set these keys in accoladed's configuration file, then restart it", "a %s says who sells, and the configuration does not: %s", paper, strings.Join(missing, ", "))
}

// prepare holds a request against clients and price list.
func (s *Service) prepare(tx store.Tx, r Request) (Quote, error) {
	today := s.Today()
	q := Quote{Prospect: r.Prospect, Seller: s.Bills.Letterhead(), Why: r.Why, Date: today, Valid: r.Valid, Start: r.Start, Charges: r.Charges, Discounts: r.Discounts, Note: r.Note}
	if r.Prospect != nil {
		if err := contract.Unknown(tx, *r.Prospect); err != nil {
			return q, err
		}
		q.Buyer = billing.BuyerOf(*r.Prospect)
	} else {
		c, err := contract.ClientByRef(tx, r.Client)
		if err != nil {
			return q, err
		}
		q.Client, q.Buyer = c.ID, billing.BuyerOf(c)
	}
	var err error
	if q.Offer, err = s.Book.Signable(tx, r.Offer); err != nil {
		return q, err
	}
	if r.Version > 0 && r.Version != q.Offer.Version {
		return q, refused("look at it with: accolade offer show "+r.Offer+"; then leave the version out, or write the present one",
			"the quote was written for version %d of the offer %s, which is at version %d", r.Version, r.Offer, q.Offer.Version)
	}
	if q.Employees, err = q.first(r.Employees).FirstCount(q.Offer); err != nil {
		return q, err
	}
	if q.Valid.IsZero() {
		q.Valid = today.AddDays(ValidDays)
	}
	switch {
	case q.Valid.Before(today):
		return q, invalid("valid", q.Valid, "the last day to accept has passed: today is %s", today)
	case q.Valid.After(today.AddMonths(12)):
		return q, invalid("valid", q.Valid, "at most a year ahead: today is %s", today)
	case q.Start.Before(today.AddMonths(-12)):
		return q, invalid("start", q.Start, "at most a year back: today is %s", today)
	}
	return q, q.bearable()
}

// first is what the contract would be signed with.
func (q Quote) first(employees int) contract.New {
	terms := q.Offer
	return contract.New{Client: q.Client, Terms: &terms, Start: q.Start, Employees: employees, Force: q.Why != "", Note: q.Why}
}

// bearable refuses discounts that no invoice of the contract could bear: they would
// wait for ever.
func (q Quote) bearable() error {
	once, month := q.Once(), q.Monthly().Net
	var lines, lowered = once.Net, once.Net
	for _, d := range q.Discounts {
		lines += d.Net
	}
	most := max(lines, month)
	if lines-lowered > most {
		return invalid("discounts", (lines - lowered).Decimal(), "no invoice could bear more than %s: what is due once, or a full month", most)
	}
	return nil
}

// set moves the quote on.
func (q *Quote) set(state State, e Milestone) {
	e.State = state
	q.State, q.Events = state, append(slices.Clip(q.Events), e)
}

// Quote finds a quote by its number.
func (s *Service) Quote(number string) (q Quote, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		if q, err = quotes.Get(tx, number); err != nil {
			return err
		}
		if q.Seller, err = billing.Letterhead(tx, q.Seller); err == nil && q.Conditions == "" {
			q.Conditions, err = s.Conditions(q) // it was made before quotes kept theirs
		}
		return err
	})
	return q, err
}

// Quotes are all quotes, the oldest first.
func (s *Service) Quotes() (all []Quote, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		all, err = quotes.List(tx)
		return err
	})
	slices.SortFunc(all, func(a, b Quote) int { return compareNumbers(a.Number, b.Number) })
	return all, err
}

// compareNumbers puts D2026-9999 before D2026-10000.
func compareNumbers(a, b string) int {
	ya, na, _ := strings.Cut(a, "-")
	yb, nb, _ := strings.Cut(b, "-")
	if ya != yb {
		return strings.Compare(ya, yb)
	}
	if len(na) != len(nb) {
		return len(na) - len(nb)
	}
	return strings.Compare(na, nb)
}

// change runs fn in one transaction with the audit record of what it did.
func (s *Service) change(a contract.Actor, action string, fn func(store.Tx) (object, detail string, err error)) error {
	return s.DB.Update(func(tx store.Tx) error { return contract.Audited(tx, s.Clock.Now(), a, action, fn) })
}

func refused(fix, why string, args ...any) error {
	return &operation.Refused{Why: fmt.Sprintf(why, args...), Fix: fix}
}
