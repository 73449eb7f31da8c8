package margin

import (
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

func (k *reckoning) report() Report {
	r := Report{On: k.on}
	all := k.flow(k.on)
	for i, f := range k.flows {
		m := k.margin(f)
		day := k.on
		if i < len(k.cases) {
			c := k.cases[i]
			m.Client, m.Name, m.Contract, m.Since = c.Contract.Client, c.Name, c.Contract.ID, c.Contract.Start
			m.Committed, m.Machines = committed(c.Contract, k.on), len(k.served[i])
			day = m.Committed
			m.BreakEven = k.breakEven(f, c.Contract.Ending, k.residualAt(i, day))
		}
		if !day.Before(k.on) {
			m.Residual = k.residualAt(i, day)
		}
		if n := len(m.Months); n > 0 && m.Months[n-1].Month == day.MonthOf() {
			m.Months[n-1].Residual = m.Residual // the last month ends on that day
		}
		all.gather(f)
		r.All.ToDate, r.All.AtEnd, r.All.Residual = r.All.ToDate.Plus(m.ToDate), r.All.AtEnd.Plus(m.AtEnd), r.All.Residual+m.Residual
		if i < len(k.cases) {
			r.Contracts = append(r.Contracts, m)
		} else {
			r.Common = m
		}
	}
	r.All.Months = k.months(all)
	if n := len(r.All.Months); n > 0 {
		r.All.Months[n-1].Residual = r.All.Residual // each contract's on its own last day
	}
	r.All.BreakEven = k.breakEven(all, nil, 0)
	return r
}

// gather adds another flow to this one.
func (f *flow) gather(o *flow) {
	f.end = max2(f.end, o.end)
	for n := range f.months {
		f.months[n] = f.months[n].Plus(o.months[n])
		f.beyond[n] = f.beyond[n].Plus(o.beyond[n])
		f.residual[n] += o.residual[n]
	}
}

func (k *reckoning) margin(f *flow) Margin {
	m := Margin{ToDate: f.done, Months: k.months(f)}
	for _, s := range f.months {
		m.AtEnd = m.AtEnd.Plus(s)
	}
	return m
}

// months are those from the first in which something happens to the commitment's end.
func (k *reckoning) months(f *flow) []Monthly {
	all := []Monthly{}
	for n, s := range f.months {
		m := k.first.Add(n)
		if m.After(f.end.MonthOf()) {
			break
		}
		if len(all) == 0 && s == (Sum{}) && f.residual[n] == 0 {
			continue
		}
		all = append(all, Monthly{Month: m, Planned: m.Last().After(k.on), Sum: s, Residual: f.residual[n]})
	}
	return all
}

// breakEven is the end of the first month from which on, whenever the client leaves
// and the machine is lost, nothing is lost: to the horizon, or to an ending, on whose
// day atEnd of the machine is not worn off.
func (k *reckoning) breakEven(f *flow, ending *contract.Ending, atEnd money.Cents) calendar.Date {
	var sum money.Cents
	var since calendar.Date
	seen := false
	for n := range f.months {
		m := k.first.Add(n)
		sum += f.months[n].Margin() + f.beyond[n].Margin()
		left := sum - f.residual[n]
		ends := ending != nil && m == ending.On.MonthOf()
		if ends {
			left = sum - atEnd
		}
		seen = seen || f.months[n] != Sum{} || f.beyond[n] != Sum{}
		switch {
		case left < 0 || !seen:
			since = calendar.Date{}
		case since.IsZero():
			since = m.Last()
		}
		if ends {
			break
		}
	}
	return since
}
