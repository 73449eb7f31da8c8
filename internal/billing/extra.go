package billing

import (
	"fmt"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
)

// Extra is a one-off line, or a discount, that somebody put on a contract. It stands
// on one invoice: of its month, or of the first one after it that is still open and can
// carry it. Once it does, it never changes.
type Extra struct {
	ID       string         `json:"id"` // `X0001`
	Contract string         `json:"contract"`
	Kind     ExtraKind      `json:"kind"`
	Month    calendar.Month `json:"month"` // not before this one
	Text     string         `json:"text"`  // what was sold, or why it costs less: as on the paper
	Net      money.Cents    `json:"net"`   // before tax, positive
	// Category and Rate of VAT; empty: as the contract's own lines.
	Category Category   `json:"category,omitempty"`
	Rate     money.Rate `json:"rate,omitempty"`
	// Exemption is why a line of category E or O bears no tax.
	Exemption *Exemption `json:"exemption,omitempty"`
	Invoice   string     `json:"invoice,omitempty"` // that it stands on; empty: still to come
	At        time.Time  `json:"at"`
	By        string     `json:"by"`
}

// ExtraKind says what an Extra does to the invoice.
type ExtraKind string

// The kinds of extras.
const (
	Charge   ExtraKind = "charge"   // a line more
	Lowering ExtraKind = "discount" // off the whole invoice, with its reason
)

var extras = store.NewCollection[Extra]("extra", 1,
	store.WithIndex("contract", func(x Extra) []string { return []string{x.Contract} }),
	store.WithIndex("open", func(x Extra) []string {
		if x.Invoice != "" {
			return nil
		}
		return []string{x.Contract}
	}))

// mostExtra bounds amounts, so that sums stay in their range.
const mostExtra = money.Cents(1_000_000_00)

