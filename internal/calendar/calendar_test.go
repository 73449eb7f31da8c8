package calendar

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"2026-09-15": "",
		"2028-02-29": "",
		"2026-02-29": `date "2026-02-29": there is no such day: February 2026 has 28 days`,
		"2026-13-01": `date "2026-13-01": there is no month 13`,
		"2026-00-01": `date "2026-00-01": there is no month 0`,
		"2026-04-31": `date "2026-04-31": there is no such day: April 2026 has 30 days`,
		"2026-04-00": `date "2026-04-00": there is no such day: April 2026 has 30 days`,
		"0026-04-01": `date "0026-04-01": the year must be between 1900 and 2199`,
		"26-04-01":   `date "26-04-01": want the form 2026-09-15`,
		"01/04/2026": `date "01/04/2026": want the form 2026-09-15`,
		"2026-4-1":   `date "2026-4-1": want the form 2026-09-15`,
	} {
		d, err := Parse(in)
		switch {
		case want == "" && (err != nil || d.String() != in):
			t.Errorf("Parse(%s) = %s, %v", in, d, err)
		case want != "" && (err == nil || err.Error() != want):
			t.Errorf("Parse(%s): %v, want %s", in, err, want)
		}
	}
}

// TestDays compares steps and distances with package time.
func TestDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := NewDate(1990, 1, 1).AddDays(rapid.IntRange(0, 60_000).Draw(t, "day"))
		n := rapid.IntRange(-1000, 1000).Draw(t, "n")
		b := a.AddDays(n)
		if a.DaysUntil(b) != n || a.Before(b) != (n > 0) || a.After(b) != (n < 0) {
			t.Fatalf("%s and %d days more: %s", a, n, b)
		}
		if again, err := Parse(b.String()); err != nil || again != b {
			t.Fatalf("%s was read as %s, %v", b, again, err)
		}
		m := a.AddMonths(rapid.IntRange(-50, 50).Draw(t, "months"))
		if m.Day > a.Day || (m.Day < a.Day && m != m.MonthOf().Last()) {
			t.Fatalf("%s became %s: want the same day, or the month's last", a, m)
		}
	})
}

func TestMonths(t *testing.T) {
	m := Month{2026, 12}
	if got := m.Add(1); got != (Month{2027, 1}) || got.Add(-1) != m || m.Until(got) != 1 || !m.Before(got) {
		t.Errorf("December and a month more is %s", got)
	}
	if f := (Month{2028, 2}); f.Days() != 29 || f.Last() != NewDate(2028, 2, 29) || f.First() != NewDate(2028, 2, 1) {
		t.Errorf("February 2028 has %d days", f.Days())
	}
	if _, err := ParseMonth("2026-13"); err == nil || err.Error() != `month "2026-13": there is no month 13` {
		t.Errorf("month 13: %v", err)
	}
}

// TestLength knows the days of 23 and 25 hours.
func TestLength(t *testing.T) {
	for day, want := range map[Date]Minutes{NewDate(2026, 3, 29): 23 * 60, NewDate(2026, 10, 25): 25 * 60, NewDate(2026, 10, 26): 24 * 60} {
		if got := day.Length(Paris()); got != want {
			t.Errorf("%s has %s, want %s", day, got, want)
		}
	}
	late := time.Date(2026, 9, 30, 22, 30, 0, 0, time.UTC)
	if got := Of(late, Paris()); got != NewDate(2026, 10, 1) {
		t.Errorf("%s is %s in Paris, want the first of October", late, got)
	}
}

func TestMinutes(t *testing.T) {
	for in, want := range map[string]Minutes{"18h30": 1110, "18 h 30": 1110, "2h": 120, "45min": 45, "45m": 45, "1:30": 90, "90": 90, "0": 0, "1h05min": 65} {
		if got, err := ParseMinutes(in); err != nil || got != want {
			t.Errorf("ParseMinutes(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "h", "1.5", "1,5", "1h60", "-5", "1:5", "99999999999h", "1h30x"} {
		if got, err := ParseMinutes(in); err == nil {
			t.Errorf("ParseMinutes(%q) = %d, want it refused", in, got)
		}
	}
	for m, want := range map[Minutes]string{1110: "18h30", 45: "45min", -65: "-1h05", 0: "0min"} {
		if m.String() != want {
			t.Errorf("%d minutes are %q, want %q", m, m.String(), want)
		}
	}
}

func TestJSON(t *testing.T) {
	type pair struct {
		D Date  `json:"d"`
		M Month `json:"m"`
	}
	in := pair{NewDate(2026, 9, 5), Month{2026, 9}}
	raw, err := json.Marshal(in)
	if err != nil || string(raw) != `{"d":"2026-09-05","m":"2026-09"}` {
		t.Fatalf("JSON %s, %v", raw, err)
	}
	var out pair
	if err := json.Unmarshal(raw, &out); err != nil || out != in {
		t.Errorf("back: %+v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"d":"","m":""}`), &out); err != nil || !out.D.IsZero() || !out.M.IsZero() {
		t.Errorf("empty: %+v, %v", out, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2026-09-15")
	f.Add("18h30")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := Parse(s); err == nil && d.String() != s {
			t.Errorf("%q was read as %s", s, d)
		}
		if m, err := ParseMonth(s); err == nil && m.String() != s {
			t.Errorf("%q was read as the month %s", s, m)
		}
		if m, err := ParseMinutes(s); err == nil {
			if again, err := ParseMinutes(m.String()); err != nil || again != m {
				t.Errorf("%q is %d minutes, written %s, read %d, %v", s, m, m, again, err)
			}
		}
	})
}
