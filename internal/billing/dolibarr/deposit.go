package dolibarr

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/money"
)

// A deposit is taken off in Dolibarr by its own means: the deposit invoice becomes a credit
// of the client, and the final invoice uses it up as a line. Dolibarr's accounting then
// books the line on the account of deposits, as the deposit invoice was, and the credit is
// on offer no more. A credit can be used whole or not at all: of a deposit of which a part
// is taken off, or that is not in Dolibarr, a line of our own says how much. It is
// described as Dolibarr describes its own, by which its accounting knows such lines.

// depositLine describes a line that takes a deposit off.
const depositLine = "(DEPOSIT)"

// credit is what a deposit invoice became.
type credit struct {
	ID   int64  `json:"id"`
	Line int64  `json:"fk_facture_line"` // that used it; 0: none
	Net  string `json:"amount_ht"`
	Tax  string `json:"amount_tva"`
}

// credits are those that a document uses up: for each of its deposits one, or 0 where a
// line of our own does.
func (c *Client) credits(ctx context.Context, d books.Document, there invoice) ([]int64, error) {
	use := make([]int64, len(d.Deposits))
	if d.Kind == books.CreditNote {
		return use, nil // it takes nothing off: it takes back
	}
	for i, x := range d.Deposits {
		source, found, err := c.find(ctx, books.Document{Number: x.Number})
		if err != nil {
			return nil, err
		}
		if !found || source.Type != deposit {
			continue
		}
		if source.Status == draft {
			return nil, &Refusal{d.Number, "the deposit invoice that it takes off, " + x.Number + ", is a draft in Dolibarr", "validate it there"}
		}
		if cents(source.Total) != x.Total {
			continue // a part of it
		}
		made, err := c.credit(ctx, d, source)
		if err != nil {
			return nil, err
		}
		used := made.Line != 0 && !there.uses(made.ID)
		if !used && cents(made.Net) == x.Net && cents(made.Tax) == x.Tax {
			use[i] = made.ID
		}
	}
	return use, nil
}

// credit is that of a deposit invoice; it is made if it is not there.
func (c *Client) credit(ctx context.Context, d books.Document, source invoice) (made credit, err error) {
	path := fmt.Sprintf("/invoices/%d/discount", source.ID)
	if err = c.get(ctx, path, nil, &made); !errors.Is(err, errNone) {
		return made, err
	}
	var same invoice
	err = c.post(ctx, fmt.Sprintf("/invoices/%d/markAsCreditAvailable", source.ID), map[string]any{}, &same)
	if failed, ok := errors.AsType[*Failed](err); ok && failed.Status == http.StatusInternalServerError && !failed.Foreign {
		return made, &Refusal{d.Number, fmt.Sprintf("the deposit invoice that it takes off, %s, cannot become a credit of the client in Dolibarr: %s", source.Ref, failed.Reason), "turn it into one on its page there"}
	}
	if err != nil {
		return made, err
	}
	return made, c.get(ctx, path, nil, &made)
}

// takeOff has a draft use the credits that it does not use yet. A draft that comes to
// something else without them was changed by somebody, and stays as it is.
func (c *Client) takeOff(ctx context.Context, d books.Document, there invoice, use []int64) (invoice, error) {
	want := d.Signed(d.Total)
	var missing []int64
	for i, id := range use {
		if id != 0 && !there.uses(id) {
			missing, want = append(missing, id), want+d.Deposits[i].Total
		}
	}
	if len(missing) == 0 || cents(there.Total) != want {
		return there, nil
	}
	for _, id := range missing {
		var done int64
		if err := c.post(ctx, fmt.Sprintf("/invoices/%d/usediscount/%d", there.ID, id), map[string]any{}, &done); err != nil {
			return there, refused(d, err)
		}
	}
	var now invoice
	return now, c.get(ctx, fmt.Sprintf("/invoices/%d", there.ID), nil, &now)
}

// uses tells whether a line of the invoice is a credit.
func (i invoice) uses(id int64) bool {
	return slices.ContainsFunc(i.Lines, func(l lineThere) bool { return l.Credit == id })
}

// before is a document as it was before some of its deposits were taken off.
func before(d books.Document, deducted func(i int) bool) books.Document {
	d.Groups = slices.Clone(d.Groups)
	var lines []billing.Line
	var left []billing.Deposit
	n := -1 // of the deposit; they stand in their order
	for _, l := range d.Lines {
		if l.Part == books.Deduction {
			n++
		}
		if l.Part != books.Deduction {
			lines = append(lines, l)
			continue
		}
		x := d.Deposits[n]
		if !deducted(n) {
			lines, left = append(lines, l), append(left, x)
			continue
		}
		d.Net, d.Tax, d.Total = d.Net+x.Net, d.Tax+x.Tax, d.Total+x.Total
		for i := range d.Groups {
			if g := &d.Groups[i]; g.Category == x.Category && g.Rate == x.Rate {
				g.Net, g.Tax = g.Net+x.Net, g.Tax+x.Tax
			}
		}
	}
	d.Lines, d.Deposits = lines, left
	return d
}

// cents reads an amount of theirs.
func cents(amount string) money.Cents {
	return money.Round(decimal(amount).Mul(decimal(amount), decimal("100")))
}
