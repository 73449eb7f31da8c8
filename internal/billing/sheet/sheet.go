// Package sheet writes finalised invoices as CSV for spreadsheets: one row per
// invoice, and one per line.
//
// Files are UTF-8 with `;` between fields, as French spreadsheets read them; amounts
// are euros with two decimals. It reads frozen invoices only and sums nothing that
// they do not hold.
package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing"
)

// Options of a sheet.
type Options struct {
	DecimalComma bool // 299,52 instead of 299.52
}

// Invoices writes one row per invoice.
func Invoices(w io.Writer, all []billing.Invoice, o Options) error {
	rows := [][]string{{"number", "date", "due", "month", "contract", "offer", "client", "name", "siren", "siret", "net", "tax", "total"}}
	for _, inv := range all {
		rows = append(rows, []string{inv.Number, inv.Date.String(), inv.Due.String(), inv.Month.String(), inv.Contract, inv.Offer,
			inv.Client.ID, plain(inv.Client.Name), inv.Client.SIREN, inv.Client.SIRET, o.number(inv.Net.Decimal()), o.number(inv.Tax.Decimal()), o.number(inv.Total.Decimal())})
	}
	return write(w, rows)
}

// Lines writes one row per line. Quantity x price / per comes to the net amount;
// hours are minutes with their price per 60.
func Lines(w io.Writer, all []billing.Invoice, o Options) error {
	rows := [][]string{{"number", "line", "client", "name", "part", "for", "from", "to", "title", "detail", "quantity", "unit", "price", "per", "vat_category", "vat_rate", "net"}}
	for _, inv := range all {
		for i, l := range inv.Lines {
			rows = append(rows, []string{inv.Number, fmt.Sprint(i + 1), inv.Client.ID, plain(inv.Client.Name), string(l.Part), l.For.String(), l.From.String(), l.To.String(),
				plain(l.Title), plain(l.Detail), fmt.Sprint(l.Quantity), string(l.Unit), o.number(l.Price.Decimal()), fmt.Sprint(l.Per),
				string(l.Category), o.number(l.Rate.Decimal()), o.number(l.Net.Decimal())})
		}
	}
	return write(w, rows)
}

func write(w io.Writer, rows [][]string) error {
	out := csv.NewWriter(w)
	out.Comma = ';'
	return out.WriteAll(rows)
}

func (o Options) number(s string) string {
	if o.DecimalComma {
		return strings.Replace(s, ".", ",", 1)
	}
	return s
}

// plain keeps a spreadsheet from taking a text for a formula, and no-break spaces
// out of searches.
func plain(s string) string {
	s = strings.ReplaceAll(s, "\u00a0", " ")
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
