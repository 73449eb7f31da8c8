package pve

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRetention holds the marks to what the real rules give. Backups are named by
// their local time; the newest comes first in want.
func TestRetention(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	nights := func(from string, n int) []string {
		at, err := time.ParseInLocation("2006-01-02 15:04", from, paris)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for i := range n {
			list = append(list, at.AddDate(0, 0, i).Format("2006-01-02 15:04"))
		}
		return list
	}
	for _, c := range []struct {
		name, keep string
		backups    []string
		kept       string // times of those that are kept, oldest first
	}{
		{"keep-all", "keep-all=1", []string{"2026-01-01 01:00", "2026-01-02 01:00"}, "2026-01-01 01:00, 2026-01-02 01:00"},
		{"nothing positive keeps all", "keep-last=0", []string{"2026-01-01 01:00", "2026-01-02 01:00"}, "2026-01-01 01:00, 2026-01-02 01:00"},
		{"keep-last", "keep-last=2", []string{"2026-01-01 01:00", "2026-01-02 01:00", "2026-01-03 01:00"}, "2026-01-02 01:00, 2026-01-03 01:00"},
		{"keep-last ignores days", "keep-last=2", []string{"2026-01-03 01:00", "2026-01-03 02:00", "2026-01-03 03:00"}, "2026-01-03 02:00, 2026-01-03 03:00"},
		{"keep-daily keeps the newest of a day", "keep-daily=2", []string{"2026-01-02 01:00", "2026-01-02 13:00", "2026-01-03 01:00", "2026-01-03 13:00"}, "2026-01-02 13:00, 2026-01-03 13:00"},
		{"days without a backup do not count", "keep-daily=2", []string{"2026-01-01 01:00", "2026-01-10 01:00", "2026-01-20 01:00"}, "2026-01-10 01:00, 2026-01-20 01:00"},
		{"a day that keep-last has covered is not counted", "keep-last=1,keep-daily=1", []string{"2026-01-01 01:00", "2026-01-02 01:00", "2026-01-02 13:00"}, "2026-01-01 01:00, 2026-01-02 13:00"},
		{"weekly by ISO weeks", "keep-weekly=2", []string{"2025-12-28 01:00", "2025-12-29 01:00", "2026-01-04 01:00", "2026-01-05 01:00"}, "2026-01-04 01:00, 2026-01-05 01:00"},
		{"hourly", "keep-hourly=2", []string{"2026-01-01 01:00", "2026-01-01 01:30", "2026-01-01 02:00", "2026-01-01 02:30"}, "2026-01-01 01:30, 2026-01-01 02:30"},
		{"monthly and yearly", "keep-monthly=2,keep-yearly=1", []string{"2025-06-01 01:00", "2025-12-31 01:00", "2026-01-31 01:00", "2026-02-01 01:00"}, "2025-12-31 01:00, 2026-01-31 01:00, 2026-02-01 01:00"},
		{"ours after 60 nights", "keep-last=3,keep-daily=7,keep-weekly=5,keep-monthly=12", nights("2026-09-01 01:30", 60),
			"2026-09-20 01:30, 2026-09-27 01:30, 2026-10-04 01:30, 2026-10-11 01:30, 2026-10-18 01:30, 2026-10-21 01:30, 2026-10-22 01:30, 2026-10-23 01:30, 2026-10-24 01:30, 2026-10-25 01:30, 2026-10-26 01:30, 2026-10-27 01:30, 2026-10-28 01:30, 2026-10-29 01:30, 2026-10-30 01:30"},
	} {
		var group []*pruned
		for _, text := range c.backups {
			at, err := time.ParseInLocation("2006-01-02 15:04", text, paris)
			if err != nil {
				t.Fatal(err)
			}
			group = append(group, &pruned{volid: text, ctime: at.Unix()})
		}
		markGroup(group, parseKeeping(c.keep), paris)
		var kept []string
		for _, p := range group {
			if p.mark == "keep" {
				kept = append(kept, p.volid)
			}
		}
		slices.Sort(kept)
		if got := strings.Join(kept, ", "); got != c.kept {
			t.Errorf("%s: kept\n%s\nwant\n%s", c.name, got, c.kept)
		}
	}
}

func TestKeepingText(t *testing.T) {
	if got := fmt.Sprint(parseKeeping("keep-weekly=5,keep-last=3")); got != "keep-last=3, keep-weekly=5" {
		t.Errorf("got %q", got)
	}
	if parseKeeping("") != nil {
		t.Error("an empty retention is none at all")
	}
}
