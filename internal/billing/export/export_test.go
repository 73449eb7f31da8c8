package export_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/books/bookstest"
	"codeberg.org/accolade/accolade/internal/billing/export"
	"codeberg.org/accolade/accolade/internal/billing/fec"
	"codeberg.org/accolade/accolade/internal/billing/sheet"
	"codeberg.org/accolade/accolade/internal/billing/xlsx"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

var anne = contract.Actor{Who: "anne", From: "unix"}

// coop is a cooperative with three clients whose months from September on can be
// finalised.
type coop struct {
	*testing.T
	clock.Clock
	now    time.Time
	bills  *billing.Service
	ledger *support.Ledger
	books  *export.Books
}

func (c *coop) Now() time.Time { return c.now }

func (c *coop) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func newCoop(t *testing.T) *coop {
	c := &coop{T: t, Clock: clock.Real(), now: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)}
	db := store.Memory()
	offers, err := contract.ReadOffers("")
	c.must(err)
	for name, o := range offers {
		o.Hour = contract.PriceOf(6000)
		if o.Setup.State != contract.NoPrice {
			o.Setup = contract.PriceOf(25000)
		}
		offers[name] = o
	}
	book := contract.NewBook(db, c, calendar.Paris(), offers)
	c.ledger = support.NewLedger(db, c, calendar.Paris())
	c.bills = billing.New(billing.Options{DB: db, Clock: c, Zone: calendar.Paris(), Documents: filepath.Join(t.TempDir(), "documents"),
		Render: func(inv billing.Invoice) ([]byte, error) { return []byte(inv.Number), nil },
		Seller: billing.Seller{Name: "Accolade", LegalForm: "SCIC SARL", Capital: "capital variable", Address: []string{"12 quai", "56100 Lorient"},
			SIREN: "123456782", RCS: "Lorient", VATRegime: billing.Normal, VATNumber: "FR32123456782", IBAN: "FR7630006000011234567890189", LateRate: "12 %"}})
	c.books = &export.Books{Ledger: c.bills, SIREN: "123456782", Accounts: books.Usual(), Zone: calendar.Paris(), Temp: t.TempDir()}
	for name, offer := range map[string]string{"Kerlann": "classic", "Penhoët": "island", "Yann": "solo"} {
		_, err := book.AddClient(anne, contract.Client{Name: name, Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}})
		c.must(err)
		sign := contract.New{Client: name, Offer: offer, Start: calendar.NewDate(2026, 9, 15)}
		switch offer {
		case "classic":
			sign.Employees = 12
		case "island":
			sign.Employees = 1
		}
		_, err = book.Sign(anne, sign)
		c.must(err)
	}
	c.work("Kerlann", "2026-09-16", 1110)
	c.work("Kerlann", "2026-10-02", 120)
	c.work("Yann", "2026-10-02", 95)
	return c
}

func (c *coop) work(client, day string, minutes calendar.Minutes) {
	c.Helper()
	d, err := calendar.Parse(day)
	c.must(err)
	if at := d.Midnight(time.UTC); c.now.Before(at) {
		c.now = at.Add(18 * time.Hour)
	}
	_, err = c.ledger.Add(anne, support.Booking{Client: client, Date: d, Minutes: minutes, Kind: contract.Accompaniment, Who: "anne", Note: "avec\u00a0l'équipe"})
	c.must(err)
}

func (c *coop) finalise(months ...string) {
	c.Helper()
	for _, text := range months {
		m, err := calendar.ParseMonth(text)
		c.must(err)
		c.now = m.Last().AddDays(2).Midnight(time.UTC).Add(9 * time.Hour)
		_, err = c.bills.Finalise(anne, m)
		c.must(err)
	}
}

func (c *coop) open(period string, f export.Format) *export.Export {
	c.Helper()
	p, err := export.ParsePeriod(period)
	c.must(err)
	e, err := c.books.Open(export.Order{Period: p, Format: f})
	c.must(err)
	return e
}

func (c *coop) file(e *export.Export, name string) []byte {
	c.Helper()
	var b bytes.Buffer
	c.must(e.Write(name, &b))
	return b.Bytes()
}

