package billing

import (
	"fmt"
	"slices"

	"codeberg.org/accolade/accolade/internal/store"
)

// Reckon adds up invoices, credit notes, payments and orders of direct debits from their
// beginning, and says in a sentence each where a receivable holds something else. None is
// what it should find; it reads everything, so it is for auditors and tests.
func (s *Service) Reckon() (wrong []string, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		want, err := reckoned(tx)
		if err != nil {
			return err
		}
		seen := 0
		for number, have := range receivables.All(tx, &err) {
			seen++
			r, known := want[number]
			if !known || have.Total != r.Total || !slices.Equal(have.Credits, r.Credits) || have.Paid != r.Paid || have.Debit != r.Debit {
				wrong = append(wrong, fmt.Sprintf("invoice %s: kept is %s, credited %v, paid %s, collected by %q; the books say %s, %v, %s, %q",
					number, have.Total, have.Credits, have.Paid, have.Debit, r.Total, r.Credits, r.Paid, r.Debit))
			}
		}
		if seen != len(want) {
			wrong = append(wrong, fmt.Sprintf("%d invoices were frozen, %d have a receivable", len(want), seen))
		}
		return err
	})
	return wrong, err
}

func reckoned(tx store.Tx) (map[string]Receivable, error) {
	want := map[string]Receivable{}
	change := func(number string, fn func(*Receivable)) {
		r := want[number]
		fn(&r)
		want[number] = r
	}
	var err error
	for number := range archive.c.All(tx, &err) {
		inv, err := archive.get(tx, number)
		if err != nil {
			return nil, err
		}
		switch {
		case inv.Type != CreditNote:
			change(number, func(r *Receivable) { r.Total = inv.Payable() })
		case inv.Corrects != nil:
			change(inv.Corrects.Number, func(r *Receivable) {
				r.Credits = append(r.Credits, Credit{number, inv.Date, inv.Payable()})
			})
		}
	}
	if err != nil {
		return nil, err
	}
	for _, p := range payments.All(tx, &err) {
		if p.Undone != nil {
			continue
		}
		for _, x := range p.Parts {
			change(x.Invoice, func(r *Receivable) { r.Paid += x.Amount })
		}
	}
	if err != nil {
		return nil, err
	}
	for _, d := range debits.All(tx, &err) {
		for _, b := range d.Waiting() {
			for _, x := range b.Debits {
				change(x.Invoice, func(r *Receivable) { r.Debit = d.ID })
			}
		}
	}
	return want, err
}
