// Package billing turns a month into invoices: from contracts and the ledger of
// hours to lines, from lines to numbered and frozen invoices, from these to
// documents. It then follows the money: payments, what the bank's statements say,
// direct debits, reminders, and credit notes for what was wrong.
//
// The computation (Compute) is pure and exact: the same case gives the same draft.
// Service freezes drafts: number, content and hash in one transaction; what is
// frozen has no door to change it. The package never sends anything: orders and
// letters are files that a person takes to the bank and to the post, and mails are
// written by package mailing. The forms of
// files are known by the packages below it.
package billing

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// Invoice is what a client owes for one contract and month. A draft has no
// Number; a frozen one never changes.
type Invoice struct {
	Number    string           `json:"number,omitempty"` // `F2026-0001`, of a credit note `A2026-0001`
	Type      Type             `json:"type,omitempty"`
	Corrects  *Reference       `json:"corrects,omitempty"` // of a credit note: the invoice that it takes back
	Month     calendar.Month   `json:"month"`
	Date      calendar.Date    `json:"date"` // the month's last day
	Due       calendar.Date    `json:"due"`
	Contract  string           `json:"contract"`
	Offer     string           `json:"offer"`
	Client    Buyer            `json:"client"`
	Seller    Seller           `json:"seller"`
	Language  Language         `json:"language,omitempty"`
	Lines     []Line           `json:"lines"`
	Discounts []Discount       `json:"discounts,omitempty"`
	Groups    []TaxGroup       `json:"vat"`
	Net       money.Cents      `json:"net"`
	Tax       money.Cents      `json:"tax"`
	Total     money.Cents      `json:"total"`
	Deposits  []Deposit        `json:"deposits,omitempty"`  // paid before, taken off what is due
	Debit     *DirectDebit     `json:"debit,omitempty"`     // nil: the client pays it
	Allowance *support.Balance `json:"allowance,omitempty"` // at the end of the month; nil for offers without one
}

// Type says what kind of document an invoice is.
type Type string

// The types of documents. All amounts of a credit note are those that it takes
// back: positive for what was billed.
const (
	Regular        Type = "" // an invoice
	CreditNote     Type = "credit-note"
	DepositInvoice Type = "deposit"
)

// Reference names another invoice.
type Reference struct {
	Number string        `json:"number"`
	Of     Type          `json:"of,omitempty"` // what it is
	Date   calendar.Date `json:"date"`
	Reason string        `json:"reason,omitempty"`
	Lines  []int         `json:"lines,omitempty"` // that a credit note in part takes back, the first is 1
}

// Discount lowers the whole document by an amount before tax, at one rate of VAT.
type Discount struct {
	Reason   string      `json:"reason"`
	Net      money.Cents `json:"net"` // positive
	Category Category    `json:"category"`
	Rate     money.Rate  `json:"rate"`
}

// Deposit is what an invoice takes off for an advance that was paid (see Advance): of one
// category and rate.
type Deposit struct {
	Reference
	Category Category    `json:"category"`
	Rate     money.Rate  `json:"rate"`
	Net      money.Cents `json:"net"`
	Tax      money.Cents `json:"tax"`
	Total    money.Cents `json:"total"`
}

// Payable is what is left to pay once deposits are taken off.
func (inv Invoice) Payable() money.Cents {
	left := inv.Total
	for _, d := range inv.Deposits {
		left -= d.Total
	}
	return left
}

// Buyer is the client as the invoice names it, frozen with it.
type Buyer struct {
	ID        string              `json:"id"`
	Name      string              `json:"name"`
	Kind      contract.ClientKind `json:"kind"`
	SIREN     string              `json:"siren,omitempty"`
	SIRET     string              `json:"siret,omitempty"`
	RNA       string              `json:"rna,omitempty"`
	VATNumber string              `json:"vat_number,omitempty"`
	Address   contract.Address    `json:"address"`
	Delivery  *contract.Address   `json:"delivery,omitempty"`
	Language  string              `json:"language"`
	Mail      string              `json:"mail,omitempty"` // of the billing contact
	Late      contract.LateLaw    `json:"late,omitempty"` // what it owes for paying late; empty on what was issued before that was kept
	// Chorus Pro asks for these where the public body wants them.
	Service    string `json:"service,omitempty"`    // service code, BT-10
	Commitment string `json:"commitment,omitempty"` // commitment number, BT-13
}

