package calendar

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Minutes measures work. Hours are always whole minutes, never a fraction of
// an hour; JSON carries the integer.
type Minutes int64

// String is `18h30`, `45min` or `-1h05`.
func (m Minutes) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	if m < 60 {
		return fmt.Sprintf("%s%dmin", sign, int64(m))
	}
	return fmt.Sprintf("%s%dh%02d", sign, int64(m)/60, int64(m)%60)
}

// ParseMinutes reads `18h30`, `2h`, `45min`, `45m`, `1:30` or plain minutes `90`.
// Fractions of hours are not read: 1.5 would be a guess about what was meant.
func ParseMinutes(s string) (Minutes, error) {
	bad := fmt.Errorf("duration %q: want 18h30, 2h, 45min, 1:30 or whole minutes", s)
	m := durationForm.FindStringSubmatch(strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), " ", "")))
	if m == nil {
		return 0, bad
	}
	hours, mins := m[1]+m[3], m[2]+m[4]+m[5]
	if hours == "" && mins == "" {
		return 0, bad
	}
	h, m1 := digits(hours), digits(mins)
	if h < 0 || m1 < 0 || (hours != "" && m1 > 59) {
		return 0, bad
	}
	return Minutes(h*60 + m1), nil
}

var durationForm = regexp.MustCompile(`^(?:(\d+)h(?:(\d{1,2})(?:min|m)?)?|(\d+):(\d{2})|(\d+)(?:min|m)?)$`)

// digits is the number, 0 for an empty text, -1 where it is absurdly long.
func digits(s string) int64 {
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > 1_000_000 {
		return -1
	}
	return n
}
