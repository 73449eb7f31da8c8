package billing

import (
	"fmt"
	"slices"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Receivable is what a frozen invoice is still due. It holds nothing of its own:
// invoices, credit notes, payments and orders of direct debits give it again (see
// Reckon), and it changes in their transactions.
type Receivable struct {
	Invoice  string        `json:"invoice"`
	Client   string        `json:"client"` // ID
	Name     string        `json:"name"`   // of the client, as on the invoice
	Date     calendar.Date `json:"date"`
	Due      calendar.Date `json:"due"`
	Total    money.Cents   `json:"total"`              // with tax, deposits taken off
	Credits  []Credit      `json:"credits,omitempty"`  // credit notes
	Paid     money.Cents   `json:"paid,omitempty"`     // by payments that were not undone
	Debit    string        `json:"debit,omitempty"`    // the live order that collects it
	Reminded []Reminded    `json:"reminded,omitempty"` // in the order of the levels
}

// Credit is what a credit note takes off an invoice.
type Credit struct {
	Number string        `json:"number"`
	On     calendar.Date `json:"on"`
	Amount money.Cents   `json:"amount"`
}

// Left is what is still to pay; below zero, what is to give back.
func (r Receivable) Left() money.Cents {
	left := r.Total - r.Paid
	for _, c := range r.Credits {
		left -= c.Amount
	}
	return left
}

// Receivables by client, and those that are open by client and all together.
var receivables = store.NewCollection[Receivable]("receivable", 1,
	store.WithIndex("client", func(r Receivable) []string { return []string{r.Client} }),
	store.WithIndex("open", func(r Receivable) []string {
		if r.Left() == 0 && r.Debit == "" {
			return nil
		}
		return []string{everyone, r.Client}
	}))

// everyone stands for all clients in an index; no client has it for an ID.
const everyone = "*"

// owe notes what a document that is being frozen is due, or takes back.
func owe(tx store.Tx, inv Invoice) error {
	if inv.Type != CreditNote {
		return receivables.Insert(tx, inv.Number, receivableOf(inv))
	}
	if inv.Corrects == nil {
		return fmt.Errorf("credit note %s: names no invoice", inv.Number)
	}
	_, err := changeReceivable(tx, inv.Corrects.Number, func(r *Receivable) {
		r.Credits = append(r.Credits, Credit{inv.Number, inv.Date, inv.Payable()})
	})
	return err
}

func receivableOf(inv Invoice) Receivable {
	return Receivable{Invoice: inv.Number, Client: inv.Client.ID, Name: inv.Client.Name, Date: inv.Date, Due: inv.Due, Total: inv.Payable()}
}

func changeReceivable(tx store.Tx, number string, change func(*Receivable)) (Receivable, error) {
	r, err := receivable(tx, number)
	if err != nil {
		return r, err
	}
	change(&r)
	return r, receivables.Put(tx, number, r)
}

// receivable finds the record of an invoice; what is missing is an invoice.
func receivable(tx store.Tx, number string) (Receivable, error) {
	found, err := receivables.Has(tx, number)
	if err == nil && !found {
		err = &store.NotFoundError{Kind: "invoice", ID: number}
	}
	if err != nil {
		return Receivable{}, err
	}
	return receivables.Get(tx, number)
}

// openOf are the open receivables of a client (or of everyone), the oldest first.
func openOf(tx store.Tx, client string) ([]Receivable, error) {
	all, err := receivables.ByIndex(tx, "open", client)
	slices.SortStableFunc(all, byDate)
	return all, err
}

func byDate(a, b Receivable) int {
	if c := a.Date.Compare(b.Date); c != 0 {
		return c
	}
	return compareNumbers(a.Invoice, b.Invoice)
}

// compareNumbers orders numbers of one series by their length, then as text.
func compareNumbers(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Receivables are what is open, of one client or, with an empty reference, of all; with
// all also what is paid.
func (s *Service) Receivables(client string, all bool) (list []Receivable, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		key := everyone
		if client != "" {
			c, err := contract.ClientByRef(tx, client)
			if err != nil {
				return err
			}
			key = c.ID
		}
		switch {
		case !all:
			list, err = openOf(tx, key)
		case key == everyone:
			list, err = receivables.List(tx)
		default:
			list, err = receivables.ByIndex(tx, "client", key)
		}
		slices.SortStableFunc(list, byDate)
		return err
	})
	return list, err
}

// Receivable is what one invoice is due.
func (s *Service) Receivable(number string) (r Receivable, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		r, err = receivable(tx, number)
		return err
	})
	return r, err
}

// book runs fn in one transaction with the audit record of what it did.
func (s *Service) book(a contract.Actor, action string, fn func(store.Tx) (object, detail string, err error)) error {
	return s.DB.Update(func(tx store.Tx) error { return s.bookTx(tx, a, action, fn) })
}

func (s *Service) bookTx(tx store.Tx, a contract.Actor, action string, fn func(store.Tx) (object, detail string, err error)) error {
	return contract.Audited(tx, s.Clock.Now(), a, action, fn)
}

// refused builds an operation.Refused.
func refused(fix, why string, args ...any) error {
	return &operation.Refused{Why: fmt.Sprintf(why, args...), Fix: fix}
}
