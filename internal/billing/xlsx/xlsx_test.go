package xlsx_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/books/bookstest"
	"codeberg.org/accolade/accolade/internal/billing/sheet"
	"codeberg.org/accolade/accolade/internal/billing/xlsx"
	"codeberg.org/accolade/accolade/internal/support"
)

func write(t interface{ Fatal(...any) }, docs []books.Document, hours ...support.Entry) []byte {
	var b bytes.Buffer
	w, err := xlsx.New(xlsx.Options{Title: "Accolade 2026-09", Date: bookstest.Month.Last()})
	if err != nil {
		t.Fatal(err)
	}
	put := func(table sheet.Table, rows ...sheet.Row) {
		for _, row := range rows {
			if err := w.Write(table, row); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, d := range docs {
		put(sheet.Invoices, sheet.InvoiceRow(d))
		put(sheet.Lines, sheet.LineRows(d)...)
		put(sheet.VAT, sheet.VATRows(d)...)
	}
	for _, e := range hours {
		put(sheet.Hours, sheet.HourRow(e))
	}
	if err := w.Close(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte) (docs []books.Document, hours []support.Entry, err error) {
	book, err := xlsx.Read(bytes.NewReader(b))
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	if docs, err = sheet.Documents(book.Rows(sheet.Invoices), book.Rows(sheet.Lines), book.Rows(sheet.VAT)); err != nil {
		return nil, nil, err
	}
	hours, err = sheet.Entries(book.Rows(sheet.Hours))
	return docs, hours, err
}

// What is written and read back are the same documents, and the same bytes the second
// time. A fixed sample of drawn documents, for a workbook takes its time.
func TestReadBack(t *testing.T) {
	hours := []support.Entry{{ID: "H0001", Date: bookstest.Month.First(), Client: "kerlann", Contract: "kerlann-1", Minutes: -90, Kind: "training", Who: "anne", Note: "=1+1"}}
	for seed := range 6 {
		docs := bookstest.Documents(20).Example(seed)
		b := write(t, docs, hours...)
		got, gotHours, err := read(b)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if diff := cmp.Diff(docs, got, bookstest.Same); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
		if diff := cmp.Diff(hours, gotHours); diff != "" {
			t.Error(diff)
		}
		if !bytes.Equal(b, write(t, docs, hours...)) {
			t.Errorf("seed %d: written twice, the workbook differs", seed)
		}
	}
}

// A spreadsheet sees a header that stays, numbers in their formats, and totals.
func TestLooks(t *testing.T) {
	docs := bookstest.Documents(6).Filter(func(d []books.Document) bool { return len(d) > 2 }).Example(1)
	f, err := excelize.OpenReader(bytes.NewReader(write(t, docs)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := strings.Join(f.GetSheetList(), " "); got != "invoices lines vat hours" {
		t.Errorf("sheets %s", got)
	}
	panes, err := f.GetPanes("invoices")
	if err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("the header does not stay: %+v, %v", panes, err)
	}
	last := fmt.Sprintf("K%d", len(docs)+2)
	formula, err := f.GetCellFormula("invoices", last)
	if want := fmt.Sprintf("SUM(K2:K%d)", len(docs)+1); err != nil || formula != want {
		t.Errorf("the total of net is %q, %v; want %s", formula, err, want)
	}
	var net int64
	for _, d := range docs {
		net += int64(d.Signed(d.Net))
	}
	computed, err := f.CalcCellValue("invoices", last, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	var euros float64
	if _, err := fmt.Sscan(computed, &euros); err != nil || int64(euros*100+0.5*sign(euros)) != net {
		t.Errorf("computed anew the total is %s, the documents come to %d cents: %v", computed, net, err)
	}
	id, err := f.GetCellStyle("invoices", "K2")
	if err != nil {
		t.Fatal(err)
	}
	style, err := f.GetStyle(id)
	if err != nil || style.CustomNumFmt == nil || *style.CustomNumFmt != "#,##0.00" {
		t.Errorf("the format of amounts is %+v, %v", style, err)
	}
	props, err := f.GetDocProps()
	if err != nil || props.Created != "2026-09-30T00:00:00Z" || props.Title != "Accolade 2026-09" {
		t.Errorf("properties %+v, %v", props, err)
	}
}

func sign(f float64) float64 {
	if f < 0 {
		return -1
	}
	return 1
}

// A workbook that was cut, or whose totals were changed, is refused.
func TestSpoiltWorkbooks(t *testing.T) {
	docs := bookstest.Documents(6).Filter(func(d []books.Document) bool { return len(d) > 2 }).Example(2)
	good := write(t, docs)
	for name, c := range map[string]struct {
		spoil func(*excelize.File) error
		want  string
	}{
		"total": {func(f *excelize.File) error { return f.SetCellValue("invoices", fmt.Sprintf("M%d", len(docs)+2), 12.5) },
			fmt.Sprintf("invoices, row %d, total: the total is %q", len(docs)+2, "12.50")},
		"cut":    {func(f *excelize.File) error { return f.RemoveRow("invoices", len(docs)+2) }, fmt.Sprintf("invoices, row %d: the totals are missing", len(docs)+1)},
		"more":   {func(f *excelize.File) error { return f.SetCellValue("vat", "A200", "F1") }, "a row follows the totals"},
		"day":    {func(f *excelize.File) error { return f.SetCellValue("invoices", "B2", 1.5) }, `invoices, row 2, date: "1.5" is no day`},
		"header": {func(f *excelize.File) error { return f.SetCellValue("lines", "B1", "ligne") }, "lines, row 1, line: column 2 is not line"},
		"sheet":  {func(f *excelize.File) error { return f.DeleteSheet("vat") }, "vat: sheet vat does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := excelize.OpenReader(bytes.NewReader(good))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := c.spoil(f); err != nil {
				t.Fatal(err)
			}
			b, err := f.WriteToBuffer()
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := read(b.Bytes()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

// Nothing is left behind in the folder for what does not fit into memory, and the
// parts of the archive stand in order with one date.
func TestArchive(t *testing.T) {
	temp := t.TempDir()
	w, err := xlsx.New(xlsx.Options{Date: bookstest.Month.Last(), Temp: temp})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := w.Close(&b); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	before := ""
	for _, f := range z.File {
		if f.Name < before || f.Modified.Format("2006-01-02") != "2026-09-30" {
			t.Errorf("%s of %s follows %s", f.Name, f.Modified, before)
		}
		before = f.Name
	}
	broken := &shortWriter{}
	if w, err = xlsx.New(xlsx.Options{Date: bookstest.Month.Last(), Temp: temp}); err == nil {
		err = w.Close(broken)
	}
	if !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a disk that is full: %v", err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("left in the folder after a failure: %v, %v", left, err)
	}
}

type shortWriter struct{}

func (shortWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// FuzzRead reads anything: it may be refused, and never more than that.
func FuzzRead(f *testing.F) {
	f.Add(write(f, nil))
	f.Add(write(f, bookstest.Documents(3).Example(3)))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		docs, _, err := read(b)
		if err != nil {
			return
		}
		if again, _, err := read(write(t, docs)); err != nil || !cmp.Equal(docs, again, bookstest.Same) {
			t.Fatalf("read %v, written and read again %v, %v", docs, again, err)
		}
	})
}
