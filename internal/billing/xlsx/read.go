package xlsx

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"codeberg.org/accolade/accolade/internal/billing/sheet"
)

// Limits of a workbook that is read: what it may come to when it is unpacked, in
// bytes. A small file may claim to be a large one.
const (
	mostBytes      = 256 << 20
	mostSheetBytes = 64 << 20
)

// Book is a workbook that was read.
type Book struct{ file *excelize.File }

// Read opens a workbook.
func Read(r io.Reader) (*Book, error) {
	f, err := excelize.OpenReader(r, excelize.Options{RawCellValue: true, UnzipSizeLimit: mostBytes, UnzipXMLSizeLimit: mostSheetBytes})
	if err != nil {
		return nil, fmt.Errorf("no workbook that can be read: %w", err)
	}
	return &Book{f}, nil
}

// Close ends the reading.
func (b *Book) Close() error { return b.file.Close() }

// Rows are the rows of a table as they were written, without header and totals. A
// totals row that does not fit is refused. An error is a *sheet.Bad or the reader's.
func (b *Book) Rows(t sheet.Table) iter.Seq2[sheet.Row, error] {
	return func(yield func(sheet.Row, error) bool) {
		rows, err := b.file.Rows(t.Name)
		if err != nil {
			yield(nil, &sheet.Bad{Table: t.Name, Why: err.Error()})
			return
		}
		stopped := false
		err = errors.Join(b.rows(t, rows, func(row sheet.Row) bool {
			stopped = !yield(row, nil)
			return !stopped
		}), rows.Close())
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

func (b *Book) rows(t sheet.Table, rows *excelize.Rows, yield func(sheet.Row) bool) error {
	sums := t.Sums()
	ended := false
	n := 0
	for rows.Next() {
		n++
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return err
		}
		switch {
		case n == 1:
			if err := t.Header(cells); err != nil {
				return err
			}
			continue
		case ended:
			return &sheet.Bad{Table: t.Name, Row: n, Why: "a row follows the totals"}
		}
		if ended = len(cells) > 0 && cells[0] == totals; ended {
			if err := compare(t, n, cells, sums); err != nil {
				return err
			}
			continue
		}
		row, err := read(t, n, cells)
		if err != nil {
			return err
		}
		for i, cell := range row {
			if err := sums[i].Add(cell); err != nil {
				return err
			}
		}
		if !yield(row) {
			return nil
		}
	}
	switch {
	case rows.Error() != nil:
		return rows.Error()
	case n == 0:
		return &sheet.Bad{Table: t.Name, Why: "the sheet is empty"}
	case !ended:
		return &sheet.Bad{Table: t.Name, Row: n, Why: "the totals are missing: the sheet was cut"}
	}
	return nil
}

// read brings cells into the forms of the table.
func read(t sheet.Table, n int, cells []string) (sheet.Row, error) {
	if len(cells) > len(t.Columns) {
		return nil, &sheet.Bad{Table: t.Name, Row: n, Why: fmt.Sprintf("%d cells, want %d", len(cells), len(t.Columns))}
	}
	row := make(sheet.Row, len(t.Columns))
	for i := range cells { // cells at the end that are empty are not there
		text, err := textOf(t.Columns[i].Form, cells[i])
		if err != nil {
			return nil, &sheet.Bad{Table: t.Name, Row: n, Column: t.Columns[i].Name, Why: err.Error()}
		}
		row[i] = text
	}
	return row, t.Check(n, row)
}

// textOf is the opposite of valueOf.
func textOf(f sheet.Form, cell string) (string, error) {
	if f == sheet.Text || cell == "" {
		return cell, nil
	}
	n, err := strconv.ParseFloat(cell, 64)
	if err != nil || math.IsNaN(n) || math.Abs(n) > 1e15 {
		return "", fmt.Errorf("%q is no number", cell)
	}
	switch f {
	case sheet.Day:
		if n != math.Trunc(n) || n < 1 || n > 110_000 {
			return "", fmt.Errorf("%q is no day", cell)
		}
		return epoch.AddDays(int(n)).String(), nil
	case sheet.Euros:
		return strconv.FormatFloat(n, 'f', 2, 64), nil
	case sheet.Price:
		text := strconv.FormatFloat(n, 'f', 6, 64)
		least := len(text) - 4 // two decimals stay
		return text[:least] + strings.TrimRight(text[least:], "0"), nil
	}
	return strconv.FormatFloat(n, 'f', -1, 64), nil
}

// compare looks whether the totals are the sums of what stands above them.
func compare(t sheet.Table, n int, cells []string, sums []*sheet.Sum) error {
	for i, c := range t.Columns {
		if !c.Total {
			continue
		}
		var text string
		var err error
		if i < len(cells) {
			text, err = textOf(c.Form, cells[i])
		}
		if err != nil || text != sums[i].String() {
			return &sheet.Bad{Table: t.Name, Row: n, Column: c.Name, Why: fmt.Sprintf("the total is %q, the rows come to %s", text, sums[i])}
		}
	}
	return nil
}
