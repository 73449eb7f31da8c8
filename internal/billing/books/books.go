// Package books puts documents that were finalised into double entry: what an
// accountant's software reads, whatever the form of the file.
//
// A Document is an invoice or a credit note as the writers of exports need it, and an
// Entry is what it comes to in the journal of sales. Everything is computed from what
// was frozen, so the same documents give the same entries; the package writes no
// file and keeps nothing.
package books

import (
	"iter"
	"slices"
	"strings"
	"unicode"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Kind is what a document is.
type Kind string

// The kinds of documents.
const (
	Invoice    Kind = "invoice"
	CreditNote Kind = "credit-note"
	Deposit    Kind = "deposit" // an invoice for what is paid before
)

// The parts of lines that stand for what is taken off the whole document.
const (
	Discount  billing.Part = "discount"
	Deduction billing.Part = "deposit" // an advance that was invoiced and paid before
)

// Document is a finalised document. An advance that it takes off is one more line, so
// that its amounts are what it adds to those of the deposit invoice: sums over both come
// to what was sold, once. The amounts of a credit note are positive, as on
// its paper (type 381 of EN 16931): Sign says which way they count.
type Document struct {
	Kind     Kind
	Number   string // `F2026-0001`, `A2026-0001`, `FA2026-0001`
	Advance  bool   // over what is not supplied yet: a deposit invoice, or a credit note of one
	Refers   string // the invoice that a credit note takes back
	Month    calendar.Month
	Date     calendar.Date
	Due      calendar.Date
	Contract string
	Offer    string
	Client   billing.Buyer
	Lines    []billing.Line
	Groups   []billing.TaxGroup
	Deposits []billing.Deposit // that Lines and Groups take off
	Net      money.Cents
	Tax      money.Cents
	Total    money.Cents
}

// Of is the document of a finalised invoice. A discount on the whole is one more line,
// and so is each deposit.
func Of(inv billing.Invoice) Document {
	d := Document{Kind: Invoice, Number: inv.Number, Advance: inv.OnDeposit(), Deposits: inv.Deposits, Month: inv.Month, Date: inv.Date, Due: inv.Due, Contract: inv.Contract, Offer: inv.Offer,
		Client: inv.Client, Groups: inv.Groups, Net: inv.Net, Tax: inv.Tax, Total: inv.Total, Lines: make([]billing.Line, 0, len(inv.Lines)+len(inv.Discounts)+len(inv.Deposits))}
	switch inv.Type {
	case billing.CreditNote:
		d.Kind = CreditNote
		if inv.Corrects != nil {
			d.Refers = inv.Corrects.Number
		}
	case billing.DepositInvoice:
		d.Kind = Deposit
	}
	d.Client.Name = Plain(d.Client.Name)
	for _, l := range inv.Lines {
		l.Title, l.Detail = Plain(l.Title), Plain(l.Detail)
		d.Lines = append(d.Lines, l)
	}
	for _, x := range inv.Discounts {
		d.Lines = append(d.Lines, billing.Line{Part: Discount, Title: Plain(x.Reason), For: inv.Month, From: inv.Date, To: inv.Date, Quantity: 1, Unit: billing.Piece,
			Price: -money.PriceOf(x.Net.Rat()), Per: 1, Net: -x.Net, Category: x.Category, Rate: x.Rate})
	}
	if len(inv.Deposits) > 0 {
		d.Groups = slices.Clone(inv.Groups)
	}
	for _, x := range inv.Deposits {
		d.Lines = append(d.Lines, billing.Line{Part: Deduction, Title: Plain("Acompte " + x.Number), For: inv.Month, From: x.Date, To: x.Date, Quantity: 1, Unit: billing.Piece,
			Price: -money.PriceOf(x.Net.Rat()), Per: 1, Net: -x.Net, Category: x.Category, Rate: x.Rate})
		for i := range d.Groups {
			if g := &d.Groups[i]; g.Category == x.Category && g.Rate == x.Rate {
				g.Net, g.Tax = g.Net-x.Net, g.Tax-x.Tax
			}
		}
		d.Net, d.Tax, d.Total = d.Net-x.Net, d.Tax-x.Tax, d.Total-x.Net-x.Tax
	}
	return d
}

// Ledger is where finalised documents are.
type Ledger interface {
	Frozen(calendar.Month) iter.Seq2[billing.Invoice, error]
	CreditNotes(calendar.Month) ([]billing.Invoice, error)
	DepositInvoices(calendar.Month) ([]billing.Invoice, error)
}

// Documents are those of a month's books, in the order of time: the deposit invoices and
// credit notes that were issued in it, then its invoices, dated the last day. Once the
// month is finalised they are the same for ever, for what is issued in between is of the
// day on which it is.
func Documents(l Ledger, m calendar.Month) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		between, err := l.DepositInvoices(m)
		if err != nil {
			yield(Document{}, err)
			return
		}
		notes, err := l.CreditNotes(m)
		if err != nil {
			yield(Document{}, err)
			return
		}
		between = append(between, notes...)
		slices.SortStableFunc(between, func(a, b billing.Invoice) int { return a.Date.Compare(b.Date) })
		for _, note := range between {
			if !yield(Of(note), nil) {
				return
			}
		}
		for inv, err := range l.Frozen(m) {
			if !yield(Of(inv), err) || err != nil {
				return
			}
		}
	}
}

// Sign is 1, and -1 for a credit note.
func (d Document) Sign() int64 {
	if d.Kind == CreditNote {
		return -1
	}
	return 1
}

// Signed is an amount of the document as it counts in sums.
func (d Document) Signed(c money.Cents) money.Cents { return money.Cents(d.Sign()) * c }

// Plain makes a text one line of printable characters and common spaces: no-break
// spaces are for paper, and a tab would begin another column.
func Plain(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}
