package support

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
)

func TestForecast(t *testing.T) {
	k := classic(calendar.NewDate(2026, 9, 15))
	at := calendar.NewDate
	for name, c := range map[string]struct {
		on      calendar.Date
		entries []Entry
		runsOut string
		days    int
		words   string
	}{
		"nothing done": {at(2026, 10, 1), nil, "", 17, "20h00 left; nothing was done in the last 17 days"},
		"after the demonstration's first day": {at(2026, 9, 30), []Entry{{Date: at(2026, 9, 16), Minutes: 1110, Kind: contract.Accompaniment}}, "2026-10-02", 16,
			"1h30 left; on the rhythm of the last 16 days (18h30) it is used up on 2026-10-02, 347 days before the year ends"},
		"to the minute": {at(2026, 9, 30), []Entry{{Date: at(2026, 9, 16), Minutes: 1200, Kind: contract.Accompaniment}}, "2026-09-16", 16,
			"used up on 2026-09-16: each minute more costs money"},
		"exceeded": {at(2026, 10, 31), []Entry{{Date: at(2026, 9, 16), Minutes: 1110, Kind: contract.Accompaniment}, {Date: at(2026, 10, 6), Minutes: 120, Kind: contract.Assistance}}, "2026-10-06", 47,
			"used up on 2026-10-06, and exceeded by 30min since"},
		"a slow year": {at(2027, 3, 14), []Entry{{Date: at(2026, 9, 20), Minutes: 600, Kind: contract.Training}, {Date: at(2027, 3, 1), Minutes: 90, Kind: contract.Training}}, "", 90,
			"8h30 left; on the rhythm of the last 90 days (1h30) it lasts: 5h26 stay unused on 2027-09-14"},
		"travel does not count": {at(2026, 9, 30), []Entry{{Date: at(2026, 9, 16), Minutes: 1300, Kind: contract.Travel}}, "", 16, "20h00 left; nothing was done in the last 16 days"},
	} {
		f := ForecastOn(k, c.on, c.entries)
		out := ""
		if !f.RunsOut.IsZero() {
			out = f.RunsOut.String()
		}
		if out != c.runsOut || f.Days != c.days || f.Words != c.words {
			t.Errorf("%s:\n got %q, %d days: %s\nwant %q, %d days: %s", name, out, f.Days, f.Words, c.runsOut, c.days, c.words)
		}
	}
}

// TestForecastHolds: whoever really goes on in the rhythm uses the last included
// minute on the day that was forecast, and not the day before; and a year that lasts leaves what was said.
func TestForecastHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := calendar.NewDate(2028, 2, 29)
		k := classic(start)
		day := start.AddDays(rapid.IntRange(0, 800).Draw(t, "day"))
		var entries []Entry
		for range rapid.IntRange(1, 12).Draw(t, "n") {
			entries = append(entries, Entry{Date: day.AddDays(-rapid.IntRange(0, 120).Draw(t, "ago")), Minutes: calendar.Minutes(rapid.IntRange(-60, 240).Draw(t, "minutes")), Kind: contract.Training})
		}
		f := ForecastOn(k, day, entries)
		if f.Reached == 100 || f.Done <= 0 {
			return
		}
		by := func(on calendar.Date) calendar.Minutes { // used if the rhythm goes on
			return f.Used + calendar.Minutes(int64(f.Done)*int64(day.DaysUntil(on))/int64(f.Days))
		}
		switch {
		case f.RunsOut.IsZero():
			if used := by(f.Last); used >= f.Included || f.Unused < f.Included-used-1 && f.Used >= 0 {
				t.Fatalf("%s: %s are used by the last day", f.Words, used)
			}
		case by(f.RunsOut) < f.Included || f.RunsOut.AddDays(-1).After(day) && by(f.RunsOut.AddDays(-1)) >= f.Included:
			t.Fatalf("%s: %s used on that day, %s on the day before", f.Words, by(f.RunsOut), by(f.RunsOut.AddDays(-1)))
		}
	})
}

// TestThresholds are reached by the work that reaches them, and left when it is taken back.
func TestThresholds(t *testing.T) {
	k := classic(calendar.NewDate(2026, 9, 15))
	at := calendar.NewDate
	entries := []Entry{
		{ID: "H1", Date: at(2026, 9, 16), Minutes: 899, Kind: contract.Training},
		{ID: "H2", Date: at(2026, 9, 17), Minutes: 1, Kind: contract.Training},
		{ID: "H3", Date: at(2026, 10, 1), Minutes: 400, Kind: contract.Training},
		{ID: "H4", Date: at(2026, 10, 1), Minutes: -400, Kind: contract.Training, Reverts: "H3"},
		{ID: "H5", Date: at(2027, 9, 15), Minutes: 2000, Kind: contract.Training}, // the next year
	}
	for _, c := range []struct {
		n    int
		want string
	}{{1, ""}, {2, "75 by H2"}, {3, "75 by H2, 100 by H3"}, {4, "75 by H2"}, {5, "75 by H2"}} {
		var got []string
		for _, r := range reachedBy(k, at(2027, 9, 14), entries[:c.n]) {
			got = append(got, map[int]string{75: "75", 100: "100"}[r.Percent]+" by "+r.Entry)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("after %d entries: %q, want %q", c.n, s, c.want)
		}
	}
}
