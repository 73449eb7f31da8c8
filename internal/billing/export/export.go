// Package export puts finalised periods into files for others: tables as CSV and XLSX,
// entries as FEC and as a journal, and with each a manifest of what they hold.
//
// It chooses which documents go into which file under which entry number; what a file
// looks like is known by the packages sheet, xlsx, fec and journal. A period is
// exported when it is closed, so the same export gives the same bytes for ever.
package export

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/fec"
	"codeberg.org/accolade/accolade/internal/billing/journal"
	"codeberg.org/accolade/accolade/internal/billing/sheet"
	"codeberg.org/accolade/accolade/internal/billing/xlsx"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/support"
)

// Format is a form of files.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	XLSX    Format = "xlsx"
	FEC     Format = "fec"
	Journal Format = "journal"
)

// Formats are all of them, in the order of help texts.
var Formats = []Format{CSV, XLSX, FEC, Journal}

// Period is a month, or a calendar year, which is the business year.
type Period struct{ From, To calendar.Month }

// ParsePeriod reads `2026-09` or `2026`; an error is a *calendar.Bad.
func ParsePeriod(s string) (Period, error) {
	if len(s) == 4 {
		first, err := calendar.ParseMonth(s + "-01")
		return Period{first, first.Add(11)}, err
	}
	m, err := calendar.ParseMonth(s)
	return Period{m, m}, err
}

// String is the form that ParsePeriod reads.
func (p Period) String() string {
	if p.From == p.To {
		return p.From.String()
	}
	return strconv.Itoa(p.From.Year)
}

// Ledger is where finalised documents and hours are.
type Ledger interface {
	books.Ledger
	Months() ([]billing.Month, error)
	Settled(calendar.Month) iter.Seq2[support.Entry, error]
}

// Books open exports.
type Books struct {
	Ledger   Ledger
	SIREN    string // the seller's
	Accounts books.Accounts
	Zone     *time.Location // where months end
	Temp     string         // folder for what does not fit into memory; "": the machine's
}

// Order is what to export.
type Order struct {
	Period Period
	Format Format
	sheet.Options
}

// Export is a period that is closed, in a format.
type Export struct {
	Order
	books  *Books
	months []billing.Month // of the period
	before []billing.Month // of its year
}

// Open refuses a period that is not closed.
func (b *Books) Open(o Order) (*Export, error) {
	if !slices.Contains(Formats, o.Format) {
		return nil, &contract.Invalid{Field: "format", Value: string(o.Format), Allowed: contract.OneOf(Formats)}
	}
	all, err := b.Ledger.Months()
	if err != nil {
		return nil, err
	}
	e := &Export{Order: o, books: b}
	for _, m := range all {
		switch {
		case m.Month.Year != o.Period.From.Year || m.Month.After(o.Period.To):
		case m.Month.Before(o.Period.From):
			e.before = append(e.before, m)
		default:
			e.months = append(e.months, m)
		}
	}
	if n := len(e.months); n == 0 || e.months[n-1].Month != o.Period.To {
		return nil, &operation.Refused{Why: o.Period.To.String() + " is not finalised, so there is nothing to export", Fix: "accolade month finalise " + o.Period.To.String()}
	}
	if o.Format == FEC && b.SIREN == "" {
		return nil, &operation.Refused{Why: "the name of a FEC holds the seller's SIREN, which the configuration does not give", Fix: "set seller.siren in accoladed's configuration file, then restart it"}
	}
	return e, nil
}

// Files are the names of the files.
func (e *Export) Files() []string {
	switch e.Format {
	case CSV:
		names := make([]string, len(sheet.Tables))
		for i, t := range sheet.Tables {
			names[i] = csvName(t, e.Period.String())
		}
		return names
	case XLSX:
		return []string{"accolade-" + e.Period.String() + ".xlsx"}
	case FEC:
		return []string{fec.Name(e.books.SIREN, e.Period.To.Last())}
	default:
		return []string{"journal-" + e.Period.String() + ".csv"}
	}
}

// csvName is the file of a table: those of several periods go into one folder.
func csvName(t sheet.Table, period string) string { return t.Name + "-" + period + ".csv" }

