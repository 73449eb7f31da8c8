package kimai

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/support"
)

// columns are the ones that we read, by the headers of Kimai's languages (English, in
// which its own CSV template is fixed; German and French of templates made there).
// The others (rates, tags, billable, …) are passed over.
var columns = map[string]string{
	"date": "date", "datum": "date",
	"from": "begin", "begin": "begin", "von": "begin", "de": "begin",
	"to": "end", "end": "end", "bis": "end", "à": "end",
	"duration": "duration", "dauer": "duration", "durée": "duration",
	"name": "alias", "alias": "alias",
	"user": "user", "username": "user", "benutzer": "user", "nom d'utilisateur": "user",
	"customer": "customer", "kunde": "customer", "client": "customer",
	"project": "project", "projekt": "project", "projet": "project",
	"activity": "activity", "tätigkeit": "activity", "activité": "activity", //nolint:misspell // French
	"description": "description", "beschreibung": "description",
	"id": "id", "identifiant": "id",
}

var needed = []string{"date", "begin", "duration", "customer", "project", "activity"}

func readCSV(data []byte, zone *time.Location) (records []record, bad []support.BadRow, err error) {
	in := csv.NewReader(bytes.NewReader(data))
	in.FieldsPerRecord = -1
	head, _, _ := bytes.Cut(data, []byte("\n"))
	if bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		in.Comma = ';'
	}
	names, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil, errors.New("the file is empty: want Kimai's CSV export, or its timesheets as JSON")
	} else if err != nil {
		return nil, nil, err
	}
	at, err := header(names)
	if err != nil {
		return nil, nil, err
	}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return records, bad, nil
		}
		if broken, ok := errors.AsType[*csv.ParseError](err); ok {
			bad = append(bad, support.BadRow{Line: broken.Line, Why: broken.Err.Error()})
			continue
		} else if err != nil {
			return nil, nil, err
		}
		line, _ := in.FieldPos(0)
		if len(records)+len(bad) >= mostRecords {
			return nil, nil, fmt.Errorf("more than %d records: split the file", mostRecords)
		}
		if len(cells) != len(names) {
			bad = append(bad, support.BadRow{Line: line, Why: fmt.Sprintf("%d fields, the header has %d", len(cells), len(names))})
			continue
		}
		r, err := fromCSV(func(column string) string {
			if i, there := at[column]; there {
				return strings.TrimSpace(cells[i])
			}
			return ""
		}, zone)
		if err != nil {
			bad = append(bad, support.BadRow{Line: line, Why: err.Error()})
			continue
		}
		r.line = line
		records = append(records, r)
	}
}

func header(names []string) (map[string]int, error) {
	at := map[string]int{}
	for i, name := range names {
		column, known := columns[strings.ToLower(strings.TrimSpace(name))]
		if !known {
			continue
		}
		if _, twice := at[column]; twice {
			return nil, fmt.Errorf("two columns are called %s", column)
		}
		at[column] = i
	}
	for _, column := range needed {
		if _, there := at[column]; !there {
			return nil, fmt.Errorf("column %s is missing from the header: want Kimai's CSV export", column)
		}
	}
	_, user := at["user"]
	_, alias := at["alias"]
	if !user && !alias {
		return nil, errors.New("column User is missing from the header: it says whose work it was")
	}
	return at, nil
}

func fromCSV(get func(string) string, zone *time.Location) (record, error) {
	one := func(names ...string) []string {
		var all []string
		for _, n := range names {
			if v := unguarded(get(n)); v != "" {
				all = append(all, v)
			}
		}
		return all
	}
	r := record{id: get("id"), user: one("user", "alias"), customer: one("customer"), project: one("project"), activity: one("activity"), note: unguarded(get("description"))}
	day, err := calendar.Parse(get("date"))
	if err != nil {
		return r, err
	}
	begin, err := time.Parse("15:04", get("begin"))
	if err != nil {
		return r, fmt.Errorf("begin %q: want a time such as 09:00", get("begin"))
	}
	r.began = time.Date(day.Year, day.Month, day.Day, begin.Hour(), begin.Minute(), 0, 0, zone)
	if _, there := get("end"), true; there && get("end") == "" && zeroDuration(get("duration")) {
		r.running = true
		return r, nil
	}
	r.took, err = duration(get("duration"))
	return r, err
}

func zeroDuration(s string) bool { return s == "" || strings.Trim(s, "0:.") == "" }

// durationForm is 1:30 or 1:30:15, and 1.5 for users who chose decimal hours.
var durationForm = regexp.MustCompile(`^(?:(\d{1,4}):([0-5]\d)(?::([0-5]\d))?|(\d{1,4})(?:[.,](\d{1,2}))?)$`)

func duration(s string) (time.Duration, error) {
	m := durationForm.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("duration %q: want 1:30, 1:30:15 or hours such as 1.5", s)
	}
	n := func(s string) time.Duration { v, _ := strconv.Atoi(s); return time.Duration(v) } // the form holds digits alone
	took := n(m[1])*time.Hour + n(m[2])*time.Minute + n(m[3])*time.Second + n(m[4])*time.Hour
	if hundredths := m[5]; hundredths != "" {
		took += n((hundredths + "0")[:2]) * (time.Hour / 100)
	}
	if took > longest*time.Second {
		return 0, fmt.Errorf("duration %q: longer than a month", s)
	}
	return took, nil
}

// unguarded takes away the quote that Kimai puts before what a spreadsheet might run
// (StringHelper::sanitizeDDE).
func unguarded(s string) string {
	rest, quoted := strings.CutPrefix(s, "' ")
	if quoted && rest != "" && (strings.ContainsRune("=-@+\t\r\n", rune(rest[0])) || strings.Contains(strings.ToLower(rest), "dde")) {
		return rest
	}
	return s
}
