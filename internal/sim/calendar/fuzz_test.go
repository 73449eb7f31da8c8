package calendar

import (
	"testing"
	"time"
)

// Any text is read or refused, and an event that is read happens, if ever, after the
// instant from which it is looked for.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"21:00", "mon..fri 2:30", "*/15", "*-2-30 00:00", "sat *-*-1..7 03:15:10", "quarterly", "..,", "0/0"} {
		f.Add(seed)
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		f.Fatal(err)
	}
	from := time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			return
		}
		if next := e.Next(from, paris); !next.IsZero() && !next.After(from) {
			t.Errorf("%q: next after %s is %s", text, from, next)
		}
	})
}
