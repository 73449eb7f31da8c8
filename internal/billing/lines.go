package billing

import (
	"math/big"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// ownLines are a month's lines that follow from the contract alone: what is due by
// the day, once, and for ending early.
func ownLines(m calendar.Month, until calendar.Date, k contract.Contract, in Language) []Line {
	lines := subscriptionLines(m, until, k, in)
	if p := k.Offer.Setup; p.State == contract.Known && p.Cents > 0 && k.Start.MonthOf() == m && !k.Start.After(until) {
		lines = append(lines, Line{Part: Setup, Title: in.offer(k.Offer), Detail: in.setup(k.Start), For: m, From: k.Start, To: k.Start,
			Quantity: 1, Unit: Piece, Price: money.PriceOf(p.Cents.Rat()), Per: 1, Net: p.Cents})
	}
	if l, due := earlyEnd(k, in); due && l.For == m && !l.From.AddDays(-1).After(until) {
		lines = append(lines, l)
	}
	return lines
}

// subscriptionLines are headcount x price x days over the days of the month, one
// line for each run of days with the same headcount.
func subscriptionLines(m calendar.Month, until calendar.Date, k contract.Contract, in Language) []Line {
	if k.Offer.Unit == contract.NoUnit {
		return nil
	}
	var lines []Line
	for _, run := range k.RunsBetween(m.First(), until) {
		offer := k.OfferOn(run.From)
		price := share(offer.Price.Cents, run.Days(), m)
		lines = append(lines, Line{Part: Subscription, Title: in.offer(offer), Detail: in.run(run, offer), For: m, From: run.From, To: run.To,
			Quantity: int64(run.Count), Unit: Unit(k.Offer.Unit), Price: money.PriceOf(price), Per: 1,
			Net: money.Round(times(price, int64(run.Count)))})
	}
	return lines
}

// share is the part of a monthly price that falls on some of the month's days, exact.
func share(price money.Cents, days int, m calendar.Month) *big.Rat {
	return new(big.Rat).Mul(price.Rat(), big.NewRat(int64(days), int64(m.Days())))
}

func times(price *big.Rat, n int64) *big.Rat {
	return new(big.Rat).Mul(price, new(big.Rat).SetInt64(n))
}

// earlyEnd is the line for the months left until the term, at the last
// headcount; it belongs to the month of the last day.
func earlyEnd(k contract.Contract, in Language) (Line, bool) {
	term := k.OwedTo()
	if k.Ending == nil || k.Ending.Early != contract.Bill || k.Offer.Unit == contract.NoUnit || !k.Ending.On.Before(term) {
		return Line{}, false
	}
	from, last := k.Ending.On.AddDays(1), k.Ending.On
	offer := k.OfferOn(last)
	price := new(big.Rat)
	for m := from.MonthOf(); !m.After(term.MonthOf()); m = m.Add(1) {
		first, end := m.First(), m.Last()
		if first.Before(from) {
			first = from
		}
		if end.After(term) {
			end = term
		}
		price.Add(price, share(offer.Price.Cents, first.DaysUntil(end)+1, m))
	}
	count := int64(k.CountOn(last))
	title, detail := in.earlyEnd(k, last, term)
	return Line{Part: EarlyEnd, Title: title, Detail: detail, For: last.MonthOf(), From: from, To: term,
		Quantity: count, Unit: Unit(k.Offer.Unit), Price: money.PriceOf(price), Per: 1, Net: money.Round(times(price, count))}, true
}

// hours are entries of one month that no invoice has settled yet.
type hours struct {
	month   calendar.Month
	entries []support.Entry
}

// pendingHours are the entries up to a month (and a day in it) that nothing has
// settled, by month, oldest first.
func (b *balance) pendingHours(m calendar.Month, until calendar.Date) []hours {
	var groups []hours
	for _, e := range b.open {
		if e.Date.MonthOf().After(m) || e.Date.After(until) {
			continue
		}
		if n := len(groups); n == 0 || groups[n-1].month != e.Date.MonthOf() {
			groups = append(groups, hours{month: e.Date.MonthOf()})
		}
		g := &groups[len(groups)-1]
		g.entries = append(g.entries, e)
	}
	return groups
}

// hourLines are the minutes of one month's entries that the allowance does not
// cover, one line for each contract year that they fall in, less those that were billed
// ahead. used and ahead are kept up to date.
func hourLines(g hours, m calendar.Month, k contract.Contract, used, ahead map[int]calendar.Minutes, in Language) []Line {
	type sum struct {
		year       contract.Year
		done, over calendar.Minutes
	}
	years := map[int]sum{}
	var order []int
	for _, s := range support.Apply(k, used, g.entries) {
		y, seen := years[s.Year.Index]
		if !seen {
			order = append(order, s.Year.Index)
		}
		years[s.Year.Index] = sum{s.Year, y.done + s.Entry.Minutes, y.over + s.Over}
	}
	var lines []Line
	for _, index := range order {
		y := years[index]
		y.over -= ahead[index]
		delete(ahead, index)
		if y.over == 0 {
			continue
		}
		offer := k.OfferOn(y.year.From)
		hour := offer.Hour.Cents
		title, detail := in.hours(g.month, g.month != m, y.done, y.over, offer, k.Allowance(y.year))
		lines = append(lines, Line{Part: Hours, Title: title, Detail: detail, For: g.month, From: g.month.First(), To: g.month.Last(),
			Quantity: int64(y.over), Unit: Minute, Price: money.PriceOf(hour.Rat()), Per: 60,
			Net: money.Round(times(new(big.Rat).Quo(hour.Rat(), big.NewRat(60, 1)), int64(y.over)))})
	}
	return lines
}

// lateLines are the differences between what the finalised months come to by now
// and what was billed for them: one line for each month and part that changed.
func (b *balance) lateLines() []Line {
	c, in := b.Case, languageOf(b.Client)
	if b.even || c.Finalised.IsZero() {
		return nil
	}
	first := c.Contract.Start.MonthOf()
	if first.Before(c.From) {
		first = c.From
	}
	type key struct {
		part Part
		m    calendar.Month
	}
	billed := map[key]money.Cents{}
	for _, s := range c.Settled {
		for _, b := range s.Billed {
			billed[key{b.Part, b.Month}] += b.Net
			if b.Month.Before(first) {
				first = b.Month
			}
		}
	}
	var lines []Line
	for m := first; !m.After(c.Finalised); m = m.Add(1) {
		own := ownLines(m, m.Last(), c.Contract, in)
		for _, part := range []Part{Subscription, Setup, EarlyEnd} {
			is, was := part.of(own), billed[key{part, m}]
			if diff := netOf(is) - was; diff != 0 {
				lines = append(lines, Line{Part: part, Title: in.lateTitle(part, m), Detail: in.late(is, was), For: m, From: m.First(), To: m.Last(),
					Quantity: 1, Unit: Piece, Price: money.PriceOf(diff.Rat()), Per: 1, Net: diff})
			}
		}
	}
	return lines
}

// of are the lines of one part.
func (p Part) of(lines []Line) []Line {
	var out []Line
	for _, l := range lines {
		if l.Part == p {
			out = append(out, l)
		}
	}
	return out
}

// Expected is what a month comes to, up to a day in it, by the contract alone: before
// tax, without hours and one-off lines.
func Expected(m calendar.Month, until calendar.Date, k contract.Contract) money.Cents {
	return netOf(ownLines(m, until, k, French))
}