// A credit note stands in the books of the month in which it was issued, in every
// format, and takes back there what the invoice brought.
func TestCreditNotes(t *testing.T) {
	c := newCoop(t)
	c.finalise("2026-09")
	before, err := c.open("2026-09", export.CSV).Manifest()
	c.must(err)
	note, err := c.bills.Credit(anne, billing.CreditInput{Invoice: "F2026-0001", Reason: "panne de trois jours"})
	c.must(err)
	c.finalise("2026-10")
	if after, err := c.open("2026-09", export.CSV).Manifest(); err != nil || !cmp.Equal(before, after) {
		t.Errorf("September is another month now: %v\n%s", err, cmp.Diff(before, after))
	}
	months, err := c.bills.Months()
	c.must(err)
	for _, format := range export.Formats {
		m, err := c.open("2026-10", format).Manifest()
		c.must(err)
		if october := months[1]; m.CreditNotes != 1 || m.Total != october.Total-note.Total || m.Net != october.Net-note.Net || m.VAT != october.Tax-note.Tax {
			t.Errorf("%s: %+v; October came to %s, the credit note to %s", format, m, october.Total, note.Total)
		}
	}
	e := c.open("2026-10", export.FEC)
	file := c.file(e, e.Files()[0])
	if _, err := fec.Check(bytes.NewReader(file)); err != nil {
		t.Error(err)
	}
	if want := "\tAvoir A2026-0001 sur F2026-0001 Kerlann\t0,00\t299,52\t"; !strings.Contains(string(file), want) {
		t.Errorf("the FEC has no %q:\n%s", want, file)
	}
}

// Every format of a month comes to what the ledger says that the month does, and the
// files are what the manifest says.
func TestManifestsAgreeWithTheLedger(t *testing.T) {
	c := newCoop(t)
	c.finalise("2026-09", "2026-10")
	all, err := c.bills.Months()
	c.must(err)
	for _, month := range all {
		for _, format := range export.Formats {
			e := c.open(month.Month.String(), format)
			m, err := e.Manifest()
			c.must(err)
			if m.Net != month.Net || m.VAT != month.Tax || m.Total != month.Total || m.Invoices != len(month.Invoices) || m.CreditNotes != 0 {
				t.Errorf("%s %s: the manifest says %+v, the ledger %+v", month.Month, format, m, month)
			}
			for _, f := range m.Files {
				b := c.file(e, f.Name)
				sum := export.NewSum()
				_, err := sum.Write(b)
				c.must(err)
				if sum.File(f.Name) != f {
					t.Errorf("%s holds %+v, the manifest says %+v", f.Name, sum.File(f.Name), f)
				}
			}
		}
	}
}

// What a month was exported as stays, whatever is booked and finalised later.
func TestAClosedPeriodNeverChanges(t *testing.T) {
	c := newCoop(t)
	c.finalise("2026-09")
	before := map[export.Format]export.Manifest{}
	for _, f := range export.Formats {
		m, err := c.open("2026-09", f).Manifest()
		c.must(err)
		before[f] = m
	}
	c.work("Kerlann", "2026-09-20", 300)
	c.finalise("2026-10", "2026-11")
	for _, f := range export.Formats {
		m, err := c.open("2026-09", f).Manifest()
		c.must(err)
		if diff := cmp.Diff(before[f], m); diff != "" {
			t.Errorf("%s: %s", f, diff)
		}
	}
}

// The months of a year follow each other without a gap and are the year's FEC.
func TestEntriesRunThroughTheYear(t *testing.T) {
	c := newCoop(t)
	months := []string{"2026-09", "2026-10", "2026-11", "2026-12"}
	c.finalise(append(slices.Clone(months), "2027-01")...)
	var joined []string
	next := 1
	for _, m := range months {
		e := c.open(m, export.FEC)
		b := c.file(e, e.Files()[0])
		count, err := fec.Check(bytes.NewReader(b))
		c.must(err)
		if count.First != next || count.Last != next+count.Entries-1 {
			t.Errorf("%s has the entries %d to %d, want %d on", m, count.First, count.Last, next)
		}
		next = count.Last + 1
		_, records, _ := strings.Cut(string(b), "\r\n")
		joined = append(joined, records)
	}
	e := c.open("2026", export.FEC)
	year := c.file(e, "123456782FEC20261231.txt")
	if _, err := fec.Check(bytes.NewReader(year)); err != nil {
		t.Error(err)
	}
	if want := strings.Join(fec.Columns, "\t") + "\r\n" + strings.Join(joined, "\r\n"); string(year) != want {
		t.Errorf("the FEC of the year is not that of its months:\n%s\nwant\n%s", year, want)
	}
	if count, err := fec.Check(bytes.NewReader(c.file(c.open("2027-01", export.FEC), "123456782FEC20270131.txt"))); err != nil || count.First != 1 {
		t.Errorf("another year begins with entry %d: %v", count.First, err)
	}
}

