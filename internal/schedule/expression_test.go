package schedule_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/schedule"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func parse(t testing.TB, text string) schedule.Expression {
	t.Helper()
	e, err := schedule.Parse(text, zone(t, "Europe/Paris"))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Both days on which the clock changes in 2026, and ordinary ones.
func TestNext(t *testing.T) {
	const layout = "2006-01-02 15:04 MST"
	tests := []struct {
		spec, from string
		want       []string
	}{
		// 29 March: 02:00 CET is 03:00 CEST. A fixed time in the missing hour comes at 03:00.
		{"30 2 * * *", "2026-03-28 12:00 CET", []string{"2026-03-29 03:00 CEST", "2026-03-30 02:30 CEST"}},
		{"0,15,45 2 * * *", "2026-03-28 12:00 CET", []string{"2026-03-29 03:00 CEST", "2026-03-30 02:00 CEST"}},
		{"30 1 * * *", "2026-03-28 12:00 CET", []string{"2026-03-29 01:30 CET", "2026-03-30 01:30 CEST"}},
		{"0 3 * * *", "2026-03-28 12:00 CET", []string{"2026-03-29 03:00 CEST", "2026-03-30 03:00 CEST"}},
		{"30 2,3 * * *", "2026-03-28 12:00 CET", []string{"2026-03-29 03:00 CEST", "2026-03-29 03:30 CEST"}},
		{"30 * * * *", "2026-03-29 00:40 CET", []string{"2026-03-29 01:30 CET", "2026-03-29 03:30 CEST", "2026-03-29 04:30 CEST"}},
		{"0 */2 * * *", "2026-03-28 23:30 CET", []string{"2026-03-29 00:00 CET", "2026-03-29 04:00 CEST", "2026-03-29 06:00 CEST"}},
		{"*/30 * * * *", "2026-03-29 01:29 CET", []string{"2026-03-29 01:30 CET", "2026-03-29 03:00 CEST", "2026-03-29 03:30 CEST"}},
		// 25 October: 03:00 CEST is 02:00 CET. A fixed time in the repeated hour comes the first time.
		{"30 2 * * *", "2026-10-24 12:00 CEST", []string{"2026-10-25 02:30 CEST", "2026-10-26 02:30 CET"}},
		{"30 2 * * *", "2026-10-25 02:30 CEST", []string{"2026-10-26 02:30 CET"}},
		{"30 2 * * *", "2026-10-25 02:10 CET", []string{"2026-10-26 02:30 CET"}},
		{"30 1 * * *", "2026-10-24 12:00 CEST", []string{"2026-10-25 01:30 CEST", "2026-10-26 01:30 CET"}},
		{"0 3 * * *", "2026-10-24 12:00 CEST", []string{"2026-10-25 03:00 CET", "2026-10-26 03:00 CET"}},
		{"30 * * * *", "2026-10-25 01:40 CEST", []string{"2026-10-25 02:30 CEST", "2026-10-25 02:30 CET", "2026-10-25 03:30 CET"}},
		{"*/20 * * * *", "2026-10-25 02:39 CEST", []string{"2026-10-25 02:40 CEST", "2026-10-25 02:00 CET", "2026-10-25 02:20 CET"}},
		{"@daily", "2026-10-24 12:00 CEST", []string{"2026-10-25 00:00 CEST", "2026-10-26 00:00 CET"}},
		{"@hourly", "2026-10-25 01:40 CEST", []string{"2026-10-25 02:00 CEST", "2026-10-25 02:00 CET", "2026-10-25 03:00 CET"}},
		{"@every 90m", "2026-10-25 01:00 CEST", []string{"2026-10-25 02:30 CEST", "2026-10-25 03:00 CET"}},
		// Others.
		{"0 6 1 * *", "2026-09-15 12:00 CEST", []string{"2026-10-01 06:00 CEST", "2026-11-01 06:00 CET"}},
		{"0 0 29 2 *", "2026-09-15 12:00 CEST", []string{"2028-02-29 00:00 CET"}},
		{"0 21 * * 1-5", "2026-11-20 22:00 CET", []string{"2026-11-23 21:00 CET"}},
		{"0 12 13 * 5", "2026-11-10 12:00 CET", []string{"2026-11-13 12:00 CET", "2026-11-20 12:00 CET"}},
		{"CRON_TZ=UTC 30 2 * * *", "2026-03-28 12:00 CET", []string{"2026-03-29 04:30 CEST"}},
	}
	paris := zone(t, "Europe/Paris")
	for _, tc := range tests {
		e := parse(t, tc.spec)
		at, err := time.ParseInLocation(layout, tc.from, paris)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range tc.want {
			at = e.Next(at)
			if got := at.In(paris).Format(layout); got != want {
				t.Errorf("%s after %s: %s, want %s", tc.spec, tc.from, got, want)
				break
			}
		}
	}
}

