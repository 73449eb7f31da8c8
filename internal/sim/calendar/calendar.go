// Package calendar knows the calendar events by which the jobs of Proxmox VE and
// Proxmox Backup Server run: it reads them and computes when they happen next on the
// clock of a zone. It runs nothing.
package calendar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Event is a parsed calendar event, a subset of systemd's: "[days] [date] [time]".
// An empty set stands for any value.
type Event struct {
	days                 set // 0 Sunday … 6 Saturday
	years, months, mdays set
	hours, minutes, secs set
}

// set holds the values that match, sorted.
type set []int

func (s set) has(n int) bool { return len(s) == 0 || slices.Contains(s, n) }

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// calendarWords are the names of common events.
var calendarWords = map[string]string{
	"minutely": "*:*", "hourly": "*:00", "daily": "00:00", "weekly": "mon 00:00", "monthly": "*-*-1 00:00",
	"yearly": "*-1-1 00:00", "annually": "*-1-1 00:00", "quarterly": "*-1,4,7,10-1 00:00",
	"semiannually": "*-1,7-1 00:00", "semi-annually": "*-1,7-1 00:00",
}

// Parse reads an event. A number without a colon is a minute of every hour.
func Parse(text string) (Event, error) {
	e := Event{secs: set{0}}
	text = strings.TrimSpace(text)
	if full, ok := calendarWords[strings.ToLower(text)]; ok {
		text = full
	}
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return e, fmt.Errorf("unable to parse calendar event - event is empty")
	}
	timed := false
	for _, field := range fields {
		var err error
		switch {
		case field[0] >= 'a' && field[0] <= 'z' || field[0] >= 'A' && field[0] <= 'Z':
			e.days, err = parseDays(field)
		case strings.Contains(field, "-"):
			err = e.parseDate(field)
		default:
			err = e.parseTime(field)
			timed = true
		}
		if err != nil {
			return e, fmt.Errorf("unable to parse calendar event '%s' - %s", text, err)
		}
	}
	if !timed {
		e.hours, e.minutes = set{0}, set{0}
	}
	return e, nil
}

func parseDays(text string) (set, error) {
	var days set
	for part := range strings.SplitSeq(strings.ToLower(text), ",") {
		from, to, ranged := strings.Cut(part, "..")
		if !ranged {
			to = from
		}
		a, b := dayNumber(from), dayNumber(to)
		if a < 0 || b < 0 {
			return nil, fmt.Errorf("unknown weekday '%s'", part)
		}
		for d := a; ; d = (d + 1) % 7 {
			days = append(days, d)
			if d == b {
				break
			}
		}
	}
	slices.Sort(days)
	return slices.Compact(days), nil
}

func dayNumber(name string) int {
	if len(name) < 3 {
		return -1
	}
	return slices.Index(weekdays, name[:3])
}

func (e *Event) parseDate(text string) (err error) {
	parts := strings.Split(text, "-")
	if len(parts) == 2 {
		parts = append([]string{"*"}, parts...)
	}
	if len(parts) != 3 {
		return fmt.Errorf("unable to parse date '%s'", text)
	}
	if e.years, err = parseSet(parts[0], 1970, 2199); err != nil {
		return err
	}
	if e.months, err = parseSet(parts[1], 1, 12); err != nil {
		return err
	}
	e.mdays, err = parseSet(parts[2], 1, 31)
	return err
}

func (e *Event) parseTime(text string) (err error) {
	parts := strings.Split(text, ":")
	if len(parts) == 1 {
		parts = []string{"*", parts[0]}
	}
	if len(parts) > 3 {
		return fmt.Errorf("unable to parse time '%s'", text)
	}
	if e.hours, err = parseSet(parts[0], 0, 23); err != nil {
		return err
	}
	if e.minutes, err = parseSet(parts[1], 0, 59); err != nil {
		return err
	}
	if len(parts) == 3 {
		e.secs, err = parseSet(parts[2], 0, 59)
		if len(e.secs) == 0 && err == nil {
			e.secs, err = parseSet("0..59", 0, 59)
		}
	}
	return err
}

// parseSet reads "*", "5", "1..4", "*/15", "3/4" and lists of these.
func parseSet(text string, low, high int) (set, error) {
	var values set
	for part := range strings.SplitSeq(text, ",") {
		base, step, stepped := strings.Cut(part, "/")
		by := 1
		if stepped {
			if by = number(step); by <= 0 {
				return nil, fmt.Errorf("unable to parse repetition '%s'", part)
			}
		}
		from, to := low, high
		switch lo, hi, ranged := strings.Cut(base, ".."); {
		case base == "*":
			if !stepped {
				return nil, nil
			}
		case ranged:
			from, to = number(lo), number(hi)
		default:
			from = number(base)
			if !stepped {
				to = from
			}
		}
		if from < low || to > high || from > to {
			return nil, fmt.Errorf("value '%s' out of range (%d..%d)", part, low, high)
		}
		for n := from; n <= to; n += by {
			values = append(values, n)
		}
	}
	slices.Sort(values)
	return slices.Compact(values), nil
}

// number reads digits; -1 for anything else.
func number(text string) int {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return -1
	}
	n, err := strconv.Atoi(text)
	if err != nil { // too long
		return -1
	}
	return n
}

func (e Event) onDay(t time.Time) bool {
	return e.days.has(int(t.Weekday())) && e.years.has(t.Year()) && e.months.has(int(t.Month())) && e.mdays.has(t.Day())
}

// Next is the first instant after last at which the event happens, on the clock of a
// zone; zero if there is none within ten years. The search goes by the clock's
// reading: a time in the hour that a change of the clock repeats comes once, the
// first time; one in the hour that it skips comes as much later as the clock was
// moved.
func (e Event) Next(last time.Time, zone *time.Location) time.Time {
	local := last.In(zone)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	read := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	for range 3660 {
		if e.onDay(day) {
			for _, h := range e.hours.or(0, 23) {
				for _, m := range e.minutes.or(0, 59) {
					for _, s := range e.secs {
						wall := day.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second)
						if !wall.After(read) {
							continue
						}
						if at := onClock(wall, zone); at.After(last) {
							return at
						}
					}
				}
			}
		}
		day = day.AddDate(0, 0, 1)
	}
	return time.Time{}
}

// or gives the set's values, or all from low to high when any will do.
func (s set) or(low, high int) set {
	if len(s) > 0 {
		return s
	}
	all := make(set, 0, high-low+1)
	for n := low; n <= high; n++ {
		all = append(all, n)
	}
	return all
}

// onClock is the instant at which a clock in the zone shows what wall shows: the
// first of two; for a time that the clock skips, counted with the offset before.
func onClock(wall time.Time, zone *time.Location) time.Time {
	_, before := wall.Add(-24 * time.Hour).In(zone).Zone()
	at := wall.Add(-time.Duration(before) * time.Second)
	if _, now := at.In(zone).Zone(); now == before {
		return at.UTC()
	} else if moved := wall.Add(-time.Duration(now) * time.Second); sameWall(moved, wall, zone) {
		return moved.UTC()
	}
	return at.UTC()
}

func sameWall(at, wall time.Time, zone *time.Location) bool {
	l := at.In(zone)
	return l.Hour() == wall.Hour() && l.Minute() == wall.Minute() && l.Day() == wall.Day()
}
