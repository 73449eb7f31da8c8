// Package xlsx writes the tables of package sheet as a workbook, one sheet each, and
// reads them back.
//
// The header stays in sight, numbers and days are numbers and days, and a last row
// adds up what can be added. Rows go out as they come: memory does not grow with their
// number. The same rows give the same bytes, whenever and wherever they are written.
package xlsx

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"

	"codeberg.org/accolade/accolade/internal/billing/sheet"
	"codeberg.org/accolade/accolade/internal/calendar"
)

// Options of a workbook.
type Options struct {
	Title string        // `Accolade 2026-09`
	Date  calendar.Date // stands as its date, since a clock would change its bytes
	Temp  string        // folder for what does not fit into memory; "": the machine's
}

// Workbook is being written: rows in any order of tables, then Close.
type Workbook struct {
	Options
	file   *excelize.File
	tables map[string]*writer
	styles styles
}

// writer writes one sheet.
type writer struct {
	table  sheet.Table
	out    *excelize.StreamWriter
	sums   []*sheet.Sum
	rows   int
	styles *styles
}

// New begins a workbook with every table of package sheet. Abandon or Close ends it.
func New(o Options) (*Workbook, error) {
	w := &Workbook{Options: o, file: excelize.NewFile(excelize.Options{TmpDir: o.Temp}), tables: map[string]*writer{}}
	if err := w.begin(); err != nil {
		return nil, errors.Join(err, w.Abandon())
	}
	return w, nil
}

func (w *Workbook) begin() error {
	stamp := w.Date.String() + "T00:00:00Z"
	if err := w.file.SetDocProps(&excelize.DocProperties{Title: w.Title, Creator: "Accolade", LastModifiedBy: "Accolade", Created: stamp, Modified: stamp}); err != nil {
		return err
	}
	if err := w.styles.make(w.file); err != nil {
		return err
	}
	for i, t := range sheet.Tables {
		if i == 0 {
			if err := w.file.SetSheetName(w.file.GetSheetName(0), t.Name); err != nil {
				return err
			}
		} else if _, err := w.file.NewSheet(t.Name); err != nil {
			return err
		}
	}
	for _, t := range sheet.Tables {
		out, err := w.file.NewStreamWriter(t.Name)
		if err != nil {
			return err
		}
		w.tables[t.Name] = &writer{table: t, out: out, sums: t.Sums(), styles: &w.styles}
		if err := w.tables[t.Name].header(); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) header() error {
	for i, c := range w.table.Columns {
		width := 12.0
		if c.Wide {
			width = 40
		}
		if err := w.out.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if err := w.out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	cells := make([]any, len(w.table.Columns))
	for i, c := range w.table.Columns {
		cells[i] = excelize.Cell{StyleID: w.styles.header, Value: c.Name}
	}
	w.rows++
	return w.out.SetRow("A1", cells)
}

// Write writes a row of a table.
func (w *Workbook) Write(t sheet.Table, row sheet.Row) error {
	s, ok := w.tables[t.Name]
	if !ok {
		return fmt.Errorf("the workbook has no sheet %s", t.Name)
	}
	if err := t.Check(s.rows+1, row); err != nil {
		return err
	}
	cells := make([]any, len(row))
	for i, text := range row {
		value, err := valueOf(t.Columns[i].Form, text)
		if err == nil {
			err = s.sums[i].Add(text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
		cells[i] = excelize.Cell{StyleID: s.styles.of[t.Columns[i].Form], Value: value}
	}
	s.rows++
	return s.out.SetRow("A"+strconv.Itoa(s.rows), cells)
}

// valueOf is a cell as a spreadsheet computes with it. Numbers of up to fifteen digits
// come back as they were.
func valueOf(f sheet.Form, text string) (any, error) {
	switch f {
	case sheet.Text:
		if text == "" {
			return nil, nil
		}
		return text, nil
	case sheet.Day:
		if text == "" {
			return nil, nil
		}
		d, err := calendar.Parse(text)
		return epoch.DaysUntil(d), err
	case sheet.Whole:
		return strconv.ParseInt(text, 10, 64)
	default:
		return strconv.ParseFloat(text, 64)
	}
}

// epoch is day 0 of spreadsheets, for days after February 1900.
var epoch = calendar.NewDate(1899, 12, 30)

// totals is the first cell of the last row.
const totals = "total"

// total writes the last row: formulas, with the sums as their values for those who do
// not compute.
func (w *writer) total() error {
	cells := make([]any, len(w.table.Columns))
	for i, c := range w.table.Columns {
		switch {
		case i == 0:
			cells[i] = excelize.Cell{StyleID: w.styles.header, Value: totals}
		case c.Total:
			column, err := excelize.ColumnNumberToName(i + 1)
			if err != nil {
				return err
			}
			value, err := valueOf(c.Form, w.sums[i].String())
			if err != nil {
				return err
			}
			cell := excelize.Cell{StyleID: w.styles.total[c.Form], Value: value}
			if w.rows > 1 {
				cell.Formula = fmt.Sprintf("SUM(%s2:%s%d)", column, column, w.rows)
			}
			cells[i] = cell
		default:
			cells[i] = excelize.Cell{StyleID: w.styles.header}
		}
	}
	if err := w.out.SetRow("A"+strconv.Itoa(w.rows+1), cells); err != nil {
		return err
	}
	return w.out.Flush()
}

// Close ends the workbook and writes it.
func (w *Workbook) Close(out io.Writer) error {
	err := w.finish(out)
	return errors.Join(err, w.Abandon())
}

func (w *Workbook) finish(out io.Writer) error {
	for _, t := range sheet.Tables {
		if err := w.tables[t.Name].total(); err != nil {
			return err
		}
	}
	parts, err := newParts(out, w.Options)
	if err != nil {
		return err
	}
	w.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return parts })
	err = w.file.Write(io.Discard)
	return errors.Join(err, parts.remove())
}

// Abandon drops a workbook; one that is closed too.
func (w *Workbook) Abandon() error { return w.file.Close() }
