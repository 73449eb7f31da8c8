// Package timesheet writes entries of the ledger of hours as a sheet, CSV or XLSX,
// and reads such sheets: a row for each entry, with a header. What it writes it reads
// back as it was.
//
// It books nothing (support does), and it holds what stands: of a correction the entry
// that is right, not the one that was taken back. Notes for us alone go out only where
// they are asked for.
package timesheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/support"
)

// Format of a sheet.
type Format string

// The formats that are written; reading tells them apart by what the file holds.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// ContentType is that of its files.
func (f Format) ContentType() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// The columns, in the order in which they are written.
const (
	date    = "date"    // `2026-10-06`
	client  = "client"  // ID or name
	minutes = "minutes" // every form of calendar.ParseMinutes
	kind    = "kind"    // of work
	who     = "technician"
	forWhom = "for"
	where   = "where"
	mode    = "mode"    // of travel: bike or truck
	note    = "note"    // for the client
	private = "private" // for us
	began   = "began"   // `14:30`, `14:30:05`, or with its offset where the clock was set back
	session = "session" // the same in each row of a session that clients shared; then minutes are this one's part
	seats   = "seats"   // of this client
	ofSeats = "of seats"
	whole   = "session minutes"
)

// columns may be there in any order; the first four are needed.
var columns = []string{date, client, minutes, kind, who, forWhom, where, mode, note, private, began, session, seats, ofSeats, whole}

const neededColumns = 4

// Options of a sheet that is written.
type Options struct {
	Private bool           // with the notes for us alone
	Zone    *time.Location // of the times at which work began
}

// Write writes entries as they stand.
func Write(w io.Writer, f Format, entries []support.Entry, o Options) error {
	head := columns
	if !o.Private {
		head = slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return c == private })
	}
	rows := make([]map[string]string, len(entries))
	for i, e := range entries {
		rows[i] = row(e, o.Zone)
	}
	switch f {
	case CSV:
		return writeCSV(w, head, rows)
	case XLSX:
		return writeXLSX(w, head, rows)
	}
	return fmt.Errorf("format %q: want csv or xlsx", f)
}

func row(e support.Entry, zone *time.Location) map[string]string {
	cells := map[string]string{date: e.Date.String(), client: e.Client, minutes: strconv.FormatInt(int64(e.Minutes), 10), kind: string(e.Kind), who: e.Who,
		forWhom: e.For, where: e.Where, mode: string(e.Mode), note: e.Note, private: e.Private, began: support.ClockTime(e.Began, zone)}
	if g := e.Group; g != nil {
		cells[session], cells[seats], cells[ofSeats] = g.ID, strconv.Itoa(g.Seats), strconv.Itoa(g.Of)
		cells[whole] = strconv.FormatInt(int64(g.Minutes), 10)
	}
	return cells
}

func writeCSV(w io.Writer, head []string, rows []map[string]string) error {
	out := csv.NewWriter(w)
	out.Comma = ';' // as French spreadsheets read it
	if err := out.Write(head); err != nil {
		return err
	}
	for _, r := range rows {
		cells := make([]string, len(head))
		for i, column := range head {
			cells[i] = guarded(r[column])
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// formula begins what a spreadsheet would run.
const formula = "=+-@'"

// guarded keeps a spreadsheet from taking a text for a formula: an apostrophe stands before it.
func guarded(s string) string {
	if s != "" && strings.ContainsRune(formula, rune(s[0])) {
		return "'" + s
	}
	return s
}

// unguarded takes that apostrophe away, and no other.
func unguarded(s string) string {
	if rest, quoted := strings.CutPrefix(s, "'"); quoted && rest != "" && strings.ContainsRune(formula, rune(rest[0])) {
		return rest
	}
	return s
}
