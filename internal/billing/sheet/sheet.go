// Package sheet lays finalised documents out as tables for spreadsheets, and reads
// them back: one row for each document, for each of its lines, for each rate of its
// tax, and for each entry of the ledger of hours that the month settled.
//
// Cells are text in a form of their own (amounts `299.52`, days `2026-09-30`), whatever
// file they go into: CSV is here, XLSX in package xlsx. What a credit note takes back
// is negative, so that columns add up to what the documents do. Sheets read finalised
// documents only and hold nothing that these do not.
package sheet

import (
	"fmt"
	"slices"
	"strconv"

	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// Form is what the cells of a column hold.
type Form int

// The forms of cells.
const (
	Text  Form = iota
	Day        // `2026-09-30`
	Whole      // `12`
	Euros      // `299.52`
	Price      // `23.903226`, at least two decimals
	Rate       // `20` or `5.5`, percent
)

// Column of a table.
type Column struct {
	Name  string
	Form  Form
	Total bool // its sum means something
	Wide  bool // for texts of several words
}

// Table is a kind of row.
type Table struct {
	Name    string // of the file, the sheet
	Columns []Column
}

// The tables of a month.
var (
	Invoices = Table{"invoices", []Column{{Name: "number"}, {Name: "date", Form: Day}, {Name: "due", Form: Day}, {Name: "month"}, {Name: "contract"}, {Name: "offer"},
		{Name: "client"}, {Name: "name", Wide: true}, {Name: "siren"}, {Name: "siret"}, {Name: "net", Form: Euros, Total: true}, {Name: "tax", Form: Euros, Total: true},
		{Name: "total", Form: Euros, Total: true}, {Name: "kind"}, {Name: "refers"}}}
	Lines = Table{"lines", []Column{{Name: "number"}, {Name: "line", Form: Whole}, {Name: "client"}, {Name: "name", Wide: true}, {Name: "part"}, {Name: "for"},
		{Name: "from", Form: Day}, {Name: "to", Form: Day}, {Name: "title", Wide: true}, {Name: "detail", Wide: true}, {Name: "quantity", Form: Whole}, {Name: "unit"},
		{Name: "price", Form: Price}, {Name: "per", Form: Whole}, {Name: "vat_category"}, {Name: "vat_rate", Form: Rate}, {Name: "net", Form: Euros, Total: true}}}
	VAT = Table{"vat", []Column{{Name: "number"}, {Name: "client"}, {Name: "vat_category"}, {Name: "vat_rate", Form: Rate},
		{Name: "net", Form: Euros, Total: true}, {Name: "tax", Form: Euros, Total: true}}}
	Hours = Table{"hours", []Column{{Name: "entry"}, {Name: "date", Form: Day}, {Name: "client"}, {Name: "contract"}, {Name: "minutes", Form: Whole, Total: true}, {Name: "kind"},
		{Name: "technician"}, {Name: "for"}, {Name: "where"}, {Name: "note", Wide: true}, {Name: "reverts"}, {Name: "replaces"}}}
)

// Tables are all of them, in the order of a workbook.
var Tables = []Table{Invoices, Lines, VAT, Hours}

// Named finds a table.
func Named(name string) (Table, bool) {
	i := slices.IndexFunc(Tables, func(t Table) bool { return t.Name == name })
	if i < 0 {
		return Table{}, false
	}
	return Tables[i], true
}

// Row are the cells of a row, one for each column.
type Row []string

// InvoiceRow is the row of a document.
func InvoiceRow(d books.Document) Row {
	return Row{d.Number, d.Date.String(), d.Due.String(), d.Month.String(), d.Contract, d.Offer, d.Client.ID, d.Client.Name, d.Client.SIREN, d.Client.SIRET,
		d.Signed(d.Net).Decimal(), d.Signed(d.Tax).Decimal(), d.Signed(d.Total).Decimal(), string(d.Kind), d.Refers}
}

// LineRows are the rows of a document's lines. Quantity x price / per comes to the net
// amount; hours are minutes with their price per 60. Of a credit note the quantities
// are negative.
func LineRows(d books.Document) []Row {
	rows := make([]Row, len(d.Lines))
	for i, l := range d.Lines {
		rows[i] = Row{d.Number, strconv.Itoa(i + 1), d.Client.ID, d.Client.Name, string(l.Part), l.For.String(), l.From.String(), l.To.String(), l.Title, l.Detail,
			strconv.FormatInt(d.Sign()*l.Quantity, 10), string(l.Unit), l.Price.Decimal(), strconv.FormatInt(l.Per, 10),
			string(l.Category), l.Rate.Decimal(), d.Signed(l.Net).Decimal()}
	}
	return rows
}

// VATRows are the rows of a document's tax.
func VATRows(d books.Document) []Row {
	rows := make([]Row, len(d.Groups))
	for i, g := range d.Groups {
		rows[i] = Row{d.Number, d.Client.ID, string(g.Category), g.Rate.Decimal(), d.Signed(g.Net).Decimal(), d.Signed(g.Tax).Decimal()}
	}
	return rows
}

// HourRow is the row of an entry of the ledger.
func HourRow(e support.Entry) Row {
	return Row{e.ID, e.Date.String(), e.Client, e.Contract, strconv.FormatInt(int64(e.Minutes), 10), string(e.Kind), books.Plain(e.Who), books.Plain(e.For),
		books.Plain(e.Where), books.Plain(e.Note), e.Reverts, e.Replaces}
}

// Sum adds up a column's cells; its cells are checked before.
type Sum struct {
	form  Form
	total int64
}

// Sums begins the sums of a table; columns whose sum means nothing have none.
func (t Table) Sums() []*Sum {
	sums := make([]*Sum, len(t.Columns))
	for i, c := range t.Columns {
		if c.Total {
			sums[i] = &Sum{form: c.Form}
		}
	}
	return sums
}

// Add adds a cell.
func (s *Sum) Add(cell string) error {
	if s == nil {
		return nil
	}
	n, err := scaled(cell, s.form.decimals())
	s.total += n
	return err
}

// String is the sum as a cell, "" for a column without one.
func (s *Sum) String() string {
	switch {
	case s == nil:
		return ""
	case s.form == Euros:
		return money.Cents(s.total).Decimal()
	default:
		return strconv.FormatInt(s.total, 10)
	}
}

// decimals of a number.
func (f Form) decimals() int {
	switch f {
	case Euros, Rate:
		return 2
	case Price:
		return 6
	default:
		return 0
	}
}

// number tells numbers from texts and days.
func (f Form) number() bool { return f == Whole || f == Euros || f == Price || f == Rate }

// Bad is a sheet that cannot be read: where, and why.
type Bad struct {
	Table  string
	Row    int // from 1; the header is row 1; 0: the table as a whole
	Column string
	Why    string
}

func (b *Bad) Error() string {
	at := b.Table
	if b.Row > 0 {
		at += fmt.Sprintf(", row %d", b.Row)
	}
	if b.Column != "" {
		at += ", " + b.Column
	}
	return at + ": " + b.Why
}
