package billing

import (
	"fmt"
	"maps"
	"slices"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// Case is all that the invoices of one contract depend on.
type Case struct {
	Client   contract.Client
	Contract contract.Contract
	// Account is what the finalised months left; nil: it is found from Settled.
	Account *Account
	// Entries are all of the contract's; with an Account, those that no month has settled.
	Entries []support.Entry
	// Extras are the one-off lines and discounts that no invoice carries yet, in order.
	Extras []Extra
	// Advances are the deposit invoices that are paid and not yet taken off, in order.
	Advances []Advance
	// Settled are the finalised months', in order; not needed with an Account and Even.
	Settled []Settlement
	// Even says that every finalised month was billed what it comes to by now.
	Even      bool
	Finalised calendar.Month // the last finalised month of all; zero: none yet
	From      calendar.Month // months before were invoiced elsewhere; zero: none were
}

// Settlement is what a finalised month settled for one contract. What comes to
// light later about that month is invoiced as the difference from it.
type Settlement struct {
	Month    calendar.Month           `json:"month"`
	Contract string                   `json:"contract"`
	Invoice  string                   `json:"invoice,omitempty"` // its number; empty when nothing was due
	Billed   []Billed                 `json:"billed,omitempty"`
	Entries  []string                 `json:"entries,omitempty"` // of the ledger, settled here
	Used     map[int]calendar.Minutes `json:"used,omitempty"`    // of the allowance, by contract year, after this
	// Ahead are minutes that were billed beyond the allowance and more than Used comes
	// to, after this: hours came open again that later invoices had gone on from.
	Ahead map[int]calendar.Minutes `json:"ahead,omitempty"`
	// Credit is the credit note that took Invoice back to have it billed anew: then
	// Month is when it was issued, Billed is negative, and Entries are open again.
	Credit string         `json:"credit,omitempty"`
	After  calendar.Month `json:"after,omitzero"`   // with Credit: the last finalised month then
	Extras []string       `json:"extras,omitempty"` // one-off lines and discounts that the invoice carries
}

// empty says that the month settled nothing, such as one long after the end.
func (s Settlement) empty() bool {
	return len(s.Billed) == 0 && len(s.Entries) == 0 && len(s.Extras) == 0
}

// Billed is what one part of one month came to.
type Billed struct {
	Part  Part           `json:"part"`
	Month calendar.Month `json:"month"`
	Net   money.Cents    `json:"net"`
}

// Draft is a month's invoice before it has a number.
type Draft struct {
	Invoice    Invoice
	Settlement Settlement
	// Held are credits (negative) that would bring the invoice below zero: they wait
	// for an invoice that carries them.
	Held money.Cents
	// uneven says that some of them are for closed months, which therefore were not
	// billed what they come to.
	uneven bool
}

// Due reports whether the draft has anything to invoice.
func (d Draft) Due() bool { return len(d.Invoice.Lines) > 0 }

// Compute drafts the invoice of a contract for a month. Months between the last
// finalised one and this are drafted first, so that a preview shows what will come
// if nothing changes. A day `until` within the month leaves out what comes after it
// (the zero Date: nothing).
func Compute(m calendar.Month, until calendar.Date, c Case, seller Seller) Draft {
	first := c.Contract.Start.MonthOf()
	if first.Before(c.From) {
		first = c.From
	}
	if next := c.Finalised.Add(1); !c.Finalised.IsZero() && first.Before(next) {
		first = next
	}
	b := c.balance()
	for k := first; k.Before(m); k = k.Add(1) {
		b.close(draft(k, k.Last(), b, seller))
	}
	if until.IsZero() || until.After(m.Last()) {
		until = m.Last()
	}
	return draft(m, until, b, seller)
}

func draft(m calendar.Month, until calendar.Date, b *balance, seller Seller) Draft {
	d := compose(m, until, b, seller, false)
	if d.Invoice.Net < 0 {
		return compose(m, until, b, seller, true)
	}
	return d
}

// compose gathers the month's own lines, then what came late. With hold, late
// credits are left for a later invoice.
func compose(m calendar.Month, until calendar.Date, b *balance, seller Seller, hold bool) Draft {
	c, in := b.Case, languageOf(b.Client)
	d := Draft{Settlement: Settlement{Month: m, Contract: c.Contract.ID, Used: maps.Clone(b.used), Ahead: maps.Clone(b.ahead)}}
	s := &d.Settlement
	add := func(l Line) {
		l.Category, l.Rate = seller.VAT(c.Contract.OfferOn(l.For.Last()).VAT)
		d.Invoice.Lines = append(d.Invoice.Lines, l)
	}
	own := ownLines(m, until, c.Contract, in)
	for _, l := range own {
		add(l)
	}
	s.Billed = sums(own)
	for _, l := range b.lateLines() {
		if hold && l.Net < 0 {
			d.Held += l.Net
			d.uneven = true
			continue
		}
		add(l)
		s.Billed = append(s.Billed, Billed{l.Part, l.For, l.Net})
	}
	for _, g := range b.pendingHours(m, until) {
		used, ahead, elsewhere := maps.Clone(s.Used), maps.Clone(s.Ahead), g.month.Before(c.From)
		if elsewhere {
			ahead = nil
		}
		lines := append(hourLines(g, m, c.Contract, used, ahead, in), tripLines(g, m, c.Contract, in)...)
		if net := netOf(lines); hold && net < 0 {
			d.Held += net
			continue
		}
		s.Used = used
		for _, e := range g.entries {
			s.Entries = append(s.Entries, e.ID)
		}
		if elsewhere {
			continue // counted against the allowance, invoiced there
		}
		s.Ahead = ahead
		for _, l := range lines {
			add(l)
		}
	}
	d.Invoice.Language = in
	d.lay(m, b.Extras, c.Contract, seller)
	d.Invoice = Total(d.Invoice)
	head(&d.Invoice, m, c, seller, *s)
	d.deduct(b.Advances)
	return d
}

// head names the parties and dates.
func head(inv *Invoice, m calendar.Month, c Case, seller Seller, s Settlement) {
	inv.Month, inv.Date, inv.Due = m, m.Last(), m.Last().AddDays(DueDays)
	inv.Contract, inv.Offer, inv.Seller = c.Contract.ID, c.Contract.OfferOn(m.Last()).Name, seller
	inv.Client = BuyerOf(c.Client)
	last := m.Last()
	if e := c.Contract.Ending; e != nil && e.On.Before(last) {
		last = e.On
	}
	if c.Contract.OfferOn(last).Included > 0 {
		year := c.Contract.YearOf(last)
		used, included := s.Used[year.Index], c.Contract.Allowance(year)
		inv.Allowance = &support.Balance{Client: c.Client.ID, Contract: c.Contract.ID, Year: year, Included: included,
			Used: used, Over: support.Over(used, included), Left: max(0, included-used)}
	}
}

// BuyerOf is what an invoice says of its client, to be frozen with it.
func BuyerOf(c contract.Client) Buyer {
	b := Buyer{ID: c.ID, Name: c.Name, Kind: c.Kind, SIREN: c.SIREN, SIRET: c.SIRET, RNA: c.RNA, VATNumber: c.VATNumber,
		Address: c.Address, Delivery: c.Delivery, Language: c.Language, Late: c.LateLaw(),
		Service: c.Chorus.Service, Commitment: c.Chorus.Commitment}
	for _, p := range c.Contacts {
		if p.Mail != "" && (b.Mail == "" || slices.Contains(p.Roles, contract.Billing)) {
			b.Mail = p.Mail
		}
	}
	return b
}

// Total adds up: tax per category and rate on the sum of its lines less its
// discounts, rounded once.
func Total(inv Invoice) Invoice {
	add := func(category Category, rate money.Rate, net money.Cents) {
		i := slices.IndexFunc(inv.Groups, func(g TaxGroup) bool { return g.Category == category && g.Rate == rate })
		if i < 0 {
			i = len(inv.Groups)
			inv.Groups = append(inv.Groups, TaxGroup{Category: category, Rate: rate})
		}
		inv.Groups[i].Net += net
		inv.Net += net
	}
	for _, l := range inv.Lines {
		add(l.Category, l.Rate, l.Net)
	}
	for _, d := range inv.Discounts {
		add(d.Category, d.Rate, -d.Net)
	}
	for i := range inv.Groups {
		g := &inv.Groups[i]
		g.Tax = money.Round(g.Rate.Of(g.Net))
		inv.Tax += g.Tax
	}
	inv.Total = inv.Net + inv.Tax
	return inv
}

// sums adds up lines by part.
func sums(lines []Line) []Billed {
	var out []Billed
	for _, l := range lines {
		i := slices.IndexFunc(out, func(b Billed) bool { return b.Part == l.Part && b.Month == l.For })
		if i < 0 {
			i = len(out)
			out = append(out, Billed{Part: l.Part, Month: l.For})
		}
		out[i].Net += l.Net
	}
	return out
}

func netOf(lines []Line) money.Cents {
	var n money.Cents
	for _, l := range lines {
		n += l.Net
	}
	return n
}

// String names a draft in errors and logs.
func (d Draft) String() string {
	return fmt.Sprintf("%s %s: %s", d.Invoice.Month, d.Invoice.Contract, d.Invoice.Total)
}
