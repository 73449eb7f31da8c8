package books

import (
	"fmt"
	"iter"
	"slices"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Entry is what a document comes to in the journal: lines whose debits are their credits.
type Entry struct {
	Number   int // in one sequence without gaps through the year
	Journal  Account
	Date     calendar.Date
	Closed   calendar.Date // when its period was closed, so that nothing in it changes any more
	Document string        // number
	Due      calendar.Date
	Text     string
	Lines    []Posting
}

// Posting is a line of an entry; one of Debit and Credit is zero, the other positive.
type Posting struct {
	Account    Account
	Client     string // ID; on the clients' account only
	ClientName string
	Debit      money.Cents
	Credit     money.Cents
}

// Entry books a document: what the client owes against the sale and its tax. Advances
// that it takes off are reversed, with the tax that was booked for them. A document over
// nothing has no postings.
func (a Accounts) Entry(d Document) (Entry, error) {
	e := Entry{Journal: a.Journal, Date: d.Date, Document: d.Number, Due: d.Due, Text: d.text()}
	e.post(Posting{Account: a.Clients, Client: d.Client.ID, ClientName: d.Client.Name}, d.Signed(d.Total))
	for _, g := range d.Groups {
		e.post(Posting{Account: a.credited(d)}, -d.Signed(g.Net+d.deducted(g).Net))
	}
	for _, g := range d.Groups {
		e.post(Posting{Account: a.vat(g.Rate)}, -d.Signed(g.Tax+d.deducted(g).Tax))
	}
	for _, x := range d.Deposits {
		e.post(Posting{Account: a.Deposits}, d.Signed(x.Net))
	}
	for _, x := range d.Deposits {
		e.post(Posting{Account: a.vat(x.Rate)}, d.Signed(x.Tax))
	}
	if off := e.off(); off != 0 {
		return Entry{}, fmt.Errorf("%s %s: its total and its amounts per rate differ by %s", d.Kind, d.Number, off)
	}
	return e, nil
}

// deducted is what deposits take off a group.
func (d Document) deducted(g billing.TaxGroup) (sum billing.TaxGroup) {
	for _, x := range d.Deposits {
		if x.Category == g.Category && x.Rate == g.Rate {
			sum.Net, sum.Tax = sum.Net+x.Net, sum.Tax+x.Tax
		}
	}
	return sum
}

// post adds an amount: to the debit if it is positive, else to the credit.
func (e *Entry) post(p Posting, amount money.Cents) {
	switch {
	case amount > 0:
		p.Debit = amount
	case amount < 0:
		p.Credit = -amount
	default:
		return
	}
	if i := slices.IndexFunc(e.Lines, func(o Posting) bool {
		return o.Account == p.Account && (o.Debit == 0) == (p.Debit == 0)
	}); i >= 0 {
		e.Lines[i].Debit, e.Lines[i].Credit = e.Lines[i].Debit+p.Debit, e.Lines[i].Credit+p.Credit
		return
	}
	e.Lines = append(e.Lines, p)
}

// off is by how much debits exceed credits.
func (e Entry) off() (c money.Cents) {
	for _, p := range e.Lines {
		c += p.Debit - p.Credit
	}
	return c
}

func (d Document) text() string {
	if d.Kind == CreditNote {
		return Plain("Avoir " + d.Number + " sur " + d.Refers + " " + d.Client.Name)
	}
	if d.Kind == Deposit {
		return Plain("Facture d'acompte " + d.Number + " " + d.Client.Name)
	}
	return Plain("Facture " + d.Number + " " + d.Client.Name)
}

// Entries books documents under the numbers after `after`, as of the day on which
// their period was closed. Documents over nothing have no entry and take no number.
func (a Accounts) Entries(after int, closed calendar.Date, docs iter.Seq2[Document, error]) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		n := after
		for d, err := range docs {
			var e Entry
			if err == nil {
				e, err = a.Entry(d)
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if len(e.Lines) == 0 {
				continue
			}
			n++
			e.Number, e.Closed = n, closed
			if !yield(e, nil) {
				return
			}
		}
	}
}
