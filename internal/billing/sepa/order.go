package sepa

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Order asks the bank to collect: what becomes one pain.008 file.
type Order struct {
	ID       string    `json:"id"`      // of the message, at most 30 characters: batches add theirs
	Created  time.Time `json:"created"` // to the second
	Creditor Creditor  `json:"creditor"`
	Debits   []Debit   `json:"debits"`
}

// Debit collects one invoice.
type Debit struct {
	Invoice  string        `json:"invoice"` // its number is the end-to-end identifier
	Amount   money.Cents   `json:"amount"`
	On       calendar.Date `json:"on"` // a banking day
	Sequence Sequence      `json:"sequence"`
	Mandate  Mandate       `json:"mandate"`
	Text     string        `json:"text,omitempty"` // what the debtor reads beside the number
}

// Sequence is the place of a debit in the life of its mandate.
type Sequence string

// The sequence types, in the order in which they stand in a file.
const (
	First     Sequence = "FRST" // of a series
	Recurrent Sequence = "RCUR" // neither first nor last
	Final     Sequence = "FNAL" // of a series; the mandate is used up
	OneOff    Sequence = "OOFF" // of a mandate for one debit
)

// sequences are all of them.
var sequences = []Sequence{First, Recurrent, Final, OneOff}

// Batch is what the bank books in one sum: the debits of one sequence type and day.
type Batch struct {
	ID       string // `DEBIT-000001-1`
	Sequence Sequence
	On       calendar.Date
	Sum      money.Cents
	Debits   []Debit // by invoice
}

// Batches are the order's, by day and sequence type.
func (o Order) Batches() []Batch {
	debits := slices.SortedFunc(slices.Values(o.Debits), func(a, b Debit) int {
		return cmp.Or(a.On.Compare(b.On), cmp.Compare(slices.Index(sequences, a.Sequence), slices.Index(sequences, b.Sequence)), cmp.Compare(a.Invoice, b.Invoice))
	})
	var batches []Batch
	for _, d := range debits {
		if n := len(batches); n == 0 || batches[n-1].On != d.On || batches[n-1].Sequence != d.Sequence {
			batches = append(batches, Batch{ID: fmt.Sprintf("%s-%d", o.ID, n+1), Sequence: d.Sequence, On: d.On})
		}
		b := &batches[len(batches)-1]
		b.Debits, b.Sum = append(b.Debits, d), b.Sum+d.Amount
	}
	return batches
}

// Sum is what the whole order collects.
func (o Order) Sum() (sum money.Cents) {
	for _, d := range o.Debits {
		sum += d.Amount
	}
	return sum
}

// longestOrder leaves room for the number of a batch.
const longestOrder = longestIdentifier - 5

// mostDebits is far beyond what a cooperative collects, and keeps control sums and the
// numbers of batches within their fields.
const mostDebits = 9999

// Tidy brings all fields into their plain form, or refuses the first that the bank
// would: an *Invalid.
func (o Order) Tidy() (Order, error) {
	if err := checkIdentifier("order", o.ID); err != nil {
		return o, err
	}
	if len(o.ID) > longestOrder {
		return o, invalid("order", o.ID, "at most %d characters, this has %d", longestOrder, len(o.ID))
	}
	var err error
	if o.Creditor, err = o.Creditor.tidy(); err != nil {
		return o, of("creditor", err)
	}
	if n := len(o.Debits); n == 0 || n > mostDebits {
		return o, invalid("order", o.ID, "a file holds 1 to %d debits, this has %d", mostDebits, n)
	}
	o.Created = o.Created.Truncate(time.Second).UTC()
	o.Debits = slices.Clone(o.Debits)
	today := calendar.Of(o.Created, calendar.Paris())
	invoices, once := map[string]bool{}, map[string]bool{}
	for i := range o.Debits {
		d := &o.Debits[i]
		if err := d.tidy(today); err != nil {
			return o, of("debit "+shown(d.Invoice), err)
		}
		if invoices[d.Invoice] {
			return o, invalid("debit", d.Invoice, "an invoice is collected once in a file")
		}
		invoices[d.Invoice] = true
		// Nothing follows a single or a last debit, and only one can be the first.
		if key := d.Mandate.ID + "\x00" + string(d.Sequence); d.Sequence != Recurrent {
			if once[key] {
				return o, of("debit "+d.Invoice, invalid("sequence", d.Sequence, "mandate %s has one of them already in this file", d.Mandate.ID))
			}
			once[key] = true
		}
	}
	return o, nil
}

func (d *Debit) tidy(today calendar.Date) (err error) {
	if err := checkIdentifier("invoice", d.Invoice); err != nil {
		return err
	}
	if err := CheckAmount(d.Amount); err != nil {
		return err
	}
	if err := CheckCollectionDate(d.On, today); err != nil {
		return err
	}
	if !slices.Contains(sequences, d.Sequence) {
		return invalid("sequence", d.Sequence, "want FRST, RCUR, FNAL or OOFF")
	}
	if d.Mandate, err = d.Mandate.Tidy(today); err != nil {
		return err
	}
	d.Text = Latin(d.Text)
	return nil
}

// remittance is what the debtor reads on his statement.
func (d Debit) remittance() string {
	if d.Text == "" {
		return d.Invoice
	}
	return cut(d.Invoice+" "+d.Text, longestRemittance)
}
