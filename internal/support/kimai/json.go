package kimai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/support"
)

// timesheet is one element of `GET /api/timesheets`, or of `?full=true`, where user,
// project and activity are objects instead of numbers.
type timesheet struct {
	ID          int64   `json:"id"`
	Begin       string  `json:"begin"`    // 2026-11-02T09:00:00+0100
	End         *string `json:"end"`      // null while it runs
	Duration    *int64  `json:"duration"` // seconds, without the break
	User        ref     `json:"user"`
	Project     ref     `json:"project"`
	Activity    ref     `json:"activity"`
	Description *string `json:"description"`
}

// ref is a number, or the object with that number.
type ref struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Username string `json:"username"`
	Alias    string `json:"alias"`
	Customer *ref   `json:"customer"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *ref) UnmarshalJSON(data []byte) error {
	switch {
	case bytes.Equal(data, []byte("null")):
		return nil
	case data[0] == '{':
		type plain ref
		return json.Unmarshal(data, (*plain)(r))
	}
	if err := json.Unmarshal(data, &r.ID); err != nil {
		return fmt.Errorf("%s: want a number or an object", data)
	}
	return nil
}

// names are what a mapping may call it, the number last.
func (r *ref) names() []string {
	if r == nil {
		return nil
	}
	var all []string
	for _, name := range []string{r.Username, r.Alias, r.Name} {
		if name != "" {
			all = append(all, name)
		}
	}
	if r.ID != 0 {
		all = append(all, strconv.FormatInt(r.ID, 10))
	}
	return all
}

// moment is the form of Kimai's JSON (jms_serializer: Y-m-d\TH:i:sO).
const moment = "2006-01-02T15:04:05-0700"

// readJSON reads an array of timesheets, or several one after the other: pages as
// they came from the API.
func readJSON(data []byte) (records []record, bad []support.BadRow, err error) {
	for in := json.NewDecoder(bytes.NewReader(data)); ; {
		var page json.RawMessage
		err := in.Decode(&page)
		if errors.Is(err, io.EOF) {
			return records, bad, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", lineAt(data, in.InputOffset()), err)
		}
		start := in.InputOffset() - int64(len(page))
		if page[0] != '[' {
			return nil, nil, fmt.Errorf("line %d: want an array of timesheets, as GET /api/timesheets gives it", lineAt(data, start))
		}
		if err := eachOf(page, func(one json.RawMessage, offset int64) error {
			if len(records)+len(bad) >= mostRecords {
				return fmt.Errorf("more than %d records: split the file", mostRecords)
			}
			r, err := fromJSON(one)
			r.line = lineAt(data, start+offset)
			if err != nil {
				bad = append(bad, support.BadRow{Line: r.line, Why: r.name() + err.Error()})
				return nil //nolint:nilerr // the row is named, the others are read
			}
			records = append(records, r)
			return nil
		}); err != nil {
			return nil, nil, err
		}
	}
}

func eachOf(page json.RawMessage, each func(one json.RawMessage, offset int64) error) error {
	in := json.NewDecoder(bytes.NewReader(page))
	if _, err := in.Token(); err != nil {
		return err
	}
	for in.More() {
		var one json.RawMessage
		if err := in.Decode(&one); err != nil {
			return err
		}
		if err := each(one, in.InputOffset()-int64(len(one))); err != nil {
			return err
		}
	}
	return nil
}

// lineAt is the line of an offset, from 1.
func lineAt(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:max(0, min(offset, int64(len(data))))], []byte("\n"))
}

func fromJSON(one json.RawMessage) (record, error) {
	var t timesheet
	if err := json.Unmarshal(one, &t); err != nil {
		return record{}, fmt.Errorf("not a timesheet: %w", err)
	}
	r := record{user: t.User.names(), customer: t.Project.Customer.names(), project: t.Project.names(), activity: t.Activity.names()}
	if t.ID < 1 {
		return r, errors.New("id is missing: want Kimai's number of the record")
	}
	r.id = strconv.FormatInt(t.ID, 10)
	var err error
	if r.began, err = time.Parse(moment, t.Begin); err != nil {
		return r, fmt.Errorf("begin %q: want a time such as 2026-11-02T09:00:00+0100", t.Begin)
	}
	if t.Description != nil {
		r.note = strings.TrimSpace(*t.Description)
	}
	if t.End == nil || *t.End == "" {
		r.running = true
		return r, nil
	}
	end, err := time.Parse(moment, *t.End)
	switch {
	case err != nil:
		return r, fmt.Errorf("end %q: want a time such as 2026-11-02T10:30:00+0100", *t.End)
	case end.Before(r.began):
		return r, fmt.Errorf("end %q: it lies before the begin %s", *t.End, t.Begin)
	case t.Duration == nil || *t.Duration < 0 || *t.Duration > longest:
		return r, fmt.Errorf("duration %s: want seconds, from 0 to %d", optional(t.Duration), longest)
	}
	r.took = time.Duration(*t.Duration) * time.Second
	return r, nil
}

// longest is the longest record that is believed, in seconds: a month.
const longest = 31 * 86400

func optional(n *int64) string {
	if n == nil {
		return "null"
	}
	return strconv.FormatInt(*n, 10)
}