// Over years and zones: Next moves forward, never misses an instant that it would
// give from a point in between, and a fixed time of day comes exactly once for each
// day of the calendar.
func TestNextIsStrictlyLaterAndConsistent(t *testing.T) {
	zones := []string{"Europe/Paris", "UTC", "America/Havana", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo"}
	rapid.Check(t, func(t *rapid.T) {
		z, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		spec := rapid.SampledFrom([]string{
			"30 2 * * *", "0 0 * * *", "15 1 * * *", "59 23 * * *", "0 3 * * *", "5 0,2 * * *", "0 */3 * * *", "*/7 * * * *", "0 12 1 * *", "30 2 * * 0",
		}).Draw(t, "spec")
		e, err := schedule.Parse(spec, z)
		if err != nil {
			t.Fatal(err)
		}
		from := time.Unix(rapid.Int64Range(1_104_537_600, 1_893_456_000).Draw(t, "from"), 0)
		next := e.Next(from)
		if !next.After(from) {
			t.Fatalf("%s after %v: %v is not later", spec, from, next)
		}
		between := from.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(from))-1).Draw(t, "between")))
		if again := e.Next(between); !again.Equal(next) {
			t.Fatalf("%s after %v: %v, but after %v in between: %v", spec, from, next, between, again)
		}
	})
}

func TestAFixedTimeComesOncePerDay(t *testing.T) {
	for _, name := range []string{"Europe/Paris", "America/Havana", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Cairo"} {
		z := zone(t, name)
		for _, spec := range []string{"30 2 * * *", "0 0 * * *", "30 0 * * *", "0 1 * * *", "15 2 * * *"} {
			e, err := schedule.Parse(spec, z)
			if err != nil {
				t.Fatal(err)
			}
			at := time.Date(2005, 1, 1, 12, 0, 0, 0, z)
			for day := range 365 * 25 {
				at = e.Next(at)
				want := time.Date(2005, 1, 2+day, 12, 0, 0, 0, z).Format(time.DateOnly)
				if got := at.In(z).Format(time.DateOnly); got != want {
					t.Fatalf("%s in %s: run %d falls on %s, want %s", spec, name, day, got, want)
				}
			}
		}
	}
}

func TestWords(t *testing.T) {
	for spec, want := range map[string]string{
		"30 2 * * *":            "at 02:30 every day",
		"*/5 * * * *":           "every 5 minutes every day",
		"0 6 1 * *":             "at 06:00 on the 1st of every month",
		"0 21 * * 1-5":          "at 21:00 on Monday to Friday",
		"0 8,20 * * *":          "at 08:00 and 20:00 every day",
		"@daily":                "at 00:00 every day",
		"@hourly":               "every hour every day",
		"@every 90m":            "every 1h30m",
		"@every 5m":             "every 5m",
		"0 */6 * * *":           "every 6 hours every day",
		"0 0 29 2 *":            "at 00:00 on the 29th of February",
		"0 12 13 * 5":           "at 12:00 on the 13th and on Friday of every month",
		"CRON_TZ=UTC 0 3 * * *": "at 03:00 every day (UTC)",
		"1-50 9-17 * * 1,3":     "at minute 1 to 50 of the hours 9 to 17 on Monday and Wednesday",
		"17 * * 6 *":            "17 minutes past every hour every day in June",
	} {
		if got := parse(t, spec).Words(); got != want {
			t.Errorf("%s: %q, want %q", spec, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for spec, want := range map[string]string{
		"":                            "empty",
		"61 * * * *":                  "61",
		"* * * *":                     "want five fields",
		"0 0 31 2 *":                  "never comes",
		"CRON_TZ=Mars/Base * * * * *": "Mars/Base",
		"CRON_TZ=UTC":                 "nothing follows",
		"@fortnightly":                "@fortnightly",
		"* * * * * *":                 "want five fields",
	} {
		_, err := schedule.Parse(spec, zone(t, "Europe/Paris"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", spec, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"30 2 * * *", "*/5 * * * *", "CRON_TZ=UTC @daily", "@every 1h", "0 0 1-7 * 1", "a b c d e"} {
		f.Add(s)
	}
	paris := zone(f, "Europe/Paris")
	from := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := schedule.Parse(text, paris)
		if err != nil {
			return
		}
		if next := e.Next(from); !next.IsZero() && !next.After(from) {
			t.Errorf("%q: next %v is not after %v", text, next, from)
		}
		if e.Words() == "" {
			t.Errorf("%q: no words", text)
		}
	})
}
