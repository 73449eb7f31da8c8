package schedule

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
)

// Words says in English when an expression comes, for instance "at 02:30 every day".
func (e Expression) Words() string {
	if e.every > 0 {
		return "every " + strings.NewReplacer("m0s", "m", "h0m0s", "h").Replace(e.every.String())
	}
	words := e.timeWords() + " " + e.dayWords()
	if e.zone.String() != defaultZone {
		words += " (" + e.zone.String() + ")"
	}
	return words
}

func (e Expression) timeWords() string {
	hours, minutes := numbers(e.spec.Hour, 24), numbers(e.spec.Minute, 60)
	switch {
	case len(hours) == 24 && len(minutes) == 60:
		return "every minute"
	case len(hours) == 24 && len(minutes) == 1:
		if minutes[0] == 0 {
			return "every hour"
		}
		return fmt.Sprintf("%d minutes past every hour", minutes[0])
	case len(hours) == 24 && step(minutes, 60) > 0:
		return fmt.Sprintf("every %d minutes", step(minutes, 60))
	case e.interval && len(minutes) == 1 && step(hours, 24) > 0:
		if minutes[0] == 0 {
			return fmt.Sprintf("every %d hours", step(hours, 24))
		}
		return fmt.Sprintf("every %d hours, at %d minutes past", step(hours, 24), minutes[0])
	case len(hours)*len(minutes) <= 6:
		var times []string
		for _, h := range hours {
			for _, m := range minutes {
				times = append(times, fmt.Sprintf("%02d:%02d", h, m))
			}
		}
		return "at " + and(times)
	default:
		return fmt.Sprintf("at minute %s of the hours %s", ranges(minutes), ranges(hours))
	}
}

func (e Expression) dayWords() string {
	var days string
	dom, dow := numbers(e.spec.Dom&^starBit, 32), numbers(e.spec.Dow&^starBit, 7)
	anyDom, anyDow := len(dom) == 31, len(dow) == 7
	var onDom, onDow string
	if !anyDom {
		var names []string
		for _, d := range dom {
			names = append(names, ordinal(d))
		}
		onDom = "on the " + and(names)
	}
	if !anyDow {
		onDow = "on " + weekdays(dow)
	}
	switch {
	case anyDom && anyDow:
		days = "every day"
	case anyDom:
		days = onDow
	case anyDow:
		days = onDom
	case e.spec.Dom&starBit != 0 || e.spec.Dow&starBit != 0:
		days = onDom + " if it is " + strings.TrimPrefix(onDow, "on ")
	default:
		days = onDom + " and " + onDow
	}
	months := numbers(e.spec.Month, 13)
	if len(months) == 12 {
		if anyDom {
			return days
		}
		return days + " of every month"
	}
	var names []string
	for _, m := range months {
		names = append(names, time.Month(m).String())
	}
	if anyDom {
		return days + " in " + and(names)
	}
	return days + " of " + and(names)
}

func weekdays(dow []int) string {
	if len(dow) == 5 && dow[0] == 1 && dow[4] == 5 {
		return "Monday to Friday"
	}
	var names []string
	for _, d := range dow {
		names = append(names, time.Weekday(d).String())
	}
	return and(names)
}

// numbers lists the bits that are set below a limit.
func numbers(field uint64, limit int) []int {
	field &^= starBit
	list := make([]int, 0, bits.OnesCount64(field))
	for n := range limit {
		if has(field, n) {
			list = append(list, n)
		}
	}
	return list
}

// step is n if the numbers are 0, n, 2n, … up to the size of the field; else 0.
func step(list []int, size int) int {
	if len(list) < 2 || list[0] != 0 {
		return 0
	}
	n := list[1]
	if size%n != 0 || len(list) != size/n {
		return 0
	}
	for i, v := range list {
		if v != i*n {
			return 0
		}
	}
	return n
}

func ranges(list []int) string {
	var parts []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		if j > i+1 {
			parts = append(parts, fmt.Sprintf("%d to %d", list[i], list[j]))
			i = j + 1
			continue
		}
		parts = append(parts, fmt.Sprint(list[i]))
		i++
	}
	return and(parts)
}

func ordinal(n int) string {
	suffix := "th"
	if n/10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n) + suffix
}

func and(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
