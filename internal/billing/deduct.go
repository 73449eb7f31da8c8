package billing

import (
	"fmt"
	"slices"

	"codeberg.org/accolade/accolade/internal/store"
)

// Advances are taken off invoices by VAT group: what was taxed before at a rate is taken
// off what is taxed at it now. The invoice names the whole, with its tax; the deposits
// lower what is left to pay, and in the books the advance and its tax are reversed.

// paidAdvances are those of a contract that an invoice may deduct: paid, and not yet
// taken off in whole.
func paidAdvances(tx store.Tx, contractID string) (paid []Advance, err error) {
	all, err := advancesOf(tx, "open", contractID)
	for _, x := range all {
		r, err := receivable(tx, x.Number)
		if err != nil {
			return nil, err
		}
		if r.Left() <= 0 {
			paid = append(paid, x)
		}
	}
	return paid, err
}

// deduct takes advances off a draft that is added up: in the order of their issue, each
// as far as the lines of its VAT group come to.
func (d *Draft) deduct(paid []Advance) {
	inv := &d.Invoice
	bears := slices.Clone(inv.Groups)
	for _, x := range paid {
		i := x.Over.in(bears)
		if i < 0 || bears[i].Net <= 0 || x.Date.After(inv.Date) {
			continue
		}
		part := x.part(min(x.Left().Net, bears[i].Net))
		bears[i].Net -= part.Net
		inv.Deposits = append(inv.Deposits, Deposit{Reference: Reference{Number: x.Number, Date: x.Date}, Category: part.Category, Rate: part.Rate, Net: part.Net, Tax: part.Tax, Total: part.Net + part.Tax})
	}
}

// after is an advance once an invoice has taken its part.
func (x Advance) after(inv Invoice) Advance {
	for _, d := range inv.Deposits {
		if d.Number == x.Number {
			x.Taken = append(slices.Clip(x.Taken), Taking{inv.Number, d.Net, d.Tax})
		}
	}
	return x
}

// spend notes what an invoice that is being frozen takes off advances.
func spend(tx store.Tx, inv Invoice) error {
	for _, d := range inv.Deposits {
		x, err := advances.Get(tx, d.Number)
		if err != nil {
			return err
		}
		if err := advances.Put(tx, x.Number, x.after(inv)); err != nil {
			return err
		}
	}
	return nil
}

// giveBack notes what a credit note does to advances: one over a deposit invoice uses it
// up, one over a whole invoice that deducted some makes these open again.
func giveBack(tx store.Tx, note Invoice) error {
	if note.Corrects.Of == DepositInvoice {
		x, err := advances.Get(tx, note.Corrects.Number)
		if err != nil {
			return err
		}
		x.Taken = append(x.Taken, Taking{note.Number, note.Net, note.Tax})
		return advances.Put(tx, x.Number, x)
	}
	for _, d := range note.Deposits {
		x, err := advances.Get(tx, d.Number)
		if err != nil {
			return err
		}
		x.Taken = slices.DeleteFunc(x.Taken, func(u Taking) bool { return u.Document == note.Corrects.Number })
		if err := advances.Put(tx, x.Number, x); err != nil {
			return err
		}
	}
	return nil
}

// creditable refuses to credit an advance that invoices took off: they are what is wrong.
func creditable(tx store.Tx, inv Invoice) error {
	if inv.Type != DepositInvoice {
		return nil
	}
	x, err := advances.Get(tx, inv.Number)
	if err != nil {
		return err
	}
	for _, u := range x.Taken {
		taker, err := archive.get(tx, u.Document)
		if err != nil {
			return err
		}
		if taker.Type != CreditNote {
			return refused("credit that invoice: accolade invoice credit "+u.Document, "invoice %s took %s off, so it can no longer be given back by itself", u.Document, inv.Number)
		}
	}
	return nil
}

// wrongAdvances are those of which the record says that something else was taken off than
// the documents do, and what these say.
func wrongAdvances(tx store.Tx) (wrong []Mismatch, takings map[string][]Taking, err error) {
	takings = map[string][]Taking{}
	var notes []Invoice // looked at last: they undo what invoices did
	for number := range archive.c.All(tx, &err) {
		inv, err := archive.get(tx, number)
		if err != nil {
			return nil, nil, err
		}
		if inv.Type == CreditNote {
			notes = append(notes, inv)
			continue
		}
		for _, d := range inv.Deposits {
			takings[d.Number] = append(takings[d.Number], Taking{number, d.Net, d.Tax})
		}
	}
	if err != nil {
		return nil, nil, err
	}
	for _, note := range notes {
		if note.OnDeposit() {
			takings[note.Corrects.Number] = append(takings[note.Corrects.Number], Taking{note.Number, note.Net, note.Tax})
		}
		for _, d := range note.Deposits {
			if !note.OnDeposit() {
				takings[d.Number] = slices.DeleteFunc(takings[d.Number], func(t Taking) bool { return t.Document == note.Corrects.Number })
			}
		}
	}
	for number, x := range advances.All(tx, &err) {
		books := x
		books.Taken = takings[number]
		if have, want := x.Left(), books.Left(); have != want {
			wrong = append(wrong, Mismatch{number, fmt.Sprintf("%s and %s of the deposit are left to take off, the books say %s and %s", have.Net, have.Tax, want.Net, want.Tax)})
		}
	}
	return wrong, takings, err
}
