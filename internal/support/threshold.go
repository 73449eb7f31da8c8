package support

import (
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
)

// thresholds of an allowance at which people are warned, in per cent: while there
// is time to plan the rest of the year, and before the first minute that costs money.
var thresholds = []int{75, 100}

// Reached is a threshold that the hours of a contract year have reached.
type Reached struct {
	Percent int           `json:"percent"`
	On      calendar.Date `json:"on"`    // the day of the work that reached it
	Entry   string        `json:"entry"` // of that work
}

// reachedBy are the thresholds that are reached on a day in its contract year, the
// lowest first. What a correction took back below a threshold is not reached.
func reachedBy(c contract.Contract, day calendar.Date, entries []Entry) []Reached {
	year := c.YearOf(day)
	included := c.Allowance(year)
	if included == 0 {
		return nil
	}
	at := make([]*Reached, len(thresholds))
	var used calendar.Minutes
	for _, e := range InOrder(entries) {
		if !c.OfferOn(e.Date).CountsWork(e.Kind) || e.Date.After(day) || c.YearOf(e.Date).Index != year.Index {
			continue
		}
		used += e.Minutes
		for i, percent := range thresholds {
			switch reached := used*100 >= included*calendar.Minutes(percent); {
			case !reached:
				at[i] = nil
			case at[i] == nil:
				at[i] = &Reached{percent, e.Date, e.ID}
			}
		}
	}
	var all []Reached
	for _, r := range at {
		if r != nil {
			all = append(all, *r)
		}
	}
	return all
}
