// Package kimai reads what the time tracker Kimai 2 exports: its CSV, and the
// timesheets of its REST API as JSON. It puts Kimai's users, customers, projects and
// activities into our words by a mapping; booking is support's.
//
// Sources: Kimai's own (App\Export\ColumnConverter, DefaultTemplate and the formatters
// beside them for the CSV; App\Entity\Timesheet and config/packages/jms_serializer.yaml
// for JSON), as of August 2026.
package kimai

import (
	"bytes"
	"fmt"
	"time"
	"unicode/utf8"

	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/support"
)

// Limits of a file. Kimai's API gives at most 500 timesheets a page.
const (
	mostBytes   = 10 << 20
	mostRecords = 50_000
)

// record is a timesheet in Kimai's words. User, customer, project and activity may
// each be known by several names: a number, an alias, a login.
type record struct {
	line                              int
	id                                string
	user, customer, project, activity []string
	began                             time.Time
	running                           bool
	took                              time.Duration
	note                              string
}

// Read reads a file, CSV or JSON, into records to take over. zone is that of a CSV's
// times, unless the mapping names another; JSON tells its own. An error is about the
// file as a whole.
func Read(name string, data []byte, m Mapping, zone *time.Location) (support.Takeover, error) {
	if m.zone != nil {
		zone = m.zone
	}
	t := support.Takeover{Program: "kimai", Name: name}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var records []record
	var err error
	switch first := bytes.TrimLeft(data, " \t\r\n"); {
	case len(data) > mostBytes:
		err = fmt.Errorf("the file is larger than %d MB", mostBytes>>20)
	case !utf8.Valid(data):
		err = fmt.Errorf("the file is not UTF-8")
	case len(first) > 0 && (first[0] == '[' || first[0] == '{'):
		records, t.Bad, err = readJSON(data)
	default:
		records, t.Bad, err = readCSV(data, zone)
	}
	if err != nil {
		return t, &contract.Invalid{Field: "file", Value: name, Allowed: err.Error()}
	}
	for _, r := range records {
		f, leave, err := m.apply(r)
		switch {
		case err != nil:
			t.Bad = append(t.Bad, support.BadRow{Line: r.line, Why: r.name() + err.Error()})
		case leave != "":
			t.Left = append(t.Left, support.BadRow{Line: r.line, Why: r.name() + leave})
		default:
			t.Records = append(t.Records, f)
		}
	}
	return t, nil
}

func (r record) name() string {
	if r.id == "" {
		return ""
	}
	return "record " + r.id + ": "
}
