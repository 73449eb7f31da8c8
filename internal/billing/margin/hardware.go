package margin

import (
	"fmt"
	"math/big"

	"codeberg.org/accolade/accolade/internal/apportion"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// Hardware is one machine of ours, and who is served by it.
type Hardware struct {
	Name  string        `json:"name"`
	Price money.Cents   `json:"price"` // as bought, before tax
	Age   int           `json:"age"`   // months since it was made, on the day From
	From  calendar.Date `json:"from"`  // in service
	// Until is the day on which it was given up: what is not worn off by then is lost.
	Until calendar.Date `json:"until,omitzero"`
	// Contracts share its cost, by their employees or seats, each day those that run.
	Contracts []string `json:"contracts"`
	// Server says that it is a box of ours with a server on it: then its mail and its
	// space in the vault cost something too.
	Server bool `json:"server"`
	// Space is how many bytes its backups take in the vault, from each month on.
	Space map[calendar.Month]int64 `json:"space,omitempty"`
}

// mostPrice bounds prices, so that products stay in their range.
const mostPrice = money.Cents(1_000_000_00)

// Check refuses what cannot be reckoned with. life is Rates.Life.
func (h Hardware) Check(life int) error {
	bad := func(field string, value any, allowed string, args ...any) error {
		return &contract.Invalid{Field: field, Value: fmt.Sprint(value), Allowed: fmt.Sprintf(allowed, args...)}
	}
	switch {
	case h.Name == "" || len(h.Name) > 60:
		return bad("hardware", h.Name, "want a name of at most 60 characters")
	case h.Price < 0 || h.Price > mostPrice:
		return bad("price", h.Price.Decimal(), "want euros before tax, 0 to %s", mostPrice)
	case h.From.IsZero():
		return bad("from", "", "want the day on which it came into service, such as 2026-09-15")
	case h.Age < 0 || h.Age >= life:
		return bad("age", h.Age, "want months since it was made, 0 to %d: a machine lasts %d (costs.life)", life-1, life)
	case !h.Until.IsZero() && h.Until.Before(h.From):
		return bad("until", h.Until, "it came into service on %s", h.From)
	}
	return nil
}

// end is the last day of its life.
func (h Hardware) end(r Rates) calendar.Date {
	return h.From.AddMonths(max(1, r.Life-h.Age)).AddDays(-1)
}

// whole is what it costs in all, with its part of the machines in stock.
func (h Hardware) whole(r Rates) money.Cents {
	return part(h.Price, 10_000+int64(r.Spare), 10_000)
}

// worn is what is worn off at the end of a day: by the days of its life, all of it
// once it is given up.
func (h Hardware) worn(r Rates, day calendar.Date) money.Cents {
	end := h.end(r)
	switch {
	case day.Before(h.From):
		return 0
	case !day.Before(end) || !h.Until.IsZero() && !day.Before(h.Until):
		return h.whole(r)
	}
	return part(h.whole(r), int64(h.From.DaysUntil(day)+1), int64(h.From.DaysUntil(end)+1))
}

// served is how many days of a month, up to a day in it, the machine is in service: it
// serves on after its life.
func (h Hardware) served(m calendar.Month, day calendar.Date) int64 {
	from, to := m.First(), day
	if from.Before(h.From) {
		from = h.From
	}
	if !h.Until.IsZero() && h.Until.Before(to) {
		to = h.Until
	}
	return max(0, int64(from.DaysUntil(to)+1))
}

// fees are what its server costs in a month up to a day in it, by the days.
func (h Hardware) fees(r Rates, m calendar.Month, day calendar.Date) (vault, relay money.Cents) {
	if !h.Server || day.Before(m.First()) {
		return 0, 0
	}
	days := h.served(m, day)
	relay = part(r.Relay, days, int64(m.Days()))
	exact := new(big.Rat).Mul(r.VaultGB.Rat(), big.NewRat(h.space(m), 1_000_000_000))
	vault = money.Round(exact.Mul(exact, big.NewRat(days, int64(m.Days()))))
	return vault, relay
}

// space is what is known for a month: of the latest one that is not after it.
func (h Hardware) space(m calendar.Month) (bytes int64) {
	var known calendar.Month
	for k, n := range h.Space {
		if !k.After(m) && !k.Before(known) {
			known, bytes = k, n
		}
	}
	return bytes
}

// cost is what it costs from one day to another of the same month.
func (h Hardware) cost(r Rates, from, to calendar.Date) Sum {
	m := from.MonthOf()
	vault, relay := h.fees(r, m, to)
	vault0, relay0 := h.fees(r, m, from.AddDays(-1))
	if from == m.First() {
		vault0, relay0 = 0, 0
	}
	return Sum{Hardware: h.worn(r, to) - h.worn(r, from.AddDays(-1)), Vault: vault - vault0, Relay: relay - relay0}
}

// shared splits what it costs from one day to another of the same month between
// contracts, and what none of them bears (the last share).
func (h Hardware) shared(r Rates, contracts []contract.Contract, from, to calendar.Date) []Sum {
	shares := make([]Sum, len(contracts)+1)
	for first := from; !first.After(to); {
		last := to
		for _, k := range contracts {
			for _, change := range changes(k) {
				if change.After(first) && !change.After(last) {
					last = change.AddDays(-1)
				}
			}
		}
		whole := h.cost(r, first, last)
		weights := h.weights(contracts, first)
		hardware, vault, relay := apportion.Split(whole.Hardware, weights), apportion.Split(whole.Vault, weights), apportion.Split(whole.Relay, weights)
		for i := range shares {
			shares[i] = shares[i].Plus(Sum{Hardware: hardware[i], Vault: vault[i], Relay: relay[i]})
		}
		first = last.AddDays(1)
	}
	return shares
}

// residual splits what is not worn off at the end of a day in the same way.
func (h Hardware) residual(r Rates, contracts []contract.Contract, day calendar.Date) []money.Cents {
	if day.Before(h.From) {
		return make([]money.Cents, len(contracts)+1)
	}
	return apportion.Split(h.whole(r)-h.worn(r, day), h.weights(contracts, day))
}

// weights are the employees or seats of the contracts on a day; the last one is 1 if
// none of them runs.
func (h Hardware) weights(contracts []contract.Contract, day calendar.Date) []int {
	weights := make([]int, len(contracts)+1)
	sum := 0
	for i, k := range contracts {
		if k.Runs(day) {
			weights[i] = max(1, k.CountOn(day)) // 1: an offer without a unit
		}
		sum += weights[i]
	}
	if sum == 0 {
		weights[len(contracts)] = 1
	}
	return weights
}

// changes are the days from which on a contract weighs something else.
func changes(k contract.Contract) []calendar.Date {
	days := []calendar.Date{k.Start}
	for _, h := range k.Headcounts {
		days = append(days, h.From)
	}
	if k.Ending != nil {
		days = append(days, k.Ending.On.AddDays(1))
	}
	return days
}
