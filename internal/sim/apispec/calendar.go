package apispec

import (
	"fmt"
	"strconv"
	"strings"
)

// calendarEvent checks the calendar events of Proxmox's jobs: "21:00", "mon..fri 2:30",
// "*/15", "sat 03:15", "*-*-1 00:00", "hourly". A bare number is a minute of every
// hour.
func calendarEvent(text string) error {
	event := strings.ToLower(strings.TrimSpace(text))
	if event == "" {
		return fmt.Errorf("invalid calendar event '%s' - unable to parse calendar event - event is empty", text)
	}
	switch event {
	case "minutely", "hourly", "daily", "weekly", "monthly", "yearly", "annually", "quarterly", "semiannually", "semi-annually":
		return nil
	}
	fields := strings.Fields(event)
	zone := len(fields) > 1 && fields[len(fields)-1] == "utc"
	if zone {
		fields = fields[:len(fields)-1]
	}
	checks := []func(string) bool{isWeekdays, isDate, isTimeOfDay}
	for _, check := range checks {
		if len(fields) > 0 && check(fields[0]) {
			fields = fields[1:]
		}
	}
	if len(fields) > 0 {
		return fmt.Errorf("invalid calendar event '%s' - unable to parse calendar event at '%s' - unexpected trailing data", text, fields[0])
	}
	return nil
}

func isWeekdays(text string) bool {
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(part, "..")
		if !isWeekday(first) || (ranged && !isWeekday(last)) {
			return false
		}
	}
	return true
}

func isWeekday(text string) bool {
	switch text {
	case "mon", "tue", "wed", "thu", "fri", "sat", "sun",
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
		"tues", "wednes", "thur", "thurs":
		return true
	}
	return false
}

// isDate is YEAR-MONTH-DAY or MONTH-DAY.
func isDate(text string) bool {
	parts := strings.Split(text, "-")
	switch len(parts) {
	case 2:
		return isSpec(parts[0], 1, 12) && isSpec(parts[1], 1, 31)
	case 3:
		return isSpec(parts[0], 1970, 9999) && isSpec(parts[1], 1, 12) && isSpec(parts[2], 1, 31)
	}
	return false
}

// isTimeOfDay is MINUTE, HOUR:MINUTE or HOUR:MINUTE:SECOND.
func isTimeOfDay(text string) bool {
	parts := strings.Split(text, ":")
	switch len(parts) {
	case 1:
		return isSpec(parts[0], 0, 59)
	case 2:
		return isSpec(parts[0], 0, 23) && isSpec(parts[1], 0, 59)
	case 3:
		return isSpec(parts[0], 0, 23) && isSpec(parts[1], 0, 59) && isSpec(parts[2], 0, 59)
	}
	return false
}

// isSpec is a list of values, ranges "1..5" and repetitions "*/15", "5/10".
func isSpec(text string, low, high int) bool {
	for part := range strings.SplitSeq(text, ",") {
		start, step, repeated := strings.Cut(part, "/")
		if repeated && !within(step, 1, high) {
			return false
		}
		if start == "*" {
			continue
		}
		first, last, ranged := strings.Cut(start, "..")
		if !within(first, low, high) || (ranged && !within(last, low, high)) {
			return false
		}
	}
	return true
}

func within(text string, low, high int) bool {
	n, err := strconv.Atoi(text)
	return err == nil && allDigits(text) && n >= low && n <= high
}
