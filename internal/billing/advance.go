package billing

import (
	"fmt"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
)

// Advance is what was invoiced to a client before the service (un acompte): an invoice of
// its own type and series, `FA2026-0001`. Once it is paid, the contract's next invoices
// take it off, each as much of it as it comes to; what none has taken off can be
// credited. An advance changes nothing in what the contract costs.
type Advance struct {
	Number   string        `json:"number"` // of its invoice
	Contract string        `json:"contract"`
	Date     calendar.Date `json:"date"`
	Text     string        `json:"text"`
	Over     TaxGroup      `json:"over"`
	Taken    []Taking      `json:"taken,omitempty"`
	At       time.Time     `json:"at"`
	By       string        `json:"by"`
}

// Taking is what one document took off an advance: an invoice that deducts it, or a credit
// note that gives it back.
type Taking struct {
	Document string      `json:"document"`
	Net      money.Cents `json:"net"`
	Tax      money.Cents `json:"tax"`
}

// Left is what no document has taken off.
func (x Advance) Left() TaxGroup {
	left := x.Over
	for _, u := range x.Taken {
		left.Net, left.Tax = left.Net-u.Net, left.Tax-u.Tax
	}
	return left
}

// part is what a deduction of an amount before tax comes to: its tax is rounded on all
// that was taken off up to here, so that in the end it is all of the advance's.
func (x Advance) part(net money.Cents) TaxGroup {
	left := x.Left()
	if net >= left.Net {
		return left
	}
	gone := x.Over.Net - left.Net
	tax := money.Round(x.Over.Rate.Of(gone+net)) - (x.Over.Tax - left.Tax)
	return TaxGroup{Category: x.Over.Category, Rate: x.Over.Rate, Net: net, Tax: tax}
}

var advances = store.NewCollection[Advance]("advance", 1,
	store.WithIndex("contract", func(x Advance) []string { return []string{x.Contract} }),
	store.WithIndex("month", func(x Advance) []string { return []string{x.Date.MonthOf().String()} }),
	store.WithIndex("open", func(x Advance) []string {
		if left := x.Left(); left.Net == 0 && left.Tax == 0 {
			return nil
		}
		return []string{x.Contract}
	}))

// AdvanceInput asks for the invoice of an advance.
type AdvanceInput struct {
	Contract string
	Text     string        // what it is for, as on the paper
	Net      money.Cents   // before tax
	Due      calendar.Date // zero: DueDays from today
	Category Category      // of VAT; empty: as the contract's own lines
	Rate     money.Rate    // with category S
	// Exemption is why a category E or O bears no tax.
	Exemption *Exemption
	Again     bool // though the same was issued lately
}

// mostDueDays is the longest time to pay that the law allows (L441-10 du Code de commerce).
const mostDueDays = 60

// IssueAdvance invoices an advance as of today: number, content and hash in one
// transaction.
func (s *Service) IssueAdvance(a contract.Actor, in AdvanceInput) (inv Invoice, err error) {
	err = s.DB.Update(func(tx store.Tx) error {
		inv, err = s.issueAdvance(tx, a, in)
		return err
	})
	return inv, err
}

// PreviewAdvance is the invoice of an advance without a number, or says why it cannot be
// issued.
func (s *Service) PreviewAdvance(in AdvanceInput) (inv Invoice, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		if inv, err = s.composeAdvance(tx, in); err != nil {
			return err
		}
		return s.newAdvance(tx, inv, in.Again)
	})
	return inv, err
}

func (s *Service) issueAdvance(tx store.Tx, a contract.Actor, in AdvanceInput) (Invoice, error) {
	inv, err := s.composeAdvance(tx, in)
	if err != nil {
		return Invoice{}, err
	}
	if err := s.newAdvance(tx, inv, in.Again); err != nil {
		return Invoice{}, err
	}
	n, err := nextAdvance(tx, inv.Date.Year)
	if err != nil {
		return Invoice{}, err
	}
	inv.Number = advanceNumber(inv.Date.Year, n)
	if n > 1 {
		before, err := advances.Get(tx, advanceNumber(inv.Date.Year, n-1))
		if err != nil {
			return Invoice{}, err
		}
		if err := inOrder("deposit invoices", inv.Date, before.Number, before.Date); err != nil {
			return Invoice{}, err
		}
	}
	if err := s.keep(tx, inv); err != nil {
		return Invoice{}, err
	}
	at := s.Clock.Now()
	if err := advances.Insert(tx, inv.Number, Advance{Number: inv.Number, Contract: inv.Contract, Date: inv.Date, Text: inv.Lines[0].Title, Over: inv.Groups[0], At: at, By: a.Who}); err != nil {
		return Invoice{}, err
	}
	return inv, audit.Append(tx, at, audit.Record{Who: a.Who, From: a.From, Action: "contract.advance", Object: "contract/" + inv.Contract, Result: "ok",
		Detail: fmt.Sprintf("%s over %s: %s", inv.Number, inv.Total, inv.Lines[0].Title)})
}

