package sheet

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// Options of a CSV file.
type Options struct {
	DecimalComma bool // 299,52 instead of 299.52
}

// CSV writes rows of a table: UTF-8, with `;` between fields as French spreadsheets
// read them.
type CSV struct {
	out   *csv.Writer
	table Table
	Options
}

// NewCSV writes the header.
func NewCSV(w io.Writer, t Table, o Options) (*CSV, error) {
	c := &CSV{csv.NewWriter(w), t, o}
	c.out.Comma = ';'
	names := make([]string, len(t.Columns))
	for i, col := range t.Columns {
		names[i] = col.Name
	}
	return c, c.out.Write(names)
}

// Write writes a row.
func (c *CSV) Write(row Row) error {
	cells := make([]string, len(row))
	for i, cell := range row {
		switch form := c.table.Columns[i].Form; {
		case form == Text:
			cells[i] = Guarded(cell)
		case form.number() && c.DecimalComma:
			cells[i] = strings.Replace(cell, ".", ",", 1)
		default:
			cells[i] = cell
		}
	}
	return c.out.Write(cells)
}

// Close writes what is left; it does not close the file.
func (c *CSV) Close() error {
	c.out.Flush()
	return c.out.Error()
}

// Guarded keeps a spreadsheet from taking a text for a formula: an apostrophe stands before it.
func Guarded(s string) string {
	if s != "" && strings.ContainsRune("=+-@'\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// ReadCSV reads what CSV wrote, with decimal points or commas. Cells come back as they
// were given; an error is a *Bad or the reader's.
func ReadCSV(r io.Reader, t Table) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		in := csv.NewReader(r)
		in.Comma, in.ReuseRecord, in.FieldsPerRecord = ';', true, len(t.Columns)
		for n := 1; ; n++ {
			cells, err := in.Read()
			if errors.Is(err, io.EOF) {
				if n == 1 {
					yield(nil, &Bad{t.Name, 0, "", "the file is empty"})
				}
				return
			}
			var row Row
			if broken, ok := errors.AsType[*csv.ParseError](err); ok {
				err = &Bad{t.Name, n, "", fmt.Sprintf("line %d: %v", broken.Line, broken.Err)}
			} else if err == nil && n == 1 {
				err = t.header(cells)
			} else if err == nil {
				row, err = t.unguarded(n, cells)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if n > 1 && !yield(row, nil) {
				return
			}
		}
	}
}

func (t Table) unguarded(n int, cells []string) (Row, error) {
	row := make(Row, len(cells))
	for i, cell := range cells {
		switch form := t.Columns[i].Form; {
		case form == Text:
			row[i] = strings.TrimPrefix(cell, "'")
		case form.number():
			row[i] = strings.Replace(cell, ",", ".", 1)
		default:
			row[i] = cell
		}
	}
	return row, t.Check(n, row)
}

// header compares the names of the columns.
func (t Table) header(cells []string) error {
	for i, c := range t.Columns {
		if i >= len(cells) || cells[i] != c.Name {
			return &Bad{t.Name, 1, c.Name, fmt.Sprintf("column %d is not %s", i+1, c.Name)}
		}
	}
	return nil
}

// Header checks the first row of a file.
func (t Table) Header(cells []string) error {
	if len(cells) > len(t.Columns) {
		return &Bad{t.Name, 1, "", fmt.Sprintf("%d columns, want %d", len(cells), len(t.Columns))}
	}
	return t.header(cells)
}
