package contract

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
)

// TestBrokenYear derives figures on paper: 20 h, contract year of 365 or 366 days.
func TestBrokenYear(t *testing.T) {
	date := calendar.NewDate
	for _, c := range []struct {
		start, end calendar.Date
		setting    BrokenYear
		want       calendar.Minutes
	}{
		{date(2026, 9, 15), date(2027, 3, 14), Prorated, 595}, // 1200 x 181/365 = 595.07
		{date(2026, 9, 15), date(2027, 3, 14), Whole, 1200},
		{date(2026, 9, 15), date(2027, 3, 14), "", 1200},       // offers that knew no such setting
		{date(2026, 9, 15), date(2026, 9, 15), Prorated, 3},    // 1200 x 1/365 = 3.29
		{date(2026, 9, 15), date(2027, 9, 14), Prorated, 1200}, // not cut short
		{date(2026, 9, 15), date(2028, 3, 13), Prorated, 593},  // 1200 x 181/366 = 593.44
		{date(2028, 2, 29), date(2029, 2, 27), Prorated, 1200}, // anniversary on the 28th: 365 days
		{date(2028, 2, 29), date(2029, 2, 26), Prorated, 1197}, // 1200 x 364/365 = 1196.71
		{date(2028, 2, 29), date(2032, 2, 28), Prorated, 1200}, // the fourth year ends on the 28th of a leap year
		{date(2028, 2, 29), date(2032, 2, 27), Prorated, 1197}, // 1200 x 365/366 = 1196.72
	} {
		k := Contract{Start: c.start, Offer: Offer{Included: 1200, BrokenYear: c.setting}, Ending: &Ending{On: c.end}}
		if got := k.Allowance(k.YearOf(c.end)); got != c.want {
			t.Errorf("from %s to %s, %q: %d minutes, want %d", c.start, c.end, c.setting, got, c.want)
		}
	}
}

// TestProrating: against big rationals, for every start (29 February too) and every
// last day; a day more never includes less, and only the last year is cut.
func TestProrating(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := calendar.NewDate(2027, 1, 1).AddDays(rapid.IntRange(0, 1500).Draw(t, "start"))
		if rapid.Bool().Draw(t, "leap") {
			start = calendar.NewDate(2028, 2, 29)
		}
		end := start.AddDays(rapid.IntRange(0, 3000).Draw(t, "days"))
		k := Contract{Start: start, Offer: Offer{Included: calendar.Minutes(rapid.IntRange(1, 6000).Draw(t, "included")), BrokenYear: Prorated}, Ending: &Ending{On: end}}
		last := k.YearOf(end)
		served, of := int64(last.From.DaysUntil(end)+1), int64(last.From.DaysUntil(last.To)+1)
		if of != 365 && of != 366 {
			t.Fatalf("the contract year %s to %s has %d days", last.From, last.To, of)
		}
		exact := big.NewRat(int64(k.Offer.Included)*served, of)
		got := k.Allowance(last)
		if off := new(big.Rat).Sub(big.NewRat(int64(got), 1), exact); off.Cmp(big.NewRat(1, 2)) > 0 || off.Cmp(big.NewRat(-1, 2)) <= 0 {
			t.Fatalf("%d of %d days include %s, exactly %s minutes", served, of, got, exact.FloatString(3))
		}
		if last.Index > 0 {
			before := k.YearOf(last.From.AddDays(-1))
			if before.Index != last.Index-1 || k.Allowance(before) != k.Offer.Included {
				t.Fatalf("year %d before the last includes %s of %s", before.Index, k.Allowance(before), k.Offer.Included)
			}
		}
		longer := k
		longer.Ending = &Ending{On: end.AddDays(1)}
		if longer.YearOf(end.AddDays(1)) == last && longer.Allowance(last) < got {
			t.Fatalf("a day more includes %s instead of %s", longer.Allowance(last), got)
		}
	})
}

// TestAnniversaries: contract years follow one another without a gap, also from 29
// February, and each day lies in its own.
func TestAnniversaries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := calendar.NewDate(2028, 2, 29)
		if !rapid.Bool().Draw(t, "leap") {
			start = calendar.NewDate(2026, 1, 1).AddDays(rapid.IntRange(0, 1461).Draw(t, "start"))
		}
		k := Contract{Start: start}
		day := start.AddDays(rapid.IntRange(0, 8000).Draw(t, "day"))
		y := k.YearOf(day)
		if day.Before(y.From) || day.After(y.To) {
			t.Fatalf("%s is put in the year %s to %s", day, y.From, y.To)
		}
		if next := k.YearOf(y.To.AddDays(1)); next.Index != y.Index+1 || next.From != y.To.AddDays(1) {
			t.Fatalf("after %s to %s comes %s to %s", y.From, y.To, next.From, next.To)
		}
	})
}