// The workbook holds what the CSV files hold: the same documents and hours.
func TestWorkbookAndCSVHoldTheSame(t *testing.T) {
	c := newCoop(t)
	c.finalise("2026-09")
	_, err := c.bills.Credit(anne, billing.CreditInput{Invoice: "F2026-0001", Reason: "panne"})
	c.must(err)
	c.finalise("2026-10")
	flat, book := c.open("2026-10", export.CSV), c.open("2026-10", export.XLSX)
	read := func(table sheet.Table) func(func(sheet.Row, error) bool) {
		return sheet.ReadCSV(bytes.NewReader(c.file(flat, table.Name+"-2026-10.csv")), table)
	}
	fromCSV, err := sheet.Documents(read(sheet.Invoices), read(sheet.Lines), read(sheet.VAT))
	c.must(err)
	hoursCSV, err := sheet.Entries(read(sheet.Hours))
	c.must(err)
	w, err := xlsx.Read(bytes.NewReader(c.file(book, "accolade-2026-10.xlsx")))
	c.must(err)
	fromXLSX, err := sheet.Documents(w.Rows(sheet.Invoices), w.Rows(sheet.Lines), w.Rows(sheet.VAT))
	c.must(err)
	hoursXLSX, err := sheet.Entries(w.Rows(sheet.Hours))
	c.must(errors.Join(err, w.Close()))
	var frozen []books.Document
	for d, err := range books.Documents(c.bills, calendar.Month{Year: 2026, Month: 10}) {
		c.must(err)
		frozen = append(frozen, d)
	}
	for name, got := range map[string][]books.Document{"CSV": fromCSV, "XLSX": fromXLSX} {
		if diff := cmp.Diff(frozen, got, bookstest.Same); diff != "" || len(got) == 0 {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if diff := cmp.Diff(hoursCSV, hoursXLSX); diff != "" || len(hoursCSV) != 2 {
		t.Errorf("hours %v: %s", hoursCSV, diff)
	}
}

func TestJournal(t *testing.T) {
	c := newCoop(t)
	c.finalise("2026-09")
	p, err := export.ParsePeriod("2026-09")
	c.must(err)
	e, err := c.books.Open(export.Order{Period: p, Format: export.Journal, Options: sheet.Options{DecimalComma: true}})
	c.must(err)
	want := `journal;écriture;date;compte;libellé du compte;tiers;nom du tiers;pièce;échéance;libellé;débit;crédit
VE;1;2026-09-30;411;Clients;kerlann;Kerlann;F2026-0001;2026-10-30;Facture F2026-0001 Kerlann;299,52;
VE;1;2026-09-30;706;Prestations de services;;;F2026-0001;2026-10-30;Facture F2026-0001 Kerlann;;249,60
VE;1;2026-09-30;44571;TVA collectée;;;F2026-0001;2026-10-30;Facture F2026-0001 Kerlann;;49,92
`
	if got := string(c.file(e, "journal-2026-09.csv")); !strings.HasPrefix(got, want) {
		t.Errorf("journal\n%swant\n%s", got, want)
	}
}

func TestRefusals(t *testing.T) {
	c := newCoop(t)
	c.finalise("2026-09")
	for _, x := range []struct {
		period string
		format export.Format
		siren  string
		want   string
	}{
		{"2026-10", export.CSV, "123456782", "2026-10 is not finalised, so there is nothing to export: accolade month finalise 2026-10"},
		{"2026", export.FEC, "123456782", "2026-12 is not finalised, so there is nothing to export: accolade month finalise 2026-12"},
		{"2026-08", export.CSV, "123456782", "2026-08 is not finalised, so there is nothing to export: accolade month finalise 2026-08"},
		{"2026-09", export.FEC, "", "the name of a FEC holds the seller's SIREN"},
		{"2026-09", "pdf", "123456782", "format pdf is refused: want one of csv, xlsx, fec, journal"},
	} {
		p, err := export.ParsePeriod(x.period)
		c.must(err)
		b := *c.books
		b.SIREN = x.siren
		_, err = b.Open(export.Order{Period: p, Format: x.format})
		if err == nil || !strings.HasPrefix(err.Error(), x.want) {
			t.Errorf("%s %s: %v, want %s", x.period, x.format, err, x.want)
		}
	}
	if err := c.open("2026-09", export.CSV).Write("../invoices.csv", &bytes.Buffer{}); err == nil || err.Error() != "file ../invoices.csv is refused: the export has invoices-2026-09.csv, lines-2026-09.csv, vat-2026-09.csv, hours-2026-09.csv" {
		t.Errorf("a file that is none of the export's: %v", err)
	}
	if _, err := export.ParsePeriod("2026-13"); err == nil {
		t.Error("the month 13 is a period")
	}
}
