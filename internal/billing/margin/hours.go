package margin

import (
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// worked is what the hours of some entries cost, by month: the minutes of a month
// together, rounded once.
func worked(r Rates, entries []support.Entry) map[calendar.Month]Sum {
	type minutes struct{ work, travel calendar.Minutes }
	months := map[calendar.Month]minutes{}
	for _, e := range entries {
		m := months[e.Date.MonthOf()]
		if e.Kind == contract.Travel {
			m.travel += e.Minutes
		} else {
			m.work += e.Minutes
		}
		months[e.Date.MonthOf()] = m
	}
	cost := map[calendar.Month]Sum{}
	for month, m := range months {
		cost[month] = Sum{Hours: atRate(r.Hour, m.work), Travel: atRate(r.TravelHour, m.travel)}
	}
	return cost
}

// atRate is what minutes cost. A month whose corrections take back more than was done
// costs less than nothing.
func atRate(hour money.Cents, m calendar.Minutes) money.Cents {
	if m < 0 {
		return -part(hour, int64(-m), 60)
	}
	return part(hour, int64(m), 60)
}

// promise is the work that is still owed after a day: what is left of the year's
// allowance, spread evenly over its days, then whole years, and the upkeep.
type promise struct {
	rates    Rates
	contract contract.Contract
	on       calendar.Date
	left     calendar.Minutes // of the contract year of on
}

func promised(r Rates, c Case, on calendar.Date) promise {
	p := promise{rates: r, contract: c.Contract, on: on}
	if on.Before(c.Contract.Start) {
		p.on = c.Contract.Start.AddDays(-1)
	}
	year := c.Contract.YearOf(p.on.AddDays(1))
	p.left = c.Contract.Allowance(year)
	for _, e := range c.Entries {
		if c.Contract.YearOf(e.Date).Index == year.Index && c.Contract.OfferOn(e.Date).CountsWork(e.Kind) {
			p.left -= e.Minutes
		}
	}
	p.left = max(0, p.left)
	return p
}

// cost is what the promise costs from one day to another of the same month, both after
// the day on which it is looked at.
func (p promise) cost(from, to calendar.Date) money.Cents {
	if k := p.contract; k.Ending != nil && k.Ending.On.Before(to) {
		to = k.Ending.On
	}
	if !from.After(p.on) {
		from = p.on.AddDays(1)
	}
	if to.Before(from) {
		return 0
	}
	return p.through(to) - p.through(from.AddDays(-1)) + p.upkeep(to) - p.upkeep(from.AddDays(-1))
}

// through is what the allowance costs from the first promised day to a day of its
// contract year, and in the years before.
func (p promise) through(day calendar.Date) money.Cents {
	if !day.After(p.on) {
		return 0
	}
	var minutes, n, of int64
	first := p.contract.YearOf(p.on.AddDays(1))
	for y := first; ; y = p.contract.YearAt(y.Index + 1) {
		from, last := y.From, y.To
		included := int64(p.contract.Allowance(y))
		if y.Index == first.Index {
			from, included = p.on.AddDays(1), int64(p.left)
		}
		if e := p.contract.Ending; e != nil && e.On.Before(last) && !e.On.Before(from) {
			last = e.On
		}
		if day.Before(last) {
			n, of = int64(from.DaysUntil(day)+1), int64(from.DaysUntil(last)+1)
			// minutes + included x n / of, at the price of an hour, rounded once.
			return part(p.rates.Hour, minutes*of+included*n, 60*of)
		}
		minutes += included
		if !day.After(y.To) {
			return part(p.rates.Hour, minutes, 60)
		}
	}
}

// upkeep is what it costs from the first promised day to a day, whole months as such.
func (p promise) upkeep(day calendar.Date) money.Cents {
	first := p.on.AddDays(1)
	if day.Before(first) {
		return 0
	}
	total := func(d calendar.Date) money.Cents { // from the beginning of the first month
		whole := atRate(p.rates.Hour, p.rates.Upkeep*calendar.Minutes(first.MonthOf().Until(d.MonthOf())))
		return whole + part(p.rates.Hour, int64(p.rates.Upkeep)*int64(d.Day), 60*int64(d.MonthOf().Days()))
	}
	if first.Day == 1 {
		return total(day)
	}
	return total(day) - total(first.AddDays(-1))
}