// ContentType is the MIME type of the files.
func (e *Export) ContentType() string {
	switch e.Format {
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case FEC:
		return "text/plain; charset=utf-8"
	}
	return "text/csv; charset=utf-8"
}

// Write writes one of the files.
func (e *Export) Write(name string, w io.Writer) error {
	at := slices.Index(e.Files(), name)
	if at < 0 {
		return &contract.Invalid{Field: "file", Value: name, Allowed: "the export has " + strings.Join(e.Files(), ", ")}
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if err := e.write(at, out); err != nil {
		return fmt.Errorf("export %s of %s: %w", e.Format, e.Period, err)
	}
	return out.Flush()
}

func (e *Export) write(at int, w io.Writer) error {
	switch e.Format {
	case CSV:
		return e.csv(w, sheet.Tables[at])
	case XLSX:
		return e.xlsx(w)
	case FEC:
		return fec.Write(w, e.entries())
	default:
		return journal.Write(w, e.entries(), e.Options)
	}
}

// documents are those of the period, in the order of its books.
func (e *Export) documents() iter.Seq2[books.Document, error] {
	return func(yield func(books.Document, error) bool) {
		for _, m := range e.months {
			for d, err := range books.Documents(e.books.Ledger, m.Month) {
				if !yield(d, err) || err != nil {
					return
				}
			}
		}
	}
}

// hours are the entries of the ledger that the period settled.
func (e *Export) hours() iter.Seq2[support.Entry, error] {
	return func(yield func(support.Entry, error) bool) {
		for _, m := range e.months {
			for entry, err := range e.books.Ledger.Settled(m.Month) {
				if !yield(entry, err) || err != nil {
					return
				}
			}
		}
	}
}

// entries are those of the period. Numbers run through the year: the months before it
// are closed, so their numbers are settled.
func (e *Export) entries() iter.Seq2[books.Entry, error] {
	return func(yield func(books.Entry, error) bool) {
		n := 0
		book := func(m billing.Month) iter.Seq2[books.Entry, error] {
			return e.books.Accounts.Entries(n, calendar.Of(m.At, e.books.Zone), books.Documents(e.books.Ledger, m.Month))
		}
		for _, m := range e.before {
			for entry, err := range book(m) {
				if err != nil {
					yield(entry, err)
					return
				}
				n = entry.Number
			}
		}
		for _, m := range e.months {
			for entry, err := range book(m) {
				if !yield(entry, err) || err != nil {
					return
				}
				n = entry.Number
			}
		}
	}
}

// rows are the rows of a table.
func (e *Export) rows(t sheet.Table) iter.Seq2[sheet.Row, error] {
	return func(yield func(sheet.Row, error) bool) {
		if t.Name == sheet.Hours.Name {
			for entry, err := range e.hours() {
				if !yield(sheet.HourRow(entry), err) || err != nil {
					return
				}
			}
			return
		}
		for d, err := range e.documents() {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, row := range rowsOf(t, d) {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

func rowsOf(t sheet.Table, d books.Document) []sheet.Row {
	switch t.Name {
	case sheet.Lines.Name:
		return sheet.LineRows(d)
	case sheet.VAT.Name:
		return sheet.VATRows(d)
	}
	return []sheet.Row{sheet.InvoiceRow(d)}
}

func (e *Export) csv(w io.Writer, t sheet.Table) error {
	out, err := sheet.NewCSV(w, t, e.Options)
	if err != nil {
		return err
	}
	for row, err := range e.rows(t) {
		if err != nil {
			return err
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	return out.Close()
}

func (e *Export) xlsx(w io.Writer) (err error) {
	book, err := xlsx.New(xlsx.Options{Title: "Accolade " + e.Period.String(), Date: e.Period.To.Last(), Temp: e.books.Temp})
	if err != nil {
		return err
	}
	fill := func() error {
		for _, t := range sheet.Tables {
			for row, err := range e.rows(t) {
				if err != nil {
					return err
				}
				if err := book.Write(t, row); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := fill(); err != nil {
		return errors.Join(err, book.Abandon())
	}
	return book.Close(w)
}
