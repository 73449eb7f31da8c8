package sheet_test

import (
	"bytes"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/books/bookstest"
	"codeberg.org/accolade/accolade/internal/billing/sheet"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/support"
)

// kerlann is an invoice with a credit note for half of it.
func kerlann() []books.Document {
	month := calendar.Month{Year: 2026, Month: 9}
	inv := books.Of(billing.Invoice{Number: "F2026-0001", Month: month, Date: month.Last(), Due: month.Last().AddDays(30), Contract: "kerlann-1", Offer: "classic",
		Client: billing.Buyer{ID: "kerlann", Name: "=Kerlann; \"fils\"", SIREN: "732829320"}, Net: 24960, Tax: 4992, Total: 29952,
		Lines: []billing.Line{{Part: billing.Subscription, Title: "Serveur", Detail: "12\u00a0salariés", For: month, From: month.First(), To: month.Last(),
			Quantity: 12, Unit: billing.Employee, Price: 20_800000, Per: 1, Net: 24960, Category: billing.Standard, Rate: 2000}},
		Groups: []billing.TaxGroup{{Category: billing.Standard, Rate: 2000, Net: 24960, Tax: 4992}}})
	note := inv
	note.Kind, note.Number, note.Refers = books.CreditNote, "A2026-0001", "F2026-0001"
	note.Lines = []billing.Line{inv.Lines[0]}
	note.Lines[0].Quantity, note.Lines[0].Net = 6, 12480
	note.Groups = []billing.TaxGroup{{Category: billing.Standard, Rate: 2000, Net: 12480, Tax: 2496}}
	note.Net, note.Tax, note.Total = 12480, 2496, 14976
	return []books.Document{inv, note}
}

