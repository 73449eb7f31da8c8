// Package quote owns quotes: what a client, or somebody who may become one, is offered
// until a day, and what became of it. A quote that is accepted becomes a contract, with
// its one-off lines and discounts, in one transaction.
//
// What stands on a quote never changes once it has its number: another price is another
// quote. Numbers (`D2026-0001`) are given in order and never twice. The package never
// sends a quote, and draws none: package paper does.
package quote

import (
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// Quote is what was offered: the offer in the version of that day, for a headcount.
type Quote struct {
	Number    string           `json:"number"`             // `D2026-0001`
	Client    string           `json:"client,omitempty"`   // contract.Client.ID; empty while it is for a prospect
	Prospect  *contract.Client `json:"prospect,omitempty"` // who becomes a client by accepting
	Buyer     billing.Buyer    `json:"buyer"`              // as on the paper
	Seller    billing.Seller   `json:"seller"`
	Offer     contract.Offer   `json:"offer"`
	Employees int              `json:"employees"` // or seats; 0 for offers without a monthly price
	Why       string           `json:"why,omitempty"`
	Date      calendar.Date    `json:"date"`  // of issue
	Valid     calendar.Date    `json:"valid"` // the last day on which it can be accepted
	Start     calendar.Date    `json:"start"` // the contract's first day
	Charges   []Item           `json:"charges,omitempty"`
	Discounts []Item           `json:"discounts,omitempty"`
	Note      string           `json:"note,omitempty"` // for the client
	// Conditions are what the paper says below its figures, as it was said when it was made.
	Conditions string      `json:"conditions,omitempty"`
	State      State       `json:"state"`
	Contract   string      `json:"contract,omitempty"` // that it became
	Events     []Milestone `json:"events"`             // the first is its issue
}

// Item is a one-off line, or what the first invoice is lowered by. Its VAT is that of
// the offer.
type Item struct {
	Text string      `json:"text"` // what is sold, or why it costs less: as on the paper
	Net  money.Cents `json:"net"`  // before tax, positive
}

// State is what became of a quote.
type State string

// The states of a quote. Expired is never kept: the day says it.
const (
	Open      State = "open"
	Accepted  State = "accepted"
	Refused   State = "refused"   // by the client
	Withdrawn State = "withdrawn" // by us
	Expired   State = "expired"   // open, and past its last day
)

// Milestone is a change of state.
type Milestone struct {
	State  State         `json:"state"`
	On     calendar.Date `json:"on"` // for what was accepted: the day beside the signature
	At     time.Time     `json:"at"` // when it was entered
	By     string        `json:"by"`
	Reason string        `json:"reason,omitempty"`
}

// StateOn is the state on a day: open quotes expire by themselves.
func (q Quote) StateOn(today calendar.Date) State {
	if q.State == Open && today.After(q.Valid) {
		return Expired
	}
	return q.State
}

// Monthly is what a full month comes to, as an invoice without a number; without lines
// for offers that have no monthly price.
func (q Quote) Monthly() billing.Invoice {
	inv := q.invoice()
	if q.Offer.Unit == contract.NoUnit {
		return inv
	}
	price := q.Offer.Price.Cents
	inv.Lines = []billing.Line{q.line(billing.Subscription, q.Offer.Title, perUnit[q.Offer.Unit], int64(q.Employees), billing.Unit(q.Offer.Unit), price)}
	return billing.Total(inv)
}

// perUnit says what the monthly price is for.
var perUnit = map[contract.Unit]string{contract.PerEmployee: "Par mois et par salarié", contract.PerSeat: "Par mois et par place"}

// Once is what is due once, on the first invoice, discounts taken off.
func (q Quote) Once() billing.Invoice {
	inv := q.invoice()
	if p := q.Offer.Setup; p.State == contract.Known && p.Cents > 0 {
		inv.Lines = append(inv.Lines, q.line(billing.Setup, "Mise en service", "Forfait unique", 1, billing.Piece, p.Cents))
	}
	for _, c := range q.Charges {
		inv.Lines = append(inv.Lines, q.line(billing.OneOff, c.Text, "Une fois", 1, billing.Piece, c.Net))
	}
	category, rate := q.Seller.VAT(q.Offer.VAT)
	for _, d := range q.Discounts {
		inv.Discounts = append(inv.Discounts, billing.Discount{Reason: d.Text, Net: d.Net, Category: category, Rate: rate})
	}
	return billing.Total(inv)
}

// Committed is what the months of the term come to with what is due once, before tax;
// ok is false for offers without a term.
func (q Quote) Committed() (net money.Cents, ok bool) {
	return q.Monthly().Net*money.Cents(q.Offer.TermMonths) + q.Once().Net, q.Offer.TermMonths > 0
}

func (q Quote) invoice() billing.Invoice {
	return billing.Invoice{Date: q.Date, Client: q.Buyer, Seller: q.Seller, Offer: q.Offer.Name}
}

func (q Quote) line(part billing.Part, title, detail string, quantity int64, unit billing.Unit, price money.Cents) billing.Line {
	l := billing.Line{Part: part, Title: title, Detail: detail, Quantity: quantity, Unit: unit, Price: money.PriceOf(price.Rat()), Per: 1, Net: price * money.Cents(quantity)}
	l.Category, l.Rate = q.Seller.VAT(q.Offer.VAT)
	return l
}

// String names a quote in errors and the audit.
func (q Quote) String() string { return fmt.Sprintf("%s for %s", q.Number, q.Buyer.Name) }
