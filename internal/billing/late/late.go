// Package late computes what French law adds to an invoice that is not paid in time:
// interest from the day after it was due, whether anyone was reminded or not (article
// L441-10 du Code de commerce, and of public bodies L2192-13 du Code de la commande
// publique, which has a rate of its own). The 40 EUR beside it are a constant of package billing.
//
// It is pure: days, balances and rates come in, the interest comes out. It decides on no
// reminder and sends none.
package late

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Rate is a yearly rate that is in force from a day on, until the next one. By law it
// is that of the European Central Bank's refinancing plus ten points, as of 1 January for
// the first half of the year and of 1 July for the second, unless the seller's terms
// name another of at least three times the legal rate.
type Rate struct {
	From   calendar.Date
	Yearly money.Rate
}

// Rates are in the order of their days.
type Rates []Rate

// ParseRates reads `2026-01-01 12.15, 2026-07-01 12`: days and percentages.
func ParseRates(s string) (Rates, error) {
	var rates Rates
	for part := range strings.SplitSeq(s, ",") {
		fields := strings.Fields(strings.TrimSuffix(strings.TrimSpace(part), "%"))
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("%q: want a day and a yearly percentage, such as 2026-07-01 12.15", strings.TrimSpace(part))
		}
		from, err := calendar.Parse(fields[0])
		if err != nil {
			return nil, err
		}
		yearly, err := money.ParseRate(fields[1])
		if err != nil {
			return nil, err
		}
		if n := len(rates); n > 0 && !rates[n-1].From.Before(from) {
			return nil, fmt.Errorf("%s comes after %s: want the rates in the order of their days", from, rates[n-1].From)
		}
		rates = append(rates, Rate{from, yearly})
	}
	return rates, nil
}

// On is the rate of a day; ok is false for days before the first one.
func (r Rates) On(day calendar.Date) (rate money.Rate, ok bool) {
	for _, x := range r {
		if x.From.After(day) {
			break
		}
		rate, ok = x.Yearly, true
	}
	return rate, ok
}

// Fixed is the rate of one day for as long as interest runs, as the Code de la commande
// publique has it (article R2192-31: that of the half-year in which it began to run).
func (r Rates) Fixed(day calendar.Date) Rates {
	rate, ok := r.On(day)
	if !ok {
		return nil
	}
	return Rates{{day, rate}}
}

// Payment is what came in for an invoice, on its day.
type Payment struct {
	On     calendar.Date
	Amount money.Cents
}

// Interest is what is due for being late: for each day after the due date, until and
// including the last, what was left to pay on it x rate / 365. The day on which a payment
// comes still counts in full. It is exact, and rounded once.
func Interest(total money.Cents, due, last calendar.Date, paid []Payment, rates Rates) (money.Cents, error) {
	if !due.Before(last) {
		return 0, nil
	}
	first := due.AddDays(1)
	if _, ok := rates.On(first); !ok {
		return 0, fmt.Errorf("no rate of late interest is known for %s", first)
	}
	exact := new(big.Rat)
	for from := first; !from.After(last); {
		rate, _ := rates.On(from)
		to, left := last, total
		for _, x := range rates {
			if x.From.After(from) {
				to = earlier(to, x.From.AddDays(-1))
			}
		}
		for _, p := range paid {
			if p.On.Before(from) {
				left -= p.Amount
			} else {
				to = earlier(to, p.On)
			}
		}
		if left > 0 {
			days := int64(from.DaysUntil(to) + 1)
			exact.Add(exact, new(big.Rat).Mul(left.Rat(), big.NewRat(int64(rate)*days, 365*10_000)))
		}
		from = to.AddDays(1)
	}
	return money.Round(exact), nil
}

func earlier(a, b calendar.Date) calendar.Date {
	return slices.MinFunc([]calendar.Date{a, b}, calendar.Date.Compare)
}
