package margin

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

func day(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// classic is an offer at 39 EUR, a year, 20 hours.
var classic = contract.Offer{Name: "classic", Version: 1, Unit: contract.PerEmployee, Price: contract.PriceOf(39_00), TermMonths: 12, Included: 1200,
	Counts: []contract.Work{contract.Accompaniment, contract.Training, contract.Assistance}, Hour: contract.PriceOf(60_00), EarlyEnd: contract.Waive}

var rates = Rates{Hour: 35_00, TravelHour: 45_00, VaultGB: 20_000, Relay: 1_50, Spare: 20_00, Life: 96, Upkeep: 30}

// TestPart holds the integers against big rationals.
func TestPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Int64Range(0, 1_000_000_00).Draw(t, "whole")
		n, of := rapid.Int64Range(0, 40_000).Draw(t, "n"), rapid.Int64Range(1, 40_000).Draw(t, "of")
		want := money.Round(new(big.Rat).Mul(big.NewRat(whole, 1), big.NewRat(n, of)))
		if got := part(money.Cents(whole), n, of); got != want {
			t.Fatalf("%d x %d / %d = %d, want %d", whole, n, of, got, want)
		}
	})
}

// world draws contracts, machines and hours.
func world(t *rapid.T) (calendar.Date, []Case, []Hardware, []support.Entry) {
	on := calendar.NewDate(2028, 2, 29).AddDays(rapid.IntRange(-400, 400).Draw(t, "on"))
	var cases []Case
	var ids []string
	for i := range rapid.IntRange(1, 5).Draw(t, "contracts") {
		id := string(rune('a' + i))
		start := calendar.NewDate(2026, 9, 15).AddDays(rapid.IntRange(0, 600).Draw(t, "start"))
		k := contract.Contract{ID: id + "-1", Client: id, Offer: classic, Start: start, Headcounts: []contract.Headcount{{From: start, Count: rapid.IntRange(1, 20).Draw(t, "count")}}}
		if rapid.Bool().Draw(t, "change") {
			k.Headcounts = append(k.Headcounts, contract.Headcount{From: start.AddDays(rapid.IntRange(1, 300).Draw(t, "after")), Count: rapid.IntRange(1, 20).Draw(t, "then")})
		}
		if rapid.Bool().Draw(t, "ends") {
			k.Ending = &contract.Ending{On: start.AddDays(rapid.IntRange(0, 900).Draw(t, "days")), Early: contract.Bill}
		}
		c := Case{Contract: k, Name: id, Income: map[calendar.Month]money.Cents{}}
		if start.Before(on) {
			c.Income[start.MonthOf()] = money.Cents(rapid.Int64Range(-50_00, 900_00).Draw(t, "income"))
			for range rapid.IntRange(0, 4).Draw(t, "entries") {
				d := start.AddDays(rapid.IntRange(0, start.DaysUntil(on)).Draw(t, "day"))
				c.Entries = append(c.Entries, support.Entry{Client: id, Date: d, Minutes: calendar.Minutes(rapid.Int64Range(1, 600).Draw(t, "minutes")), Kind: rapid.SampledFrom(contract.Works).Draw(t, "kind")})
			}
		}
		cases, ids = append(cases, c), append(ids, k.ID)
	}
	var machines []Hardware
	for range rapid.IntRange(0, 3).Draw(t, "machines") {
		h := Hardware{Name: "m", Price: money.Cents(rapid.Int64Range(0, 900_00).Draw(t, "price")), Age: rapid.IntRange(0, 95).Draw(t, "age"),
			From: calendar.NewDate(2026, 8, 1).AddDays(rapid.IntRange(0, 700).Draw(t, "from")), Server: rapid.Bool().Draw(t, "server"),
			Space: map[calendar.Month]int64{{Year: 2026, Month: 9}: rapid.Int64Range(0, 500_000_000_000).Draw(t, "space")}}
		for _, id := range ids {
			if rapid.Bool().Draw(t, "shares") {
				h.Contracts = append(h.Contracts, id)
			}
		}
		if rapid.Bool().Draw(t, "given up") {
			h.Until = h.From.AddDays(rapid.IntRange(0, 2000).Draw(t, "until"))
		}
		machines = append(machines, h)
	}
	var loose []support.Entry
	for range rapid.IntRange(0, 3).Draw(t, "loose") {
		loose = append(loose, support.Entry{Client: rapid.SampledFrom([]string{"a", "b", "nobody"}).Draw(t, "of"), Date: on.AddDays(-rapid.IntRange(0, 900).Draw(t, "ago")), Minutes: 60, Kind: contract.Travel})
	}
	return on, cases, machines, loose
}

