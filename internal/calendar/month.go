package calendar

import (
	"fmt"
	"time"
)

// Month is a month of a year, `2026-09` in every text form. The zero Month means "none".
type Month struct {
	Year  int
	Month time.Month
}

// ParseMonth reads `2026-09`; an error is a *Bad.
func ParseMonth(s string) (Month, error) {
	if !shaped(s, "dddd-dd") {
		return Month{}, &Bad{"month", s, "want the form 2026-09"}
	}
	y, m, _, why := split(s + "-01")
	if why != "" {
		return Month{}, &Bad{"month", s, why}
	}
	return Month{y, m}, nil
}

// MonthOf is the month that the day belongs to.
func (d Date) MonthOf() Month { return Month{d.Year, d.Month} }

// IsZero reports whether there is no month.
func (m Month) IsZero() bool { return m == Month{} }

// String is the ISO form, empty for no month.
func (m Month) String() string {
	if m.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", m.Year, m.Month)
}

// Add is the month n months later (earlier for a negative n).
func (m Month) Add(n int) Month {
	i := m.index() + n
	return Month{i / 12, time.Month(i%12 + 1)}
}

func (m Month) index() int { return m.Year*12 + int(m.Month) - 1 }

// Until counts the months from m to o.
func (m Month) Until(o Month) int { return o.index() - m.index() }

// Compare orders months; the zero Month comes before all others.
func (m Month) Compare(o Month) int {
	switch n := m.Until(o); {
	case n > 0:
		return -1
	case n < 0:
		return 1
	}
	return 0
}

// Before reports whether m is earlier than o.
func (m Month) Before(o Month) bool { return m.Compare(o) < 0 }

// After reports whether m is later than o.
func (m Month) After(o Month) bool { return m.Compare(o) > 0 }

// First is the month's first day.
func (m Month) First() Date { return Date{m.Year, m.Month, 1} }

// Last is the month's last day.
func (m Month) Last() Date { return Date{m.Year, m.Month, m.Days()} }

// Days is the month's length.
func (m Month) Days() int { return time.Date(m.Year, m.Month+1, 0, 0, 0, 0, 0, time.UTC).Day() }

// MarshalText gives the ISO form.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the ISO form; an empty text is no month.
func (m *Month) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*m = Month{}
		return nil
	}
	got, err := ParseMonth(string(b))
	if err == nil {
		*m = got
	}
	return err
}
