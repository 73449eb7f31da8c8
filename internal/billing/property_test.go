package billing

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// anyContract draws a contract on classic with an arbitrary history, ended or not.
func anyContract(t *rapid.T, o contract.Offer) contract.Contract {
	start := calendar.NewDate(2026, 1, 1).AddDays(rapid.IntRange(0, 700).Draw(t, "start"))
	k := contract.Contract{ID: "c-1", Client: "c", Offer: o, Start: start,
		Headcounts: []contract.Headcount{{From: start, Count: rapid.IntRange(1, 25).Draw(t, "count")}}}
	k.Offer.Price = contract.PriceOf(money.Cents(rapid.IntRange(1, 20_000).Draw(t, "price")))
	day := start
	for range rapid.IntRange(0, 8).Draw(t, "changes") {
		day = day.AddDays(rapid.IntRange(1, 60).Draw(t, "gap"))
		k.Headcounts = append(k.Headcounts, contract.Headcount{From: day, Count: rapid.IntRange(1, 25).Draw(t, "count")})
	}
	return k
}

// exact is a month's amount computed another way: day by day, in rationals.
func exact(k contract.Contract, m calendar.Month) *big.Rat {
	sum := new(big.Rat)
	for d := m.First(); !d.After(m.Last()); d = d.AddDays(1) {
		sum.Add(sum, new(big.Rat).Mul(k.Offer.Price.Cents.Rat(), big.NewRat(int64(k.CountOn(d)), int64(m.Days()))))
	}
	return sum
}

// exactOf is a line's amount before it was rounded, from its days and quantity.
func exactOf(l Line, k contract.Contract) *big.Rat {
	return times(share(k.Offer.Price.Cents, l.From.DaysUntil(l.To)+1, l.For), l.Quantity)
}

// TestProration compares lines with the day-by-day sum, over any history.
func TestProration(t *testing.T) {
	classic := offer(t, "classic")
	rapid.Check(t, func(t *rapid.T) {
		k := anyContract(t, classic)
		m := k.Start.MonthOf().Add(rapid.IntRange(0, 12).Draw(t, "month"))
		lines := subscriptionLines(m, m.Last(), k, French)
		sum, rounded := new(big.Rat), new(big.Rat)
		for i, l := range lines {
			if l.Net < 0 {
				t.Fatalf("line %+v is negative", l)
			}
			if i > 0 && lines[i-1].Quantity == l.Quantity {
				t.Fatalf("lines %d and %d both count %d: equal runs are one line", i-1, i, l.Quantity)
			}
			sum.Add(sum, exactOf(l, k))
			rounded.Add(rounded, l.Net.Rat())
		}
		want := exact(k, m)
		if sum.Cmp(want) != 0 {
			t.Fatalf("the lines' exact sum is %s cents, day by day it is %s", sum.FloatString(6), want.FloatString(6))
		}
		off := new(big.Rat).Sub(rounded, want)
		if most := big.NewRat(int64(len(lines)), 2); off.Abs(off).Cmp(most) > 0 {
			t.Fatalf("%d lines are %s cents off, at most half a cent each is allowed", len(lines), off.FloatString(6))
		}
	})
}

// TestSplittingChangesNothing cuts a history at arbitrary days by headcounts that
// repeat the present one.
func TestSplittingChangesNothing(t *testing.T) {
	classic := offer(t, "classic")
	rapid.Check(t, func(t *rapid.T) {
		k := anyContract(t, classic)
		m := k.Start.MonthOf().Add(rapid.IntRange(0, 4).Draw(t, "month"))
		cut := k
		cut.Headcounts = nil
		for i, h := range k.Headcounts {
			cut.Headcounts = append(cut.Headcounts, h)
			next := h.From.AddDays(40)
			if i+1 < len(k.Headcounts) {
				next = k.Headcounts[i+1].From
			}
			for d := h.From.AddDays(1); d.Before(next); d = d.AddDays(1) {
				if rapid.Bool().Draw(t, "cut") {
					cut.Headcounts = append(cut.Headcounts, contract.Headcount{From: d, Count: h.Count})
				}
			}
		}
		a, b := subscriptionLines(m, m.Last(), k, French), subscriptionLines(m, m.Last(), cut, French)
		if len(a) != len(b) {
			t.Fatalf("%d lines became %d by headcounts that change nothing", len(a), len(b))
		}
		for i := range a {
			if a[i] != b[i] {
				t.Fatalf("line %+v became %+v", a[i], b[i])
			}
		}
	})
}