// newAdvance refuses a deposit invoice that was issued lately, unless again is said.
func (s *Service) newAdvance(tx store.Tx, inv Invoice, again bool) error {
	all, err := advancesOf(tx, "contract", inv.Contract)
	if err != nil || again {
		return err
	}
	for _, x := range all {
		if x.Text == inv.Lines[0].Title && x.Over == inv.Groups[0] && x.Left().Net != 0 {
			if err := s.twice(same{fmt.Sprintf("the deposit invoice %s over %s", x.Number, x.Over.Net+x.Over.Tax), x.At, x.By}); err != nil {
				return err
			}
		}
	}
	return nil
}

// composeAdvance composes the invoice of an advance.
func (s *Service) composeAdvance(tx store.Tx, in AdvanceInput) (Invoice, error) {
	text, err := checkNote("text", in.Text, true)
	if err != nil {
		return Invoice{}, err
	}
	if in.Exemption, err = tidied(in.Exemption); err != nil {
		return Invoice{}, err
	}
	k, err := contract.ContractByID(tx, in.Contract)
	if err != nil {
		return Invoice{}, err
	}
	client, err := contract.ClientByRef(tx, k.Client)
	if err != nil {
		return Invoice{}, err
	}
	today := s.Today()
	if in.Due.IsZero() {
		in.Due = today.AddDays(DueDays)
	}
	if err := in.check(k, client, today); err != nil {
		return Invoice{}, err
	}
	if err := s.mayIssue(tx, client); err != nil {
		return Invoice{}, err
	}
	inv := Invoice{Type: DepositInvoice, Month: today.MonthOf(), Date: today, Due: in.Due, Contract: k.ID, Offer: k.OfferOn(today).Name,
		Client: BuyerOf(client), Seller: s.Letterhead(), Language: languageOf(client)}
	l := Line{Part: AdvancePart, Title: text, Detail: inv.Language.advanceOn(k.ID), For: inv.Month, From: today, To: today, Quantity: 1, Unit: Piece,
		Price: money.PriceOf(in.Net.Rat()), Per: 1, Net: in.Net}
	l.Category, l.Rate = s.Seller.VAT(k.OfferOn(today).VAT)
	if in.Category != "" && s.Seller.VATRegime != Franchise {
		l.Category, l.Rate, l.Exemption = in.Category, in.Rate, in.Exemption
	}
	inv.Lines = []Line{l}
	return Total(inv), nil
}

func (in AdvanceInput) check(k contract.Contract, client contract.Client, today calendar.Date) error {
	bad := func(field string, value any, allowed string) error {
		return &contract.Invalid{Field: field, Value: fmt.Sprint(value), Allowed: allowed}
	}
	switch {
	case in.Net <= 0 || in.Net > mostExtra:
		return bad("amount", in.Net.Decimal(), "want euros before tax, above 0 and at most "+mostExtra.String())
	case in.Due.Before(today) || in.Due.After(today.AddDays(mostDueDays)):
		return bad("due", in.Due, fmt.Sprintf("want a day from today, %s, to %s: the law allows %d days", today, today.AddDays(mostDueDays), mostDueDays))
	case k.Ending != nil && k.Ending.On.Before(today):
		return refused("invoice what is due by a one-off line: accolade contract charge add "+k.Client, "the contract %s ended on %s, so nothing is to come that an advance could be on", k.ID, k.Ending.On)
	}
	return checkVAT(in.Category, in.Rate, in.Exemption, client)
}

// mayIssue refuses a document of today in a month whose books are closed, of a seller
// or to a client who lacks what the law wants on it.
func (s *Service) mayIssue(tx store.Tx, client contract.Client) error {
	today := s.Today()
	last, err := lastFinalised(tx)
	switch {
	case err != nil:
		return err
	case !last.Before(today.MonthOf()):
		return refused("set the machine's clock", "%s is finalised, and an invoice of today, %s, would belong to it", last, today)
	}
	if err := s.sellerReady(); err != nil {
		return err
	}
	return client.Invoiceable()
}

// Advances are a contract's, in the order in which they were issued.
func (s *Service) Advances(contractID string) (all []Advance, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		all, err = advancesOf(tx, "contract", contractID)
		return err
	})
	return all, err
}

func advancesOf(tx store.Tx, index, key string) ([]Advance, error) {
	all, err := advances.ByIndex(tx, index, key)
	slices.SortFunc(all, func(a, b Advance) int {
		if c := a.Date.Compare(b.Date); c != 0 {
			return c
		}
		return compareNumbers(a.Number, b.Number)
	})
	return all, err
}

// DepositInvoices are the invoices for advances that were issued in a month, by number.
func (s *Service) DepositInvoices(m calendar.Month) (all []Invoice, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		all = nil
		list, err := advancesOf(tx, "month", m.String())
		for _, x := range list {
			inv, err := archive.get(tx, x.Number)
			if err != nil {
				return err
			}
			all = append(all, inv)
		}
		return err
	})
	return all, err
}
