package sheet

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// Check looks at the forms of a row's cells.
func (t Table) Check(n int, row Row) error {
	if len(row) != len(t.Columns) {
		return &Bad{t.Name, n, "", fmt.Sprintf("%d cells, want %d", len(row), len(t.Columns))}
	}
	for i, c := range t.Columns {
		var err error
		switch {
		case c.Form == Day && row[i] != "":
			_, err = calendar.Parse(row[i])
		case c.Form.number():
			_, err = scaled(row[i], c.Form.decimals())
		}
		if err != nil {
			return &Bad{t.Name, n, c.Name, err.Error()}
		}
	}
	return nil
}

// scaled reads a decimal number as a whole number of its smallest unit.
func scaled(s string, decimals int) (int64, error) {
	bad := fmt.Errorf("%q is no number with at most %d decimals", s, decimals)
	digits, minus := strings.CutPrefix(s, "-")
	whole, frac, point := strings.Cut(digits, ".")
	if whole == "" || point && (frac == "" || len(frac) > decimals) || strings.Trim(whole+frac, "0123456789") != "" {
		return 0, bad
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", decimals-len(frac)), 10, 64)
	if err != nil {
		return 0, bad
	}
	if minus {
		return -n, nil
	}
	return n, nil
}

// cells are a row by the names of its columns.
type cells struct {
	table Table
	n     int
	row   Row
}

func (c cells) text(name string) string {
	for i, col := range c.table.Columns {
		if col.Name == name {
			return c.row[i]
		}
	}
	return ""
}

// number, day and month read cells that Check has passed.
func (c cells) number(name string) int64 {
	for i, col := range c.table.Columns {
		if col.Name == name {
			n, _ := scaled(c.row[i], col.Form.decimals())
			return n
		}
	}
	return 0
}

func (c cells) cents(name string) money.Cents { return money.Cents(c.number(name)) }

func (c cells) day(name string) (d calendar.Date) {
	if text := c.text(name); text != "" {
		d, _ = calendar.Parse(text)
	}
	return d
}

func (c cells) month(name string) (calendar.Month, error) {
	m, err := calendar.ParseMonth(c.text(name))
	if err != nil {
		return m, c.bad(name, "%v", err)
	}
	return m, nil
}

func (c cells) bad(column, why string, a ...any) error {
	return &Bad{c.table.Name, c.n, column, fmt.Sprintf(why, a...)}
}

// each numbers the rows as a spreadsheet does.
func each(t Table, rows iter.Seq2[Row, error], take func(cells) error) error {
	n := 1
	for row, err := range rows {
		n++
		if err == nil {
			err = take(cells{t, n, row})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Documents puts the rows of three tables together again. Of a client they hold ID,
// name, SIREN and SIRET. Sums that do not fit are refused, as *Bad.
func Documents(invoices, lines, vat iter.Seq2[Row, error]) ([]books.Document, error) {
	var docs []books.Document
	at := map[string]int{}
	err := each(Invoices, invoices, func(c cells) error {
		d, err := document(c)
		if err != nil {
			return err
		}
		if _, twice := at[d.Number]; twice || d.Number == "" {
			return c.bad("number", "%q is there twice, or empty", d.Number)
		}
		at[d.Number] = len(docs)
		docs = append(docs, d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	of := func(c cells) (*books.Document, error) {
		i, ok := at[c.text("number")]
		if !ok {
			return nil, c.bad("number", "%q is no row of invoices", c.text("number"))
		}
		return &docs[i], nil
	}
	if err := each(Lines, lines, func(c cells) error {
		d, err := of(c)
		if err != nil {
			return err
		}
		if got, want := c.number("line"), int64(len(d.Lines)+1); got != want {
			return c.bad("line", "%d, but the next line of %s is %d", got, d.Number, want)
		}
		l, err := line(c, d.Sign())
		d.Lines = append(d.Lines, l)
		return err
	}); err != nil {
		return nil, err
	}
	if err := each(VAT, vat, func(c cells) error {
		d, err := of(c)
		if err != nil {
			return err
		}
		d.Groups = append(d.Groups, billing.TaxGroup{Category: billing.Category(c.text("vat_category")), Rate: money.Rate(c.number("vat_rate")),
			Net: d.Signed(c.cents("net")), Tax: d.Signed(c.cents("tax"))})
		return nil
	}); err != nil {
		return nil, err
	}
	for i, d := range docs {
		if why := unfit(d); why != "" {
			return nil, &Bad{Invoices.Name, i + 2, "number", d.Number + ": " + why}
		}
	}
	return docs, nil
}

func document(c cells) (d books.Document, err error) {
	d = books.Document{Kind: books.Kind(c.text("kind")), Number: c.text("number"), Refers: c.text("refers"), Date: c.day("date"), Due: c.day("due"),
		Contract: c.text("contract"), Offer: c.text("offer"), Lines: []billing.Line{},
		Client: billing.Buyer{ID: c.text("client"), Name: c.text("name"), SIREN: c.text("siren"), SIRET: c.text("siret")}}
	if d.Kind != books.Invoice && d.Kind != books.CreditNote && d.Kind != books.Deposit {
		return d, c.bad("kind", "%q: want %s, %s or %s", d.Kind, books.Invoice, books.CreditNote, books.Deposit)
	}
	d.Net, d.Tax, d.Total = d.Signed(c.cents("net")), d.Signed(c.cents("tax")), d.Signed(c.cents("total"))
	d.Month, err = c.month("month")
	return d, err
}

func line(c cells, sign int64) (l billing.Line, err error) {
	l = billing.Line{Part: billing.Part(c.text("part")), Title: c.text("title"), Detail: c.text("detail"), From: c.day("from"), To: c.day("to"),
		Quantity: sign * c.number("quantity"), Unit: billing.Unit(c.text("unit")), Price: money.UnitPrice(c.number("price")), Per: c.number("per"),
		Net: money.Cents(sign) * c.cents("net"), Category: billing.Category(c.text("vat_category")), Rate: money.Rate(c.number("vat_rate"))}
	l.For, err = c.month("for")
	return l, err
}

// unfit says which sums of a document differ.
func unfit(d books.Document) string {
	var lines, net, tax money.Cents
	for _, l := range d.Lines {
		lines += l.Net
	}
	for _, g := range d.Groups {
		net, tax = net+g.Net, tax+g.Tax
	}
	switch {
	case lines != d.Net:
		return fmt.Sprintf("its lines come to %s, its net amount is %s", lines, d.Net)
	case net != d.Net || tax != d.Tax:
		return fmt.Sprintf("its rates come to %s and %s, it has %s and %s", net, tax, d.Net, d.Tax)
	case d.Total != d.Net+d.Tax:
		return fmt.Sprintf("its total is %s, net and tax are %s", d.Total, d.Net+d.Tax)
	}
	return ""
}

// Entries reads rows of hours back: what such a row holds of an entry.
func Entries(hours iter.Seq2[Row, error]) ([]support.Entry, error) {
	var all []support.Entry
	err := each(Hours, hours, func(c cells) error {
		all = append(all, support.Entry{ID: c.text("entry"), Date: c.day("date"), Client: c.text("client"), Contract: c.text("contract"),
			Minutes: calendar.Minutes(c.number("minutes")), Kind: contract.Work(c.text("kind")), Who: c.text("technician"), For: c.text("for"),
			Where: c.text("where"), Note: c.text("note"), Reverts: c.text("reverts"), Replaces: c.text("replaces")})
		return nil
	})
	return all, err
}