// TestPriceTimesQuantity wants quantity x price with six decimals to come to the
// line's cent for every size of client, length of month and run of days.
func TestPriceTimesQuantity(t *testing.T) {
	o := offer(t, "classic")
	for _, first := range []calendar.Month{{Year: 2026, Month: 2}, {Year: 2028, Month: 2}, {Year: 2026, Month: 9}, {Year: 2026, Month: 10}} {
		for days := 1; days <= first.Days(); days++ {
			for n := 1; n <= contract.MostEmployees; n++ {
				k := contract.Contract{Offer: o, Start: first.First(), Headcounts: []contract.Headcount{{From: first.First(), Count: n}}}
				l := subscriptionLines(first, first.First().AddDays(days-1), k, French)[0]
				if got := money.Round(times(l.Price.Rat(), l.Quantity)); got != l.Net {
					t.Errorf("%d x %s = %s, the line says %s (%d days of %s)", n, l.Price.Decimal(), got, l.Net, days, first)
				}
			}
		}
	}
}

// TestLateComesToTheSame books everything late or in time: in the end the same was
// billed, hours to the minute and subscriptions to the cent.
func TestLateComesToTheSame(t *testing.T) {
	classic := offer(t, "classic")
	rapid.Check(t, func(t *rapid.T) {
		k := anyContract(t, classic)
		first := k.Start.MonthOf()
		var entries []support.Entry
		var seen []calendar.Month // in which month's run an entry is first known
		var done calendar.Minutes
		for i := range rapid.IntRange(0, 25).Draw(t, "entries") {
			e := support.Entry{ID: string(rune('A' + i)), Date: k.Start.AddDays(rapid.IntRange(0, 330).Draw(t, "day")),
				Minutes: calendar.Minutes(rapid.IntRange(1, 480).Draw(t, "minutes")), Kind: contract.Training}
			entries = append(entries, e)
			seen = append(seen, e.Date.MonthOf().Add(rapid.IntRange(0, 3).Draw(t, "late")))
			done += e.Minutes
		}
		// A headcount that becomes known late.
		whole := k.Headcounts
		late := rapid.IntRange(0, 3).Draw(t, "late headcounts")
		c := Case{Contract: k}
		var subscription money.Cents
		var over calendar.Minutes
		for i := range 16 {
			m := first.Add(i)
			c.Entries, c.Contract.Headcounts = nil, nil
			for j, e := range entries {
				if !seen[j].After(m) {
					c.Entries = append(c.Entries, e)
				}
			}
			for j, h := range whole {
				if j == 0 || !h.From.MonthOf().Add(late).After(m) {
					c.Contract.Headcounts = append(c.Contract.Headcounts, h)
				}
			}
			d := Compute(m, calendar.Date{}, c, Seller{VATRegime: Normal})
			if d.Invoice.Net < 0 {
				t.Fatalf("the invoice of %s is negative: %s", m, d.Invoice.Net)
			}
			for _, l := range d.Invoice.Lines {
				if l.Part == Hours {
					over += calendar.Minutes(l.Quantity)
				} else {
					subscription += l.Net
				}
			}
			c.Settled, c.Finalised = append(c.Settled, d.Settlement), m
			if i == 15 && d.Held != 0 {
				t.Skip("a credit is still held")
			}
		}
		if want := support.Over(done, classic.Included); over != want {
			t.Fatalf("%s done, %s billed, want %s: minutes in are minutes included and minutes billed", done, over, want)
		}
		var want money.Cents
		for i := range 16 {
			want += netOf(subscriptionLines(first.Add(i), first.Add(i).Last(), k, French))
		}
		if subscription != want {
			t.Fatalf("billed %s, want %s", subscription, want)
		}
	})
}
