package support

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
)

// Columns of an import, in any order; the first four are needed. Minutes take
// every form of calendar.ParseMinutes.
var columns = []string{"date", "client", "minutes", "kind", "technician", "for", "where", "note", "private", "began"}

const neededColumns = 4

// Limits of an import.
const (
	mostBytes = 10 << 20
	mostRows  = 50_000
)

// Row is a line of an import.
type Row struct {
	Line    int // of the file, from 1
	Booking Booking
}

// BadRow is a line that cannot be booked, and why.
type BadRow struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// mostTold is how many bad rows a message names.
const mostTold = 100

// BadRows are all that is wrong with an import; nothing of it was booked.
type BadRows struct {
	Name string
	Of   int // rows in the file
	Rows []BadRow
}

func (e *BadRows) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d of %d rows cannot be booked, so none was", e.Name, len(e.Rows), e.Of)
	for i, r := range e.Rows {
		if i == mostTold {
			fmt.Fprintf(&b, "\n  and %d more", len(e.Rows)-mostTold)
			break
		}
		fmt.Fprintf(&b, "\n  line %d: %s", r.Line, r.Why)
	}
	return b.String()
}

// ReadRows reads a sheet: CSV with a header, separated by comma, semicolon or tab,
// UTF-8 with or without a byte-order mark. Rows that cannot be read come back as bad ones,
// all of them; an error is about the file as a whole.
func ReadRows(r io.Reader, technician string) ([]Row, []BadRow, error) {
	data, err := io.ReadAll(io.LimitReader(r, mostBytes+1))
	if err != nil {
		return nil, nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch {
	case len(data) > mostBytes:
		return nil, nil, fmt.Errorf("the file is larger than %d MB", mostBytes>>20)
	case !utf8.Valid(data):
		return nil, nil, errors.New("the file is not UTF-8: save it as CSV UTF-8")
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.FieldsPerRecord = -1
	in.Comma = separator(data)
	head, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil, errors.New("the file is empty: want a header with the columns " + strings.Join(columns, ", "))
	} else if err != nil {
		return nil, nil, err
	}
	at, err := header(head)
	if err != nil {
		return nil, nil, err
	}
	var rows []Row
	var bad []BadRow
	for {
		rec, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, bad, nil
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			bad = append(bad, BadRow{broken.Line, broken.Err.Error()})
			continue
		} else if err != nil {
			return nil, nil, err
		}
		line, _ := in.FieldPos(0)
		if len(rows)+len(bad) >= mostRows {
			return nil, nil, fmt.Errorf("more than %d rows: split the file", mostRows)
		}
		if len(rec) != len(head) {
			bad = append(bad, BadRow{line, fmt.Sprintf("%d fields, the header has %d", len(rec), len(head))})
			continue
		}
		b, err := booking(rec, at, technician)
		if err != nil {
			bad = append(bad, BadRow{line, err.Error()})
			continue
		}
		rows = append(rows, Row{line, b})
	}
}

// separator is the one that the header uses most.
func separator(data []byte) rune {
	head, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', 0
	for _, c := range ",;\t" {
		if n := bytes.Count(head, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

func header(head []string) (map[string]int, error) {
	at := map[string]int{}
	for i, h := range head {
		name := strings.ToLower(strings.TrimSpace(h))
		if !slices.Contains(columns, name) {
			return nil, fmt.Errorf("column %q is not known: want %s", h, strings.Join(columns, ", "))
		}
		if _, twice := at[name]; twice {
			return nil, fmt.Errorf("column %s stands twice in the header", name)
		}
		at[name] = i
	}
	for _, name := range columns[:neededColumns] {
		if _, there := at[name]; !there {
			return nil, fmt.Errorf("column %s is missing from the header", name)
		}
	}
	return at, nil
}

func booking(rec []string, at map[string]int, technician string) (Booking, error) {
	get := func(name string) string {
		if i, there := at[name]; there {
			return strings.TrimSpace(rec[i])
		}
		return ""
	}
	day, err := calendar.Parse(get("date"))
	if err != nil {
		return Booking{}, err
	}
	minutes, err := calendar.ParseMinutes(get("minutes"))
	if err != nil {
		return Booking{}, err
	}
	b := Booking{Client: get("client"), Date: day, Minutes: minutes, Kind: contract.Work(strings.ToLower(get("kind"))), Who: get("technician"),
		For: get("for"), Where: get("where"), Note: get("note"), Private: get("private"), Began: get("began")}
	if b.Who == "" {
		b.Who = technician
	}
	return b, nil
}
