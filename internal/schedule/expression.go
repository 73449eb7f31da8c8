package schedule

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Expression is a cron expression in a time zone. The library parses it; the next
// time is computed here, because the library skips a fixed time in the hour that a
// change to summer time leaves out, and doubles one in the hour that the change back
// repeats.
//
// Fixed hours (30 2 * * *) mean a time of day: each comes once a day; one that the
// clock skips comes at the first instant after the gap (03:00 in Europe), one that
// the clock shows twice comes the first time. A * or */n in the hour means an
// interval: it comes whenever the clock shows it, both times in a repeated hour.
// @every follows real time and knows no clock.
type Expression struct {
	text     string
	zone     *time.Location
	spec     *cron.SpecSchedule
	every    time.Duration // of @every; 0 otherwise
	interval bool          // the hour is * or */n
}

var parser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// Parse reads five fields (minute, hour, day of the month, month, day of the week),
// a descriptor (@hourly, @daily, @weekly, @monthly, @yearly) or @every DURATION.
// CRON_TZ=ZONE in front overrides the zone given.
func Parse(text string, zone *time.Location) (Expression, error) {
	e := Expression{text: strings.Join(strings.Fields(text), " "), zone: zone}
	fields := e.text
	for _, prefix := range []string{"CRON_TZ=", "TZ="} {
		rest, ok := strings.CutPrefix(fields, prefix)
		if !ok {
			continue
		}
		name, after, ok := strings.Cut(rest, " ")
		if !ok {
			return e, fmt.Errorf("schedule %q: nothing follows the time zone", text)
		}
		z, err := time.LoadLocation(name)
		if err != nil || name == "" {
			return e, fmt.Errorf("schedule %q: %q is no time zone; want a name such as Europe/Paris", text, name)
		}
		e.zone, fields = z, after
		break
	}
	if fields == "" {
		return e, fmt.Errorf("schedule: empty; want five fields such as %q, or a descriptor such as @daily", "30 2 * * *")
	}
	sched, err := parser.Parse(fields)
	if err != nil {
		return e, fmt.Errorf("schedule %q: %w; want five fields such as %q, or a descriptor such as @daily", text, err, "30 2 * * *")
	}
	switch s := sched.(type) {
	case cron.ConstantDelaySchedule:
		e.every = s.Delay
	case *cron.SpecSchedule:
		e.spec = s
		// The library takes a list of nothing (","); looking for the minute that fits it
		// would take seconds.
		for name, field := range map[string]uint64{"minute": s.Minute, "hour": s.Hour, "day of the month": s.Dom, "month": s.Month, "day of the week": s.Dow} {
			if field == 0 {
				return e, fmt.Errorf("schedule %q: its %s names nothing", text, name)
			}
		}
		e.interval = fields == "@hourly"
		if words := strings.Fields(fields); len(words) == 5 {
			e.interval = strings.HasPrefix(words[1], "*") || strings.HasPrefix(words[1], "?")
		}
		if e.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
			return e, fmt.Errorf("schedule %q: that day never comes", text)
		}
	default:
		return e, fmt.Errorf("schedule %q: not understood", text)
	}
	return e, nil
}

// String is the expression as it was given.
func (e Expression) String() string { return e.text }

// Zone is the time zone in which it is read.
func (e Expression) Zone() *time.Location { return e.zone }

// horizon is how far Next looks: 29 February on a given day of the week comes at
// least once in 40 years (1900 and the like included).
const horizon = 40

// Next is the first instant after t, in UTC; zero if there is none.
func (e Expression) Next(t time.Time) time.Time {
	switch {
	case e.every > 0:
		return t.Add(e.every - time.Duration(t.Nanosecond())).UTC()
	case e.interval:
		return e.nextShown(t)
	default:
		return e.nextOfDay(t)
	}
}

// nextShown is the first instant after t at which the zone's clock shows a time that
// fits.
func (e Expression) nextShown(t time.Time) time.Time {
	local := t.In(e.zone)
	local = local.Add(time.Minute - time.Duration(local.Second())*time.Second - time.Duration(local.Nanosecond()))
	for limit := local.AddDate(horizon, 0, 0); local.Before(limit); {
		switch {
		case !has(e.spec.Month, int(local.Month())) || !e.dayFits(local):
			local = nextMidnight(local)
		case !has(e.spec.Hour, local.Hour()):
			local = local.Add(time.Duration(60-local.Minute()) * time.Minute)
		case !has(e.spec.Minute, local.Minute()):
			local = local.Add(time.Minute)
		default:
			return local.UTC()
		}
	}
	return time.Time{}
}

// nextMidnight is the first instant of the next day on the zone's clock.
func nextMidnight(t time.Time) time.Time {
	y, m, d := t.Date()
	next := instant(y, m, d+1, 0, 0, t.Location())
	if !next.After(t) { // a zone that repeats a whole day
		return t.Add(time.Hour)
	}
	return next
}

// nextOfDay goes through the days and their times, each turned into the one instant
// that stands for it.
func (e Expression) nextOfDay(t time.Time) time.Time {
	y, m, d := t.In(e.zone).Date()
	// The day before as well: its last times may fall behind t where the clock jumps
	// at midnight.
	day := time.Date(y, m, d-1, 12, 0, 0, 0, time.UTC)
	for limit := day.AddDate(horizon, 0, 0); day.Before(limit); day = day.AddDate(0, 0, 1) {
		if !has(e.spec.Month, int(day.Month())) || !e.dayFits(day) {
			continue
		}
		for hour := range 24 {
			if !has(e.spec.Hour, hour) {
				continue
			}
			for minute := range 60 {
				if !has(e.spec.Minute, minute) {
					continue
				}
				if at := instant(day.Year(), day.Month(), day.Day(), hour, minute, e.zone); at.After(t) {
					return at.UTC()
				}
			}
		}
	}
	return time.Time{}
}

// instant is the one instant that a time of day stands for: the first of two if the
// clock shows it twice, the end of the gap if the clock leaves it out.
func instant(y int, m time.Month, d, hour, minute int, zone *time.Location) time.Time {
	t := time.Date(y, m, d, hour, minute, 0, 0, zone)
	start, end := t.ZoneBounds()
	wall := time.Date(y, m, d, hour, minute, 0, 0, time.UTC)
	if shows(t, wall) {
		if start.IsZero() {
			return t
		}
		// The same time on the clock of the period before, if that still ran then.
		_, before := start.Add(-time.Second).Zone()
		earlier := wall.Add(-time.Duration(before) * time.Second)
		if earlier.Before(start) {
			return earlier.In(zone)
		}
		return t
	}
	// Left out: t lies beside the gap, on either side.
	if !start.IsZero() && t.Sub(start) < 24*time.Hour && (end.IsZero() || t.Sub(start) < end.Sub(t)) {
		return start
	}
	return end
}

// shows tells whether the clock at t shows the time of day wall (given as UTC).
func shows(t, wall time.Time) bool {
	return t.Day() == wall.Day() && t.Hour() == wall.Hour() && t.Minute() == wall.Minute()
}

// starBit marks a field that was written as *; see cron.SpecSchedule.
const starBit = 1 << 63

// dayFits follows cron's rule: if both day fields are given, either may fit.
func (e Expression) dayFits(t time.Time) bool {
	dom, dow := has(e.spec.Dom, t.Day()), has(e.spec.Dow, int(t.Weekday()))
	if e.spec.Dom&starBit != 0 || e.spec.Dow&starBit != 0 {
		return dom && dow
	}
	return dom || dow
}

func has(bits uint64, n int) bool { return bits&(1<<uint(n)) != 0 }
