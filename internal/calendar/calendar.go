// Package calendar holds days, months and working minutes: the measures in
// which contracts run, hours are booked and invoices are dated.
//
// A Date is a day on the wall in Europe/Paris and knows no time zone; an
// instant becomes a date only through Of, at the edges. The package never reads
// the clock.
package calendar

import (
	"fmt"
	"time"
	_ "time/tzdata" // Europe/Paris exists on a machine without zone files too
)

// Date is a calendar day, `2026-09-15` in every text form. The zero Date means
// "none": its text is empty.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// NewDate builds a date that is known to exist; for input use Parse.
func NewDate(year int, month time.Month, day int) Date { return Date{year, month, day} }

// Paris is the zone of the cooperative and of its clients.
func Paris() *time.Location { return paris }

var paris = mustZone("Europe/Paris")

// mustZone cannot fail: the zone data is linked into the program.
func mustZone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.FixedZone(name, 3600)
	}
	return loc
}

// Of is the day that an instant falls on in a zone.
func Of(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date{y, m, d}
}

// Bad is a date or month that cannot be read.
type Bad struct {
	What string // `date` or `month`
	Text string // what was given
	Why  string // `there is no month 13`
}

func (b *Bad) Error() string { return fmt.Sprintf("%s %q: %s", b.What, b.Text, b.Why) }

// Parse reads `2026-09-15` and refuses days that do not exist, as *Bad.
func Parse(s string) (Date, error) {
	y, m, d, why := split(s)
	if why != "" {
		return Date{}, &Bad{"date", s, why}
	}
	return Date{y, m, d}, nil
}

// split reads year, month and day, or says why it cannot.
func split(s string) (y int, m time.Month, d int, why string) {
	if !shaped(s, "dddd-dd-dd") {
		return 0, 0, 0, "want the form 2026-09-15"
	}
	y, month, d := number(s[:4]), number(s[5:7]), number(s[8:])
	switch {
	case y < minYear || y > maxYear:
		return 0, 0, 0, fmt.Sprintf("the year must be between %d and %d", minYear, maxYear)
	case month < 1 || month > 12:
		return 0, 0, 0, fmt.Sprintf("there is no month %d", month)
	}
	m = time.Month(month)
	if last := (Month{y, m}).Days(); d < 1 || d > last {
		return 0, 0, 0, fmt.Sprintf("there is no such day: %s %d has %d days", m, y, last)
	}
	return y, m, d, ""
}

// number reads digits that were checked before.
func number(digits string) int {
	n := 0
	for _, c := range digits {
		n = n*10 + int(c-'0')
	}
	return n
}

// Years outside this span are typing errors, not history or plans.
const minYear, maxYear = 1900, 2199

// shaped compares s with a form where d stands for a digit.
func shaped(s, form string) bool {
	if len(s) != len(form) {
		return false
	}
	for i := range len(s) {
		digit := s[i] >= '0' && s[i] <= '9'
		if (form[i] == 'd') != digit || (form[i] != 'd' && form[i] != s[i]) {
			return false
		}
	}
	return true
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String is the ISO form, empty for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Compare orders dates; the zero Date comes before all others.
func (d Date) Compare(o Date) int {
	switch {
	case d.ordinal() < o.ordinal():
		return -1
	case d.ordinal() > o.ordinal():
		return 1
	}
	return 0
}

func (d Date) ordinal() int { return d.Year*10000 + int(d.Month)*100 + d.Day }

// Before reports whether d is an earlier day than o.
func (d Date) Before(o Date) bool { return d.Compare(o) < 0 }

// After reports whether d is a later day than o.
func (d Date) After(o Date) bool { return d.Compare(o) > 0 }

// AddDays is the day n days later (earlier for a negative n).
func (d Date) AddDays(n int) Date { return Of(d.Midnight(time.UTC).AddDate(0, 0, n), time.UTC) }

// AddMonths is the same day n months later, or that month's last day where it
// is shorter: 31 January + 1 month is 28 February, and 29 February + 12 months too.
func (d Date) AddMonths(n int) Date {
	m := d.MonthOf().Add(n)
	return Date{m.Year, m.Month, min(d.Day, m.Days())}
}

// DaysUntil counts the days from d to o; o itself does not count.
func (d Date) DaysUntil(o Date) int {
	return int(o.Midnight(time.UTC).Sub(d.Midnight(time.UTC)) / (24 * time.Hour))
}

// Midnight is the instant at which the day begins in a zone.
func (d Date) Midnight(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

// Length is how many minutes the day has in a zone: 1380 or 1500 on the days
// on which summer time begins or ends.
func (d Date) Length(zone *time.Location) Minutes {
	return Minutes(d.AddDays(1).Midnight(zone).Sub(d.Midnight(zone)) / time.Minute)
}

// MarshalText gives the ISO form.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the ISO form; an empty text is no date.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	got, err := Parse(string(b))
	if err == nil {
		*d = got
	}
	return err
}
