package support

import (
	"cmp"
	"slices"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
)

// Split says which part of an entry the allowance covers.
type Split struct {
	Entry    Entry
	Year     contract.Year
	Included calendar.Minutes // covered
	Over     calendar.Minutes // beyond: Included + Over = Entry.Minutes
}

// Over is how much of a sum of minutes exceeds an allowance.
func Over(used, included calendar.Minutes) calendar.Minutes { return max(0, used-included) }

// Apply runs entries through the allowance of their contract year, in the order
// given, from what was used before (by Year.Index; Apply keeps it up to date). The
// entry that crosses the limit is split at the minute; an entry that takes one back
// gives back first what was over. Kinds that do not count are left out.
func Apply(c contract.Contract, used map[int]calendar.Minutes, entries []Entry) []Split {
	var splits []Split
	for _, e := range entries {
		offer := c.OfferOn(e.Date)
		if !offer.CountsWork(e.Kind) {
			continue
		}
		year := c.YearOf(e.Date)
		before := used[year.Index]
		used[year.Index] += e.Minutes
		included := c.Allowance(year)
		over := Over(before+e.Minutes, included) - Over(before, included)
		splits = append(splits, Split{e, year, e.Minutes - over, over})
	}
	return splits
}

// InOrder sorts entries by day, then in the order in which they were booked.
func InOrder(entries []Entry) []Entry {
	return slices.SortedStableFunc(slices.Values(entries), func(a, b Entry) int {
		return cmp.Or(a.Date.Compare(b.Date), compareIDs(a.ID, b.ID))
	})
}

// compareIDs orders `H9999` before `H10000`.
func compareIDs(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// Balance is the state of one contract year's allowance.
type Balance struct {
	Client   string           `json:"client"`
	Contract string           `json:"contract"`
	Year     contract.Year    `json:"year"`
	Included calendar.Minutes `json:"included"`
	Used     calendar.Minutes `json:"used"` // of the kinds that count
	Left     calendar.Minutes `json:"left"`
	Over     calendar.Minutes `json:"over"`
	AtCost   calendar.Minutes `json:"at_cost"` // recorded, neither counted nor billed
}

// balanceOn is the allowance of the contract year that a day belongs to, with all
// of that year's entries up to the day.
func balanceOn(c contract.Contract, day calendar.Date, entries []Entry) Balance {
	b := Balance{Client: c.Client, Contract: c.ID, Year: c.YearOf(day)}
	b.Included = c.Allowance(b.Year)
	for _, e := range entries {
		if e.Date.After(day) || c.YearOf(e.Date).Index != b.Year.Index {
			continue
		}
		if c.OfferOn(e.Date).CountsWork(e.Kind) {
			b.Used += e.Minutes
		} else {
			b.AtCost += e.Minutes
		}
	}
	b.Over = Over(b.Used, b.Included)
	b.Left = max(0, b.Included-b.Used)
	return b
}