func csvOf(t interface{ Fatal(...any) }, table sheet.Table, o sheet.Options, rows ...sheet.Row) []byte {
	var b bytes.Buffer
	w, err := sheet.NewCSV(&b, table, o)
	for _, row := range rows {
		if err == nil {
			err = w.Write(row)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rowsOf are the rows of documents, by table.
func rowsOf(docs []books.Document) (invoices, lines, vat []sheet.Row) {
	for _, d := range docs {
		invoices = append(invoices, sheet.InvoiceRow(d))
		lines = append(lines, sheet.LineRows(d)...)
		vat = append(vat, sheet.VATRows(d)...)
	}
	return invoices, lines, vat
}

func TestSheets(t *testing.T) {
	invoices, lines, vat := rowsOf(kerlann())
	for _, c := range []struct {
		table sheet.Table
		rows  []sheet.Row
		comma bool
		want  string
	}{
		{sheet.Invoices, invoices, false, "number;date;due;month;contract;offer;client;name;siren;siret;net;tax;total;kind;refers\n" +
			`F2026-0001;2026-09-30;2026-10-30;2026-09;kerlann-1;classic;kerlann;"'=Kerlann; ""fils""";732829320;;249.60;49.92;299.52;invoice;` + "\n" +
			`A2026-0001;2026-09-30;2026-10-30;2026-09;kerlann-1;classic;kerlann;"'=Kerlann; ""fils""";732829320;;-124.80;-24.96;-149.76;credit-note;F2026-0001` + "\n"},
		{sheet.Lines, lines, true, "number;line;client;name;part;for;from;to;title;detail;quantity;unit;price;per;vat_category;vat_rate;net\n" +
			`F2026-0001;1;kerlann;"'=Kerlann; ""fils""";subscription;2026-09;2026-09-01;2026-09-30;Serveur;12 salariés;12;employee;20,80;1;S;20;249,60` + "\n" +
			`A2026-0001;1;kerlann;"'=Kerlann; ""fils""";subscription;2026-09;2026-09-01;2026-09-30;Serveur;12 salariés;-6;employee;20,80;1;S;20;-124,80` + "\n"},
		{sheet.VAT, vat, true, "number;client;vat_category;vat_rate;net;tax\nF2026-0001;kerlann;S;20;249,60;49,92\nA2026-0001;kerlann;S;20;-124,80;-24,96\n"},
	} {
		if got := string(csvOf(t, c.table, sheet.Options{DecimalComma: c.comma}, c.rows...)); got != c.want {
			t.Errorf("%s.csv is\n%swant\n%s", c.table.Name, got, c.want)
		}
	}
}

// What is written and read back are the same documents.
func TestReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := bookstest.Documents(8).Draw(t, "documents")
		o := sheet.Options{DecimalComma: rapid.Bool().Draw(t, "comma")}
		invoices, lines, vat := rowsOf(docs)
		read := func(table sheet.Table, rows []sheet.Row) iter.Seq2[sheet.Row, error] {
			return sheet.ReadCSV(bytes.NewReader(csvOf(t, table, o, rows...)), table)
		}
		got, err := sheet.Documents(read(sheet.Invoices, invoices), read(sheet.Lines, lines), read(sheet.VAT, vat))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(docs, got, bookstest.Same); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestHoursReadBack(t *testing.T) {
	want := []support.Entry{
		{ID: "H0001", Date: bookstest.Month.First(), Client: "kerlann", Contract: "kerlann-1", Minutes: 1110, Kind: "accompaniment", Who: "anne", For: "Yann", Where: "remote", Note: "=1; deux"},
		{ID: "H0002", Date: bookstest.Month.Last(), Client: "kerlann", Contract: "kerlann-1", Minutes: -1110, Kind: "accompaniment", Who: "anne", Reverts: "H0001"},
	}
	var rows []sheet.Row
	for _, e := range want {
		rows = append(rows, sheet.HourRow(e))
	}
	got, err := sheet.Entries(sheet.ReadCSV(bytes.NewReader(csvOf(t, sheet.Hours, sheet.Options{}, rows...)), sheet.Hours))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Files that somebody spoilt are told by row and column, and never read in part.
func TestSpoiltSheets(t *testing.T) {
	invoices, lines, vat := rowsOf(kerlann())
	files := map[string]string{}
	for name, rows := range map[string][]sheet.Row{"invoices": invoices, "lines": lines, "vat": vat} {
		table, _ := sheet.Named(name)
		files[name] = string(csvOf(t, table, sheet.Options{}, rows...))
	}
	for _, c := range []struct{ file, old, new, want string }{
		{"invoices", "249.60", "249.61", "invoices, row 2, number: F2026-0001: its lines come to 249.60 EUR, its net amount is 249.61 EUR"},
		{"invoices", ";299.52", ";299.51", "invoices, row 2, number: F2026-0001: its total is 299.51 EUR, net and tax are 299.52 EUR"},
		{"invoices", ";299.52", ";299.523", `invoices, row 2, total: "299.523" is no number with at most 2 decimals`},
		{"invoices", "2026-10-30", "2026-02-30", `invoices, row 2, due: date "2026-02-30": there is no such day: February 2026 has 28 days`},
		{"invoices", ";2026-09;", ";;", `invoices, row 2, month: month "": want the form 2026-09`},
		{"invoices", "credit-note", "refund", `invoices, row 3, kind: "refund": want invoice, credit-note or deposit`},
		{"invoices", "A2026-0001;", "F2026-0001;", `invoices, row 3, number: "F2026-0001" is there twice, or empty`},
		{"invoices", ";tax;", ";vat;", "invoices, row 1, tax: column 12 is not tax"},
		{"invoices", ";kind;refers", ";kind", "invoices, row 1: line 1: wrong number of fields"},
		{"invoices", `""fils"`, `"fils"`, `invoices, row 2: line 2: extraneous or missing " in quoted-field`},
		{"lines", "A2026-0001", "A2026-0009", `lines, row 3, number: "A2026-0009" is no row of invoices`},
		{"lines", ";1;kerlann", ";2;kerlann", "lines, row 2, line: 2, but the next line of F2026-0001 is 1"},
		{"vat", ";49.92", ";49.93", "invoices, row 2, number: F2026-0001: its rates come to 249.60 EUR and 49.93 EUR, it has 249.60 EUR and 49.92 EUR"},
	} {
		read := func(table sheet.Table) iter.Seq2[sheet.Row, error] {
			text := files[table.Name]
			if table.Name == c.file {
				text = strings.Replace(text, c.old, c.new, 1)
			}
			return sheet.ReadCSV(strings.NewReader(text), table)
		}
		docs, err := sheet.Documents(read(sheet.Invoices), read(sheet.Lines), read(sheet.VAT))
		if err == nil || err.Error() != c.want || docs != nil {
			t.Errorf("%s with %q for %q: %v\nwant %s", c.file, c.new, c.old, err, c.want)
		}
	}
}

// FuzzReadCSV reads anything as each table; what it accepts, it writes again and reads
// as the same rows.
func FuzzReadCSV(f *testing.F) {
	invoices, lines, vat := rowsOf(kerlann())
	for name, rows := range map[string][]sheet.Row{"invoices": invoices, "lines": lines, "vat": vat} {
		table, _ := sheet.Named(name)
		f.Add(csvOf(f, table, sheet.Options{}, rows...))
		f.Add(csvOf(f, table, sheet.Options{DecimalComma: true}, rows...))
	}
	f.Add(csvOf(f, sheet.Hours, sheet.Options{}, sheet.HourRow(support.Entry{ID: "H0001", Date: bookstest.Month.First(), Minutes: 1})))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, table := range sheet.Tables {
			rows, err := collect(sheet.ReadCSV(bytes.NewReader(b), table))
			if err != nil {
				if bad, ok := errors.AsType[*sheet.Bad](err); !ok || bad.Why == "" {
					t.Fatalf("an error that names nothing: %v", err)
				}
				continue
			}
			again, err := collect(sheet.ReadCSV(bytes.NewReader(csvOf(t, table, sheet.Options{}, rows...)), table))
			if err != nil || !cmp.Equal(rows, again) {
				t.Fatalf("read %q, written and read again %q, %v", rows, again, err)
			}
		}
	})
}

func collect(seq iter.Seq2[sheet.Row, error]) ([]sheet.Row, error) {
	var rows []sheet.Row
	for row, err := range seq {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}
