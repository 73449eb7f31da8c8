package timesheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"codeberg.org/accolade/accolade/internal/calendar"
)

// sheetName is the sheet that is written, and read if there are several.
const sheetName = "hours"

// Limits of a workbook that is read: what it may come to when it is unpacked, in
// bytes. A small file may claim to be a large one.
const (
	mostUnpacked = 64 << 20
	mostInMemory = 16 << 20
)

// epoch is day 0 of spreadsheets, for days after February 1900.
var epoch = calendar.NewDate(1899, 12, 30)

// total begins the last row of what is written: it adds up the minutes.
const total = "total"

// writeXLSX writes a header that stays in sight, days and minutes as days and numbers,
// and a last row with the sum of the minutes.
func writeXLSX(w io.Writer, head []string, rows []map[string]string) (err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.SetSheetName(f.GetSheetName(0), sheetName); err != nil {
		return err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	day, err := f.NewStyle(&excelize.Style{NumFmt: 14}) // each spreadsheet shows it as its own country does
	if err != nil {
		return err
	}
	out, err := f.NewStreamWriter(sheetName)
	if err != nil {
		return err
	}
	if err := errors.Join(out.SetColWidth(1, len(head), 14),
		out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})); err != nil {
		return err
	}
	cells := make([]any, len(head))
	for i, column := range head {
		cells[i] = excelize.Cell{StyleID: bold, Value: column}
	}
	if err := out.SetRow("A1", cells); err != nil {
		return err
	}
	var sum int64
	for n, r := range rows {
		for i, column := range head {
			value, err := valueOf(column, r[column])
			if err != nil {
				return err
			}
			cells[i] = value
			if column == date {
				cells[i] = excelize.Cell{StyleID: day, Value: value}
			}
			if took, ok := value.(int64); ok && column == minutes {
				sum += took
			}
		}
		if err := out.SetRow("A"+strconv.Itoa(n+2), cells); err != nil {
			return err
		}
	}
	clear(cells)
	cells[0] = excelize.Cell{StyleID: bold, Value: total}
	cells[2] = excelize.Cell{StyleID: bold, Value: sum, Formula: fmt.Sprintf("SUM(C2:C%d)", max(2, len(rows)+1))}
	if err := errors.Join(out.SetRow("A"+strconv.Itoa(len(rows)+2), cells), out.Flush()); err != nil {
		return err
	}
	return f.Write(w)
}

// valueOf is a cell as a spreadsheet computes with it.
func valueOf(column, text string) (any, error) {
	switch {
	case text == "":
		return nil, nil //nolint:nilnil // an empty cell is no error
	case column == date:
		d, err := calendar.Parse(text)
		return epoch.DaysUntil(d), err
	case column == minutes, column == seats, column == ofSeats, column == whole:
		return strconv.ParseInt(text, 10, 64)
	}
	return text, nil
}

// readXLSX reads the sheet hours, or the first one.
func (t *table) readXLSX(data []byte) (err error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true, UnzipSizeLimit: mostUnpacked, UnzipXMLSizeLimit: mostInMemory})
	if err != nil {
		return fmt.Errorf("no workbook that can be read: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	name := sheetName
	if i, err := f.GetSheetIndex(name); err != nil || i < 0 {
		name = f.GetSheetName(0)
	}
	rows, err := f.Rows(name)
	if err != nil {
		return fmt.Errorf("the workbook's first sheet cannot be read: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var last []string // waits: if it is the last row it may be the totals
	line := 0
	for rows.Next() {
		if last != nil {
			if err := t.takeCells(line, last); err != nil {
				return err
			}
		}
		line++
		if last, err = rows.Columns(excelize.Options{RawCellValue: true}); err != nil {
			return err
		}
	}
	if err := rows.Error(); err != nil {
		return err
	}
	if len(last) > 0 && t.at != nil && last[0] == total {
		return nil
	}
	return t.takeCells(line, last)
}

// takeCells takes a row of a workbook: cells at the end that are empty are not there,
// days and times may be numbers, and a row without any text is no row.
func (t *table) takeCells(line int, cells []string) error {
	if strings.Join(cells, "") == "" {
		return nil
	}
	if t.at != nil {
		for len(cells) < len(t.names) {
			cells = append(cells, "")
		}
		for i := range min(len(cells), len(t.names)) {
			cells[i] = textOf(t.names[i], cells[i])
		}
	}
	return t.take(line, cells)
}

// textOf is a cell as text: what no day and no time of day is stays as it is, and is
// refused by who reads it.
func textOf(column, cell string) string {
	n, err := strconv.ParseFloat(cell, 64)
	switch {
	case err != nil:
	case column == date && n == math.Trunc(n) && n > 60 && n < 110_000:
		return epoch.AddDays(int(n)).String()
	case column == began && n >= 0 && n < 1:
		seconds := int(math.Round(n * 86400))
		return fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	return cell
}
