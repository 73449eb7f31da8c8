package margin

import (
	"fmt"
	"testing"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// BenchmarkReckon is a thousand contracts of up to ten years, each with a machine, two
// hundred of them in islands of four, and two entries a month.
func BenchmarkReckon(b *testing.B) {
	on := calendar.NewDate(2036, 9, 15)
	var cases []Case
	var machines []Hardware
	for i := range 1000 {
		start := calendar.NewDate(2026, 9, 15).AddMonths(i % 110)
		c := Case{Contract: contract.Contract{ID: fmt.Sprintf("c%04d-1", i), Client: fmt.Sprint("c", i), Offer: classic, Start: start,
			Headcounts: []contract.Headcount{{From: start, Count: 1 + i%20}}}, Income: map[calendar.Month]money.Cents{}}
		for m := start.MonthOf(); m.Before(on.MonthOf()); m = m.Add(1) {
			c.Income[m] = 468_00
			for range 2 {
				c.Entries = append(c.Entries, support.Entry{Date: m.Last(), Minutes: 45, Kind: contract.Assistance})
			}
		}
		cases = append(cases, c)
		if i < 200 && i%4 != 0 {
			h := &machines[len(machines)-1]
			h.Contracts = append(h.Contracts, c.Contract.ID)
			continue
		}
		machines = append(machines, Hardware{Name: c.Contract.ID, Price: 400_00, Age: 36, From: start, Server: true, Contracts: []string{c.Contract.ID},
			Space: map[calendar.Month]int64{start.MonthOf(): 50_000_000_000}})
	}
	for b.Loop() {
		Reckon(on, rates, cases, machines, nil)
	}
}
