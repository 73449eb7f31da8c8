package billing

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// Mismatch is a receivable that says something else than the books.
type Mismatch struct {
	Invoice string `json:"invoice"`
	What    string `json:"what"`
}

// Reckon adds up invoices, credit notes, payments and orders of direct debits from their
// beginning, and says where a receivable holds something else, or is missing. None is
// what it should find; it reads everything, so it is for accolade doctor and tests.
func (s *Service) Reckon() (wrong []Mismatch, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		if wrong, _, err = mismatches(tx); err != nil {
			return err
		}
		advances, _, err := wrongAdvances(tx)
		wrong = append(wrong, advances...)
		return err
	})
	return wrong, err
}

// MendReceivables writes the receivables that are wrong or missing anew, from the books.
func (s *Service) MendReceivables(a contract.Actor) (wrong []Mismatch, err error) {
	err = s.book(a, "receivable.mend", func(tx store.Tx) (string, string, error) {
		var right map[string]Receivable
		if wrong, right, err = mismatches(tx); err != nil {
			return "", "", err
		}
		what := []string{}
		for _, m := range wrong {
			r, known := right[m.Invoice]
			if !known {
				err = receivables.Delete(tx, m.Invoice)
			} else {
				err = receivables.Put(tx, m.Invoice, r)
			}
			if err != nil {
				return "", "", err
			}
			what = append(what, m.Invoice)
		}
		more, takings, err := wrongAdvances(tx)
		if err != nil {
			return "", "", err
		}
		for _, m := range more {
			x, err := advances.Get(tx, m.Invoice)
			if err != nil {
				return "", "", err
			}
			x.Taken = takings[m.Invoice]
			if err := advances.Put(tx, m.Invoice, x); err != nil {
				return "", "", err
			}
			wrong, what = append(wrong, m), append(what, m.Invoice)
		}
		return "receivables", fmt.Sprintf("%d were wrong: %s", len(what), strings.Join(what, " ")), nil
	})
	return wrong, err
}

// mismatches compares, and returns what the books say beside.
func mismatches(tx store.Tx) (wrong []Mismatch, right map[string]Receivable, err error) {
	if right, err = reckoned(tx); err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	for number, have := range receivables.All(tx, &err) {
		seen[number] = true
		r, known := right[number]
		if !known {
			wrong = append(wrong, Mismatch{number, "something is due for it, and it was never issued"})
			continue
		}
		r.Reminded = have.Reminded
		right[number] = r
		if !reflect.DeepEqual(have, r) {
			wrong = append(wrong, Mismatch{number, fmt.Sprintf("%s is left to pay (collected by %q), the books say %s (%q)", have.Left(), have.Debit, r.Left(), r.Debit)})
		}
	}
	for number := range right {
		if !seen[number] {
			wrong = append(wrong, Mismatch{number, "nothing is due for it, and it was issued"})
		}
	}
	slices.SortFunc(wrong, func(a, b Mismatch) int { return strings.Compare(a.Invoice, b.Invoice) })
	return wrong, right, err
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
			change(number, func(r *Receivable) {
				credits := r.Credits
				*r = receivableOf(inv)
				r.Credits = credits
			})
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