// TestSums: the margin of all is the sum of the margins; months come to the end; a
// machine's shares come to what is worn off of it; nothing that was booked is lost.
func TestSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		on, cases, machines, loose := world(t)
		r := Reckon(on, rates, cases, machines, loose)
		var toDate, atEnd, months, allMonths Sum
		var residual money.Cents
		for _, m := range append(r.Contracts, r.Common) {
			toDate, atEnd, residual = toDate.Plus(m.ToDate), atEnd.Plus(m.AtEnd), residual+m.Residual
			var own Sum
			for _, x := range m.Months {
				own = own.Plus(x.Sum)
			}
			if own != m.AtEnd {
				t.Fatalf("%s: its months come to %+v, its end is %+v", m.Contract, own, m.AtEnd)
			}
			months = months.Plus(own)
		}
		for _, x := range r.All.Months {
			allMonths = allMonths.Plus(x.Sum)
		}
		if toDate != r.All.ToDate || atEnd != r.All.AtEnd || residual != r.All.Residual || allMonths != r.All.AtEnd || toDate.Margin() != r.All.ToDate.Margin() {
			t.Fatalf("all is %+v, %+v, %s, months %+v; the sums are %+v, %+v, %s", r.All.ToDate, r.All.AtEnd, r.All.Residual, allMonths, toDate, atEnd, residual)
		}
		var worn, income, hours, travel money.Cents
		for _, h := range machines {
			worn += h.worn(rates, on)
		}
		entries := loose
		for _, c := range cases {
			for _, net := range c.Income {
				income += net
			}
			entries = append(entries[:len(entries):len(entries)], c.Entries...)
		}
		if toDate.Hardware != worn || toDate.Income != income {
			t.Fatalf("to date %s are worn off and %s came in; the machines say %s, the invoices %s", toDate.Hardware, toDate.Income, worn, income)
		}
		for _, e := range entries {
			if e.Kind == contract.Travel {
				travel += atRate(rates.TravelHour, e.Minutes)
			} else {
				hours += atRate(rates.Hour, e.Minutes)
			}
		}
		// Rounded once a month and contract instead of once an entry.
		if d := money.Cents(len(entries)); abs(toDate.Hours-hours) > d || abs(toDate.Travel-travel) > d {
			t.Fatalf("to date hours cost %s and travel %s, entry by entry %s and %s", toDate.Hours, toDate.Travel, hours, travel)
		}
	})
}

func abs(c money.Cents) money.Cents { return max(c, -c) }

// TestShared: of one machine's cost on any days, the shares come to the whole.
func TestShared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, cases, machines, _ := world(t)
		for _, h := range machines {
			var sharing []contract.Contract
			for _, c := range cases {
				sharing = append(sharing, c.Contract)
			}
			m := h.From.MonthOf().Add(rapid.IntRange(0, 100).Draw(t, "month"))
			from := m.First().AddDays(rapid.IntRange(0, m.Days()-1).Draw(t, "first"))
			to := from.AddDays(rapid.IntRange(0, from.DaysUntil(m.Last())).Draw(t, "days"))
			var sum Sum
			for _, s := range h.shared(rates, sharing, from, to) {
				sum = sum.Plus(s)
			}
			if whole := h.cost(rates, from, to); sum != whole {
				t.Fatalf("from %s to %s the shares come to %+v, the whole is %+v", from, to, sum, whole)
			}
			var rest money.Cents
			for _, share := range h.residual(rates, sharing, to) {
				rest += share
			}
			if !to.Before(h.From) && rest+h.worn(rates, to) != h.whole(rates) {
				t.Fatalf("on %s %s is worn off and %s is left of %s", to, h.worn(rates, to), rest, h.whole(rates))
			}
		}
	})
}
