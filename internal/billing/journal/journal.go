// Package journal writes the journal of sales as CSV for an accountant without
// software that reads a FEC: the same entries under the same numbers, one row for
// each posting, with the columns in French.
package journal

import (
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/sheet"
	"codeberg.org/accolade/accolade/internal/money"
)

// columns are the names of the fields.
var columns = []string{"journal", "écriture", "date", "compte", "libellé du compte", "tiers", "nom du tiers", "pièce", "échéance", "libellé", "débit", "crédit"}

// Write writes entries: UTF-8, `;` between fields, the side that is not used is empty.
func Write(w io.Writer, entries iter.Seq2[books.Entry, error], o sheet.Options) error {
	out := csv.NewWriter(w)
	out.Comma = ';'
	if err := out.Write(columns); err != nil {
		return err
	}
	for e, err := range entries {
		if err != nil {
			return err
		}
		for _, p := range e.Lines {
			row := []string{e.Journal.Number, strconv.Itoa(e.Number), e.Date.String(), p.Account.Number, p.Account.Name, p.Client, p.ClientName,
				e.Document, e.Due.String(), e.Text, amount(p.Debit, o), amount(p.Credit, o)}
			for i := range row[:len(row)-2] {
				row[i] = sheet.Guarded(row[i])
			}
			if err := out.Write(row); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

func amount(c money.Cents, o sheet.Options) string {
	switch {
	case c == 0:
		return ""
	case o.DecimalComma:
		return strings.Replace(c.Decimal(), ".", ",", 1)
	}
	return c.Decimal()
}