// Addressed refuses a client whom no electronic invoice can name as its receiver.
func (b Buyer) Addressed() error {
	if b.SIREN != "" || b.Mail != "" {
		return nil
	}
	return refused(fmt.Sprintf("accolade contact add %s NAME --role billing --mail ADDRESS", b.ID),
		"client %s has neither a SIREN nor a mail address, so an electronic invoice cannot name its receiver", b.ID)
}

// Line is one line of an invoice. Net is rounded once, from the exact price;
// Quantity x Price / Per comes to the same cent.
type Line struct {
	Part     Part            `json:"part"`
	Title    string          `json:"title"`
	Detail   string          `json:"detail"`
	For      calendar.Month  `json:"for"`  // the month whose work it is; before the invoice's for what came late
	From     calendar.Date   `json:"from"` // period of supply
	To       calendar.Date   `json:"to"`
	Quantity int64           `json:"quantity"`
	Unit     Unit            `json:"unit"`
	Price    money.UnitPrice `json:"price"` // before tax, for Per units
	Per      int64           `json:"per"`
	Net      money.Cents     `json:"net"`
	Category Category        `json:"category"`
	Rate     money.Rate      `json:"rate"`
	// Exemption is a line's own reason to bear no tax; nil: that of its category.
	Exemption *Exemption `json:"exemption,omitempty"`
}

// Part says what a line is for.
type Part string

// The parts of an invoice.
const (
	Subscription Part = "subscription"
	Setup        Part = "setup"
	Hours        Part = "hours"
	Travelled    Part = "travel"  // trips, where the offer bills them
	OneOff       Part = "one-off" // see Extra
	EarlyEnd     Part = "early-end"
	Correction   Part = "correction" // of a credit note: an amount, or what is left
	AdvancePart  Part = "advance"    // of a deposit invoice
)

// Unit is what a line's quantity counts.
type Unit string

// The units of lines.
const (
	Employee Unit = "employee"
	Seat     Unit = "seat"
	Minute   Unit = "minute" // its price is for 60
	Piece    Unit = "piece"
)

// Category is the VAT category of EN 16931.
type Category string

// The categories in use.
const (
	Standard      Category = "S"
	Exempt        Category = "E" // franchise, art. 293 B du CGI, or as its lines say
	ZeroRate      Category = "Z"
	ReverseCharge Category = "AE" // the buyer owes the tax
	OutOfScope    Category = "O"  // such as damages; alone on its invoice
)

// TaxGroup is the tax of one category and rate: the sum of its lines x rate, rounded once.
type TaxGroup struct {
	Category Category    `json:"category"`
	Rate     money.Rate  `json:"rate"`
	Net      money.Cents `json:"net"`
	Tax      money.Cents `json:"tax"`
}

// DueDays after its date an invoice is due.
const DueDays = 30

// recoveryFee is due for late payment, by article D441-5 du Code de commerce and article
// D2192-35 du Code de la commande publique.
const recoveryFee = money.Cents(40_00)

// OnDeposit tells of a deposit invoice, or a credit note of one: what it is over is not
// supplied yet.
func (inv Invoice) OnDeposit() bool {
	return inv.Type == DepositInvoice || inv.Corrects != nil && inv.Corrects.Of == DepositInvoice
}

// Period is the time of supply: from the first day of any line to the last, within
// the month for what is due by the month. OnDeposit there is none yet.
func (inv Invoice) Period() (from, to calendar.Date) {
	if inv.OnDeposit() {
		return from, to
	}
	from, to = inv.Month.First(), inv.Month.Last()
	first := true
	for _, l := range inv.Lines {
		if l.Part != Subscription || l.For != inv.Month {
			continue
		}
		if first || l.From.Before(from) {
			from = l.From
		}
		if first || l.To.After(to) {
			to = l.To
		}
		first = false
	}
	return from, to
}
