package billing

import (
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing/match"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// CancelDebits takes an order back whose file the bank has not got, or has refused as a
// whole: its invoices may be collected anew.
func (s *Service) CancelDebits(a contract.Actor, id, why string) (d DebitOrder, err error) {
	if why, err = checkNote("reason", why, true); err != nil {
		return d, err
	}
	err = s.book(a, "debit.cancel", func(tx store.Tx) (string, string, error) {
		if d, err = debits.Get(tx, id); err != nil {
			return "", "", err
		}
		switch {
		case d.Undone != nil:
			return "", "", refused("", "order %s was cancelled on %s", id, d.Undone.On)
		case d.settled():
			return "", "", refused("what the bank took back is undone by: accolade payment undo", "money of order %s has come already", id)
		}
		for _, x := range d.Order.Debits {
			if d.Done[x.Invoice].Dropped == "" {
				if err := release(tx, d.ID, x, true); err != nil {
					return "", "", err
				}
			}
		}
		d.Undone = &Undone{On: s.Today(), Reason: why, At: s.Clock.Now(), By: a.Who}
		return "debit/" + id, why, debits.Put(tx, id, d)
	})
	return d, err
}

// release lets go of an invoice; unused gives its use back to the mandate.
func release(tx store.Tx, order string, x sepa.Debit, unused bool) error {
	if _, err := changeReceivable(tx, x.Invoice, func(r *Receivable) { r.Debit = "" }); err != nil || !unused {
		return err
	}
	return useMandate(tx, x.Mandate.ID, func(m *SignedMandate) {
		m.Uses = slices.DeleteFunc(m.Uses, func(u Use) bool { return u.Order == order && u.Invoice == x.Invoice })
	})
}

// DropDebit takes one debit out of a live order: the bank said that it will not carry
// it out.
func (s *Service) DropDebit(a contract.Actor, id, invoice, why string) (d DebitOrder, err error) {
	if why, err = checkNote("reason", why, true); err != nil {
		return d, err
	}
	err = s.book(a, "debit.drop", func(tx store.Tx) (string, string, error) {
		if d, err = debits.Get(tx, id); err != nil {
			return "", "", err
		}
		i := d.find(invoice)
		switch {
		case d.Undone != nil:
			return "", "", refused("", "order %s was cancelled on %s", id, d.Undone.On)
		case i < 0:
			return "", "", &store.NotFoundError{Kind: "debit", ID: id + " " + invoice}
		case d.Done[invoice].Payment != "":
			return "", "", refused("accolade payment undo "+d.Done[invoice].Payment, "the money of %s has come, as payment %s", invoice, d.Done[invoice].Payment)
		case d.Done[invoice].Dropped != "":
			return "", "", refused("", "%s is dropped already: %s", invoice, d.Done[invoice].Dropped)
		}
		if err := release(tx, d.ID, d.Order.Debits[i], true); err != nil {
			return "", "", err
		}
		d.fate(invoice, Fate{Dropped: why})
		return "debit/" + id, invoice + ": " + why, debits.Put(tx, id, d)
	})
	return d, err
}

// find is the place of an invoice's debit in the order, -1 if it has none.
func (d DebitOrder) find(invoice string) int {
	return slices.IndexFunc(d.Order.Debits, func(x sepa.Debit) bool { return x.Invoice == invoice })
}

// settled reports whether any money has come.
func (d DebitOrder) settled() bool {
	for _, f := range d.Done {
		if f.Payment != "" {
			return true
		}
	}
	return false
}

func (d *DebitOrder) fate(invoice string, f Fate) {
	if d.Done == nil {
		d.Done = map[string]Fate{}
	}
	d.Done[invoice] = f
}

// SettleDebits records the payments of an order whose money has come: of one batch, or
// of all that wait with an empty one.
func (s *Service) SettleDebits(a contract.Actor, id, batch string, on calendar.Date) (d DebitOrder, err error) {
	err = s.book(a, "debit.settle", func(tx store.Tx) (string, string, error) {
		var done []string
		if d, done, err = s.settleTx(tx, a, id, batch, on, ""); err != nil {
			return "", "", err
		}
		return "debit/" + id, strings.Join(done, " "), nil
	})
	return d, err
}

func (s *Service) settleTx(tx store.Tx, a contract.Actor, id, batch string, on calendar.Date, movement string) (d DebitOrder, done []string, err error) {
	if d, err = debits.Get(tx, id); err != nil {
		return d, nil, err
	}
	if on.IsZero() {
		on = d.On
	}
	if on.Before(d.On) || on.After(s.Today()) {
		return d, nil, &sepa.Invalid{Field: "date", Value: on.String(), Allowed: fmt.Sprintf("the money comes on %s or later, and is recorded once it is there; today is %s", d.On, s.Today())}
	}
	found := false
	for _, b := range d.Waiting() {
		if batch != "" && b.ID != batch {
			continue
		}
		found = true
		for _, x := range b.Debits {
			if _, err := s.settleDebit(tx, a, &d, x, on, movement); err != nil {
				return d, nil, err
			}
		}
		done = append(done, b.ID)
	}
	if !found {
		return d, nil, refused("accolade debit show "+id, "no money of %s is waited for", strings.TrimSpace(id+" "+batch))
	}
	return d, done, debits.Put(tx, id, d)
}

// settleDebit makes a payment of a debit. What the client paid otherwise meanwhile
// stays with him as a rest.
func (s *Service) settleDebit(tx store.Tx, a contract.Actor, d *DebitOrder, x sepa.Debit, on calendar.Date, movement string) (Payment, error) {
	r, err := receivable(tx, x.Invoice)
	if err != nil {
		return Payment{}, err
	}
	p := Payment{Client: r.Client, On: on, Amount: x.Amount, How: ByDebit, Debit: d.ID, Mandate: x.Mandate.ID, Account: x.Mandate.IBAN, Movement: movement}
	if part := min(x.Amount, r.Left()); part > 0 {
		p.Parts = []match.Part{{Invoice: x.Invoice, Amount: part}}
	}
	if p, err = s.recordTx(tx, a, p); err != nil {
		return p, err
	}
	d.fate(x.Invoice, Fate{Payment: p.ID})
	return p, release(tx, d.ID, x, false)
}
