package enrol

import (
	"testing"
	"time"
)

// A clock that was read over a slow line is off only by what the line does not explain.
func TestSkewOf(t *testing.T) {
	asked := time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)
	answered := asked.Add(3 * time.Minute)
	for there, want := range map[time.Duration]time.Duration{
		-90 * time.Second: -90 * time.Second,
		0:                 0,
		2 * time.Minute:   0,
		3 * time.Minute:   0,
		5 * time.Minute:   2 * time.Minute,
	} {
		if got := skewOf(asked.Add(there), asked, answered); got != want {
			t.Errorf("a clock at %s, asked at 0s and answered at 3m: %s off, want %s", there, got, want)
		}
	}
}
