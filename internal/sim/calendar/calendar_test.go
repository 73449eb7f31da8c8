package calendar

import (
	"testing"
	"time"
)

func TestNext(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	const form = "Mon 2006-01-02 15:04:05 MST"
	for _, c := range []struct{ event, after, want string }{
		{"01:30", "Mon 2026-09-14 15:00:00 CEST", "Tue 2026-09-15 01:30:00 CEST"},
		{"01:30", "Tue 2026-09-15 01:30:00 CEST", "Wed 2026-09-16 01:30:00 CEST"},
		{"21", "Mon 2026-09-14 15:30:00 CEST", "Mon 2026-09-14 16:21:00 CEST"},
		{"21:00", "Mon 2026-09-14 15:30:00 CEST", "Mon 2026-09-14 21:00:00 CEST"},
		{"mon..fri 21:00", "Fri 2026-09-18 21:00:00 CEST", "Mon 2026-09-21 21:00:00 CEST"},
		{"sat,sun 04:00", "Mon 2026-09-14 00:00:00 CEST", "Sat 2026-09-19 04:00:00 CEST"},
		{"fri..mon 04:00", "Tue 2026-09-15 00:00:00 CEST", "Fri 2026-09-18 04:00:00 CEST"},
		{"*/2:00", "Mon 2026-09-14 15:30:00 CEST", "Mon 2026-09-14 16:00:00 CEST"},
		{"22,23:00/20", "Mon 2026-09-14 22:41:00 CEST", "Mon 2026-09-14 23:00:00 CEST"},
		{"8..17,22:0/15", "Mon 2026-09-14 17:46:00 CEST", "Mon 2026-09-14 22:00:00 CEST"},
		{"*:*:*/30", "Mon 2026-09-14 17:46:10 CEST", "Mon 2026-09-14 17:46:30 CEST"},
		{"sun", "Mon 2026-09-14 15:00:00 CEST", "Sun 2026-09-20 00:00:00 CEST"},
		{"*-*-1 06:00", "Mon 2026-09-14 15:00:00 CEST", "Thu 2026-10-01 06:00:00 CEST"},
		{"monthly", "Thu 2026-12-31 15:00:00 CET", "Fri 2027-01-01 00:00:00 CET"},
		{"quarterly", "Mon 2026-09-14 15:00:00 CEST", "Thu 2026-10-01 00:00:00 CEST"},
		// The clock goes back on 25 October: 02:30 comes twice, the event once.
		{"02:30", "Sat 2026-10-24 02:30:00 CEST", "Sun 2026-10-25 02:30:00 CEST"},
		{"02:30", "Sun 2026-10-25 02:30:00 CEST", "Mon 2026-10-26 02:30:00 CET"},
		{"01:30", "Sat 2026-10-24 01:30:00 CEST", "Sun 2026-10-25 01:30:00 CEST"},
		{"01:30", "Sun 2026-10-25 01:30:00 CEST", "Mon 2026-10-26 01:30:00 CET"},
		{"03:30", "Sat 2026-10-24 03:30:00 CEST", "Sun 2026-10-25 03:30:00 CET"},
		// The clock goes forward on 29 March: 02:30 does not exist.
		{"02:30", "Sat 2026-03-28 02:30:00 CET", "Sun 2026-03-29 03:30:00 CEST"},
		{"02:30", "Sun 2026-03-29 03:30:00 CEST", "Mon 2026-03-30 02:30:00 CEST"},
		{"01:30", "Sat 2026-03-28 01:30:00 CET", "Sun 2026-03-29 01:30:00 CET"},
		{"04:00", "Sat 2026-03-28 04:00:00 CET", "Sun 2026-03-29 04:00:00 CEST"},
	} {
		event, err := Parse(c.event)
		if err != nil {
			t.Errorf("%s: %v", c.event, err)
			continue
		}
		after, err := time.ParseInLocation(form, c.after, paris)
		if err != nil {
			t.Fatal(err)
		}
		if got := event.Next(after, paris).In(paris).Format(form); got != c.want {
			t.Errorf("%s after %s: got %s, want %s", c.event, c.after, got, c.want)
		}
	}
	for _, bad := range []string{"", "xyz 01:00", "25:00", "01:60", "1:2:3:4", "5..2:00", "*/0:00", "01:0x"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q: accepted, want an error", bad)
		}
	}
}
