package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/width"
)

var formats = []string{"table", "json", "yaml", "csv"}

// table is a result for humans (-o table) and spreadsheets (-o csv).
type table struct {
	head  []string
	rows  [][]cell
	right map[int]bool // columns of numbers
	note  string       // one line below the table, not in CSV
}

// cell is a text, and how it is drawn on a terminal.
type cell struct {
	text   string
	colour colour
}

// newTable begins a table; a title that ends in "#" is a column of numbers, drawn
// flush right.
func newTable(titles ...string) *table {
	t := &table{right: map[int]bool{}}
	for i, title := range titles {
		t.right[i] = strings.HasSuffix(title, "#")
		t.head = append(t.head, strings.TrimSuffix(title, "#"))
	}
	return t
}

// add appends a row; a value is a cell, or anything that fmt prints.
func (t *table) add(values ...any) {
	row := make([]cell, len(values))
	for i, v := range values {
		if c, ok := v.(cell); ok {
			row[i] = c
		} else {
			row[i] = cell{text: fmt.Sprint(v)}
		}
	}
	t.rows = append(t.rows, row)
}

// print writes a result: v for JSON and YAML, t for a table and CSV. v keeps the
// names that the API gives its fields.
func (e *env) print(v any, t *table) error {
	switch e.output {
	case "json":
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	case "yaml":
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if b, err = yaml.JSONToYAML(b); err != nil {
			return err
		}
		_, err = e.stdout.Write(b)
		return err
	case "csv":
		return writeCSV(e.stdout, t)
	}
	return e.draw(t)
}

func writeCSV(w io.Writer, t *table) error {
	out := csv.NewWriter(w)
	if err := out.Write(t.head); err != nil {
		return err
	}
	for _, row := range t.rows {
		line := make([]string, len(row))
		for i, c := range row {
			line[i] = guarded(c.text)
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// guarded keeps a spreadsheet from taking a name for a formula. Numbers stay.
func guarded(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) || strings.Trim(s[1:], "0123456789.,") == "" && len(s) > 1 {
		return s
	}
	return "'" + s
}

func (e *env) draw(t *table) error {
	widths := make([]int, len(t.head))
	for i, h := range t.head {
		widths[i] = columns(h)
	}
	for _, row := range t.rows {
		for i, c := range row {
			if i < len(widths) {
				widths[i] = max(widths[i], columns(clean(c.text)))
			}
		}
	}
	var all strings.Builder
	line := func(cells []cell) {
		var b strings.Builder
		for i, c := range cells {
			text := clean(c.text)
			pad := strings.Repeat(" ", max(0, widths[i]-columns(text)))
			if c.colour != plain {
				text = e.paint(c.colour, text)
			}
			switch {
			case t.right[i]:
				b.WriteString(pad + text)
			case i == len(cells)-1:
				b.WriteString(text)
			default:
				b.WriteString(text + pad)
			}
			if i < len(cells)-1 {
				b.WriteString("  ")
			}
		}
		all.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	}
	head := make([]cell, len(t.head))
	for i, h := range t.head {
		head[i] = cell{h, bold}
	}
	line(head)
	for _, row := range t.rows {
		line(row[:min(len(row), len(t.head))])
	}
	if t.note != "" {
		all.WriteString(t.note + "\n")
	}
	_, err := io.WriteString(e.stdout, all.String())
	return err
}

// clean takes out what would move the cursor: a name from outside must not draw on
// the technician's terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// columns is how many columns of a terminal s takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case width.LookupRune(r).Kind() == width.EastAsianWide, width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
