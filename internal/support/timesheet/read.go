package timesheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/support"
)

// Limits of a sheet that is read.
const (
	mostBytes = 10 << 20
	mostRows  = 50_000
)

// Read reads a sheet with a header: XLSX, or CSV separated by comma, semicolon or tab,
// UTF-8 with or without a byte-order mark. technician is whose work it is where a row
// does not say. Rows that cannot be read come back as bad ones, all of them; an error
// is about the file as a whole.
func Read(data []byte, technician string) ([]support.Row, []support.BadRow, error) {
	t := &table{technician: technician}
	var err error
	switch data = bytes.TrimPrefix(data, []byte("\ufeff")); {
	case len(data) > mostBytes:
		err = fmt.Errorf("the file is larger than %d MB", mostBytes>>20)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		err = t.readXLSX(data)
	case !utf8.Valid(data):
		err = errors.New("the file is not UTF-8: save it as CSV UTF-8, or as XLSX")
	default:
		err = t.readCSV(data)
	}
	if err == nil && t.at == nil {
		err = errors.New("the file is empty: want a header with the columns " + strings.Join(columns, ", "))
	}
	if err != nil {
		return nil, nil, err
	}
	return t.rows, t.bad, nil
}

// table is a sheet that is being read.
type table struct {
	technician string
	names      []string // of the columns, as they stand
	at         map[string]int
	rows       []support.Row
	bad        []support.BadRow
}

func (t *table) readCSV(data []byte) error {
	in := csv.NewReader(bytes.NewReader(data))
	in.FieldsPerRecord = -1
	in.Comma = separator(data)
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if broken, ok := errors.AsType[*csv.ParseError](err); ok && t.at != nil {
			t.bad = append(t.bad, support.BadRow{Line: broken.Line, Why: broken.Err.Error()})
			continue
		} else if err != nil {
			return err
		}
		line, _ := in.FieldPos(0)
		for i := range cells {
			cells[i] = unguarded(cells[i])
		}
		if err := t.take(line, cells); err != nil {
			return err
		}
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

// take takes a record; the first is the header. An error is about the file as a whole.
func (t *table) take(line int, cells []string) error {
	switch {
	case t.at == nil:
		return t.header(cells)
	case len(t.rows)+len(t.bad) >= mostRows:
		return fmt.Errorf("more than %d rows: split the file", mostRows)
	case len(cells) != len(t.names):
		t.bad = append(t.bad, support.BadRow{Line: line, Why: fmt.Sprintf("%d fields, the header has %d", len(cells), len(t.names))})
		return nil
	}
	r, err := t.row(cells)
	if err != nil {
		t.bad = append(t.bad, support.BadRow{Line: line, Why: err.Error()})
		return nil //nolint:nilerr // the row is named, the others are read
	}
	r.Line = line
	t.rows = append(t.rows, r)
	return nil
}

func (t *table) header(cells []string) error {
	at := map[string]int{}
	for i, cell := range cells {
		name := strings.ToLower(strings.TrimSpace(cell))
		if !slices.Contains(columns, name) {
			return fmt.Errorf("column %q is not known: want %s", cell, strings.Join(columns, ", "))
		}
		if _, twice := at[name]; twice {
			return fmt.Errorf("column %s stands twice in the header", name)
		}
		at[name] = i
		t.names = append(t.names, name)
	}
	for _, name := range columns[:neededColumns] {
		if _, there := at[name]; !there {
			return fmt.Errorf("column %s is missing from the header", name)
		}
	}
	t.at = at
	return nil
}

func (t *table) row(cells []string) (r support.Row, err error) {
	get := func(name string) string {
		if i, there := t.at[name]; there {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	r.Booking = support.Booking{Client: get(client), Kind: contract.Work(strings.ToLower(get(kind))), Who: get(who),
		For: get(forWhom), Where: get(where), Mode: fleet.Travel(strings.ToLower(get(mode))), Note: get(note), Private: get(private), Began: get(began)}
	if r.Booking.Date, err = calendar.Parse(get(date)); err != nil {
		return r, err
	}
	if r.Booking.Minutes, err = calendar.ParseMinutes(get(minutes)); err != nil {
		return r, err
	}
	if r.Booking.Who == "" {
		r.Booking.Who = t.technician
	}
	r.Shared, err = shared(get)
	return r, err
}

// shared reads the four cells of a session: all of them, or none.
func shared(get func(string) string) (s support.Shared, err error) {
	s.Session = get(session)
	if s.Session == "" {
		for _, name := range []string{seats, ofSeats, whole} {
			if get(name) != "" {
				return s, fmt.Errorf("%s %s: it belongs to a session, and the column %s is empty", name, get(name), session)
			}
		}
		return s, nil
	}
	for _, count := range []struct {
		name string
		into *int
	}{{seats, &s.Seats}, {ofSeats, &s.Of}} {
		if *count.into, err = strconv.Atoi(get(count.name)); err != nil || *count.into < 1 {
			return s, fmt.Errorf("%s %q: want a number of seats of the session %s", count.name, get(count.name), s.Session)
		}
	}
	if s.Seats >= s.Of {
		return s, fmt.Errorf("seats %d of %d: the session %s was shared with others", s.Seats, s.Of, s.Session)
	}
	s.Minutes, err = calendar.ParseMinutes(get(whole))
	return s, err
}