// AddExtra puts a one-off line or a discount on a contract. One that says the same as one
// that was entered lately is refused, unless again is said.
func (s *Service) AddExtra(a contract.Actor, x Extra, again bool) (Extra, error) {
	err := s.DB.Update(func(tx store.Tx) (err error) {
		before, err := extrasOf(tx, "contract", x.Contract)
		if err != nil {
			return err
		}
		if x, err = s.AddExtraTx(tx, a, x); err != nil || again {
			return err
		}
		for _, old := range before {
			if old.Kind == x.Kind && old.Month == x.Month && old.Text == x.Text && old.Net == x.Net && old.Category == x.Category && old.Rate == x.Rate {
				if err := s.twice(same{fmt.Sprintf("the %s %s over %s", old.Kind, old.ID, old.Net), old.At, old.By}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return x, err
}

// AddExtraTx is AddExtra inside a transaction of somebody who changes more.
func (s *Service) AddExtraTx(tx store.Tx, a contract.Actor, x Extra) (Extra, error) {
	var err error
	if x.Text, err = checkNote("text", x.Text, true); err != nil {
		return x, err
	}
	if x.Exemption, err = tidied(x.Exemption); err != nil {
		return x, err
	}
	err = s.bookTx(tx, a, "contract."+string(x.Kind), func(tx store.Tx) (string, string, error) {
		k, err := contract.ContractByID(tx, x.Contract)
		if err != nil {
			return "", "", err
		}
		if x.Month.IsZero() {
			x.Month = s.Today().MonthOf()
		}
		client, err := contract.ClientByRef(tx, k.Client)
		if err != nil {
			return "", "", err
		}
		if err := x.check(k, client); err != nil {
			return "", "", err
		}
		n, err := store.Sequence(tx, "extra")
		if err != nil {
			return "", "", err
		}
		x.ID, x.Invoice, x.At, x.By = fmt.Sprintf("X%04d", n), "", s.Clock.Now(), a.Who
		return "contract/" + k.ID, fmt.Sprintf("%s from %s: %s, %s", x.ID, x.Month, x.Net, x.Text), extras.Insert(tx, x.ID, x)
	})
	return x, err
}

func (x Extra) check(k contract.Contract, client contract.Client) error {
	bad := func(field string, value any, allowed string) error {
		return &contract.Invalid{Field: field, Value: fmt.Sprint(value), Allowed: allowed}
	}
	switch {
	case x.Net <= 0 || x.Net > mostExtra:
		return bad("amount", x.Net.Decimal(), "want euros before tax, above 0 and at most "+mostExtra.String()+"; what lowers an invoice is a discount")
	case x.Month.Before(k.Start.MonthOf()):
		return bad("month", x.Month, fmt.Sprintf("the contract %s starts on %s", k.ID, k.Start))
	case x.Kind == Lowering && x.Category != "":
		return bad("category", x.Category, "a discount has the VAT of the contract's own lines")
	}
	return checkVAT(x.Category, x.Rate, x.Exemption, client)
}

// RemoveExtra takes away an extra that no invoice carries yet.
func (s *Service) RemoveExtra(a contract.Actor, id string) (x Extra, err error) {
	err = s.book(a, "contract.extra.remove", func(tx store.Tx) (string, string, error) {
		if x, err = extras.Get(tx, id); err != nil {
			return "", "", err
		}
		if x.Invoice != "" {
			return "", "", refused("take it back with: accolade invoice credit "+x.Invoice, "%s stands on invoice %s", id, x.Invoice)
		}
		return "contract/" + x.Contract, fmt.Sprintf("%s: %s, %s", x.ID, x.Net, x.Text), extras.Delete(tx, id)
	})
	return x, err
}

// Extras are a contract's, in the order in which they were entered.
func (s *Service) Extras(contractID string) (all []Extra, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		all, err = extrasOf(tx, "contract", contractID)
		return err
	})
	return all, err
}

func extrasOf(tx store.Tx, index, contractID string) ([]Extra, error) {
	all, err := extras.ByIndex(tx, index, contractID)
	slices.SortFunc(all, func(a, b Extra) int { return compareNumbers(a.ID, b.ID) })
	return all, err
}

// carry notes on which invoice extras stand.
func carry(tx store.Tx, d Draft) error {
	for _, id := range d.Settlement.Extras {
		x, err := extras.Get(tx, id)
		if err != nil {
			return err
		}
		x.Invoice = d.Invoice.Number
		if err := extras.Put(tx, id, x); err != nil {
			return err
		}
	}
	return nil
}

// uncarry has the extras of an invoice that is billed anew stand on the next one.
func uncarry(tx store.Tx, inv Invoice) error {
	all, err := extrasOf(tx, "contract", inv.Contract)
	for _, x := range all {
		if err == nil && x.Invoice == inv.Number {
			x.Invoice = ""
			err = extras.Put(tx, x.ID, x)
		}
	}
	return err
}

// lay puts the extras that wait on a draft: lines first (out of the tax's scope only where
// nothing else stands), then the discounts that the
// lines of their VAT group can bear. The others wait for an invoice that can.
func (d *Draft) lay(m calendar.Month, waiting []Extra, k contract.Contract, seller Seller) {
	inv, s := &d.Invoice, &d.Settlement
	category, rate := seller.VAT(k.OfferOn(m.Last()).VAT)
	for _, x := range waiting {
		if x.Kind != Charge || x.Month.After(m) {
			continue
		}
		l := Line{Part: OneOff, Title: x.Text, Detail: inv.Language.oneOff(x.Month, m), For: x.Month, From: x.Month.First(), To: x.Month.Last(),
			Quantity: 1, Unit: Piece, Price: money.PriceOf(x.Net.Rat()), Per: 1, Net: x.Net, Category: category, Rate: rate}
		if x.Category != "" && seller.VATRegime != Franchise {
			l.Category, l.Rate, l.Exemption = x.Category, x.Rate, x.Exemption
		}
		if slices.ContainsFunc(inv.Lines, func(o Line) bool { return alone(l.Category, o.Category) }) {
			continue // it waits for an invoice of its own
		}
		inv.Lines = append(inv.Lines, l)
		s.Extras = append(s.Extras, x.ID)
	}
	var bears money.Cents
	for _, l := range inv.Lines {
		if l.Category == category && l.Rate == rate {
			bears += l.Net
		}
	}
	for _, x := range waiting {
		if x.Kind != Lowering || x.Month.After(m) {
			continue
		}
		if x.Net > bears {
			d.Held -= x.Net
			continue
		}
		bears -= x.Net
		inv.Discounts = append(inv.Discounts, Discount{Reason: x.Text, Net: x.Net, Category: category, Rate: rate})
		s.Extras = append(s.Extras, x.ID)
	}
}
