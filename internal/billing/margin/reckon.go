package margin

import (
	"slices"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// Reckon reckons the margins as of a day. loose are entries of the ledger that fall
// under no contract: what was done before one begins is its client's first one's.
func Reckon(on calendar.Date, r Rates, cases []Case, machines []Hardware, loose []support.Entry) Report {
	k := &reckoning{rates: r, on: on, last: on.MonthOf().Add(horizon), cases: slices.Clone(cases)}
	left := k.assign(loose)
	k.first = k.begin(machines, left)
	for _, c := range k.cases {
		k.flows = append(k.flows, k.flow(max2(committed(c.Contract, on), on)))
	}
	k.flows = append(k.flows, k.flow(on)) // common
	for i, c := range k.cases {
		k.hours(i, c)
		k.income(i, c)
	}
	k.book(len(k.cases), left)
	k.share(machines)
	return k.report()
}

// committed is the last day that the client is bound to.
func committed(k contract.Contract, on calendar.Date) calendar.Date {
	if k.Ending != nil {
		return k.Ending.On
	}
	day := on
	if day.Before(k.Start) {
		day = k.Start
	}
	notice := day.AddMonths(k.OfferOn(day).NoticeMonths)
	return max2(k.TermEnd(), notice)
}

func max2(a, b calendar.Date) calendar.Date {
	if a.Before(b) {
		return b
	}
	return a
}

// reckoning is a report in the making.
type reckoning struct {
	rates       Rates
	on          calendar.Date
	first, last calendar.Month
	cases       []Case
	flows       []*flow // of the cases, then what is common
	machines    []machine
	served      [][]int // machines by flow
}

// machine is one with the contracts that share it and their flows, and the common one.
type machine struct {
	Hardware
	contracts []contract.Contract
	flows     []int
}

// flow is what comes in and goes out, month by month from reckoning.first on.
type flow struct {
	end      calendar.Date // what is after it is beyond the commitment
	done     Sum           // up to the day of the report
	months   []Sum         // up to end
	beyond   []Sum         // after it
	residual []money.Cents
}

func (k *reckoning) flow(end calendar.Date) *flow {
	n := k.first.Until(k.last) + 1
	return &flow{end: end, months: make([]Sum, n), beyond: make([]Sum, n), residual: make([]money.Cents, n)}
}

// assign gives entries to their clients' contracts, and returns those of clients
// without one.
func (k *reckoning) assign(loose []support.Entry) (left []support.Entry) {
	for _, e := range loose {
		best := -1
		for i, c := range k.cases {
			if c.Contract.Client != e.Client {
				continue
			}
			if best < 0 || k.nearer(c.Contract, k.cases[best].Contract, e.Date) {
				best = i
			}
		}
		if best < 0 {
			left = append(left, e)
			continue
		}
		k.cases[best].Entries = append(slices.Clip(k.cases[best].Entries), e)
	}
	return left
}

// nearer prefers the first contract that starts after a day, else the last before it.
func (k *reckoning) nearer(a, b contract.Contract, day calendar.Date) bool {
	if after := a.Start.After(day); after != b.Start.After(day) {
		return after
	} else if after {
		return a.Start.Before(b.Start)
	}
	return a.Start.After(b.Start)
}

// begin is the first month in which anything happens.
func (k *reckoning) begin(machines []Hardware, left []support.Entry) calendar.Month {
	first := k.on.MonthOf()
	see := func(m calendar.Month) {
		if m.Before(first) {
			first = m
		}
	}
	for _, h := range machines {
		see(h.From.MonthOf())
	}
	worked := func(entries []support.Entry) {
		for _, e := range entries {
			see(e.Date.MonthOf())
		}
	}
	worked(left)
	for _, c := range k.cases {
		see(c.Contract.Start.MonthOf())
		for m := range c.Income {
			see(m)
		}
		worked(c.Entries)
	}
	return first
}

// pieces cut a month at the day of the report and at the end of a commitment.
func (k *reckoning) pieces(m calendar.Month, ends ...calendar.Date) [][2]calendar.Date {
	cuts := append(ends, k.on)
	var all [][2]calendar.Date
	for from := m.First(); !from.After(m.Last()); {
		to := m.Last()
		for _, c := range cuts {
			if !c.Before(from) && c.Before(to) {
				to = c
			}
		}
		all = append(all, [2]calendar.Date{from, to})
		from = to.AddDays(1)
	}
	return all
}

// add books what falls on some days up to a day.
func (k *reckoning) add(i int, last calendar.Date, s Sum) {
	f, n := k.flows[i], k.first.Until(last.MonthOf())
	if !last.After(k.on) {
		f.done = f.done.Plus(s)
	}
	if last.After(f.end) {
		f.beyond[n] = f.beyond[n].Plus(s)
	} else {
		f.months[n] = f.months[n].Plus(s)
	}
}

// book books hours that were worked.
func (k *reckoning) book(i int, entries []support.Entry) {
	for m, cost := range worked(k.rates, entries) {
		day := m.Last()
		if day.After(k.on) {
			day = k.on
		}
		k.add(i, day, cost)
	}
}

// hours are those that were worked, then those that are still owed.
func (k *reckoning) hours(i int, c Case) {
	k.book(i, c.Entries)
	owed := promised(k.rates, c, k.on)
	for m := k.on.MonthOf(); !m.After(k.last); m = m.Add(1) {
		for _, p := range k.pieces(m, k.flows[i].end) {
			if p[1].After(k.on) {
				k.add(i, p[1], Sum{Hours: owed.cost(p[0], p[1])})
			}
		}
	}
}

// income is what was invoiced, then what the contract alone brings.
func (k *reckoning) income(i int, c Case) {
	for m, net := range c.Income {
		k.add(i, earlier(m.Last(), k.on), Sum{Income: net})
	}
	for m := k.on.MonthOf(); !m.After(k.last); m = m.Add(1) {
		for _, p := range k.pieces(m, k.flows[i].end) {
			if !p[1].After(k.on) {
				continue
			}
			net := billing.Expected(m, p[1], c.Contract)
			if p[0] != m.First() {
				net -= billing.Expected(m, p[0].AddDays(-1), c.Contract)
			}
			k.add(i, p[1], Sum{Income: net})
		}
	}
}

func earlier(a, b calendar.Date) calendar.Date {
	if b.Before(a) {
		return b
	}
	return a
}

// share spreads the machines over those that they serve.
func (k *reckoning) share(all []Hardware) {
	places := map[string]int{}
	for i, c := range k.cases {
		places[c.Contract.ID] = i
	}
	k.served = make([][]int, len(k.flows))
	for n, h := range all {
		x := machine{Hardware: h}
		for _, id := range h.Contracts {
			if i, known := places[id]; known {
				x.contracts, x.flows = append(x.contracts, k.cases[i].Contract), append(x.flows, i)
			}
		}
		x.flows = append(x.flows, len(k.cases))
		k.machines = append(k.machines, x)
		for _, i := range x.flows {
			k.served[i] = append(k.served[i], n)
		}
		k.spread(x)
	}
}

func (k *reckoning) spread(x machine) {
	var ends []calendar.Date
	for _, i := range x.flows {
		ends = append(ends, k.flows[i].end)
	}
	for m := x.From.MonthOf(); !m.After(k.last); m = m.Add(1) {
		for _, p := range k.pieces(m, ends...) {
			for j, share := range x.shared(k.rates, x.contracts, p[0], p[1]) {
				k.add(x.flows[j], p[1], share)
			}
		}
		for j, rest := range x.residual(k.rates, x.contracts, m.Last()) {
			k.flows[x.flows[j]].residual[k.first.Until(m)] += rest
		}
	}
}

// residualAt is a contract's part, or the common one, of what is not worn off on a day.
func (k *reckoning) residualAt(i int, day calendar.Date) (sum money.Cents) {
	for _, n := range k.served[i] {
		x := k.machines[n]
		sum += x.residual(k.rates, x.contracts, day)[slices.Index(x.flows, i)]
	}
	return sum
}
