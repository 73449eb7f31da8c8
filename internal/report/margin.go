package report

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/margin"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/support"
)

// rates are what things cost, or the sentence that says what nobody has told.
func (s *Service) rates() (margin.Rates, error) {
	rates, err := s.Costs.Rates()
	if untold, ok := errors.AsType[*margin.NotTold](err); ok {
		return rates, &operation.Refused{Why: untold.Error(), Fix: "set it in accoladed's configuration file (docs/margin.md says what each is), then restart it"}
	}
	return rates, err
}

// Margin reckons what contracts earn, as of today.
func (s *Service) Margin() (margin.Report, error) {
	var none margin.Report
	rates, err := s.rates()
	if err != nil {
		return none, err
	}
	contracts, err := s.Book.Contracts()
	if err != nil {
		return none, err
	}
	slices.SortFunc(contracts, func(a, b contract.Contract) int { return strings.Compare(a.ID, b.ID) })
	machines, err := s.machines(contracts)
	if err != nil {
		return none, err
	}
	income, err := s.income(contracts)
	if err != nil {
		return none, err
	}
	entries, err := s.Ledger.List(support.Filter{To: s.today()})
	if err != nil {
		return none, err
	}
	names, err := s.names()
	if err != nil {
		return none, err
	}
	worked := map[string][]support.Entry{}
	for _, e := range entries {
		worked[e.Contract] = append(worked[e.Contract], e)
	}
	var cases []margin.Case
	for _, k := range contracts {
		cases = append(cases, margin.Case{Contract: k, Name: names[k.Client], Income: income[k.ID], Entries: worked[k.ID]})
	}
	return margin.Reckon(s.today(), rates, cases, machines, worked[""]), nil
}

func (s *Service) names() (map[string]string, error) {
	clients, err := s.Book.Clients()
	names := map[string]string{}
	for _, c := range clients {
		names[c.ID] = c.Name
	}
	return names, err
}

// earned remembers what finalised months brought, by contract: they never change.
type earned struct {
	mu     sync.Mutex
	months map[calendar.Month]map[string]money.Cents
}

// income is what came in before tax, by contract and month, up to today.
func (s *Service) income(contracts []contract.Contract) (map[string]map[calendar.Month]money.Cents, error) {
	all := map[string]map[calendar.Month]money.Cents{}
	add := func(id string, m calendar.Month, net money.Cents) {
		if all[id] == nil {
			all[id] = map[calendar.Month]money.Cents{}
		}
		if net != 0 {
			all[id][m] += net
		}
	}
	finalised, err := s.Bills.Months()
	if err != nil {
		return nil, err
	}
	next := s.today().MonthOf() // the first month that is not finalised
	for _, k := range contracts {
		if k.Start.MonthOf().Before(next) {
			next = k.Start.MonthOf()
		}
		for m := k.Start.MonthOf(); m.Before(s.Bills.From) && !m.After(s.today().MonthOf()); m = m.Add(1) {
			add(k.ID, m, billing.Expected(m, m.Last(), k))
		}
	}
	if next.Before(s.Bills.From) {
		next = s.Bills.From
	}
	for _, m := range finalised {
		brought, err := s.brought(m.Month)
		if err != nil {
			return nil, err
		}
		for id, net := range brought {
			add(id, m.Month, net)
		}
		next = m.Month.Add(1)
	}
	for m := next; !m.After(s.today().MonthOf()); m = m.Add(1) {
		p, err := s.Bills.Preview(m, true)
		if err != nil {
			return nil, err
		}
		for _, d := range p.Drafts {
			add(d.Invoice.Contract, m, d.Invoice.Net)
		}
		notes, err := s.Bills.CreditNotes(m)
		if err != nil {
			return nil, err
		}
		for _, n := range notes {
			add(n.Contract, m, -n.Net)
		}
	}
	return all, nil
}

// brought is what a finalised month's invoices come to, less the credit notes issued in
// it, by contract.
func (s *Service) brought(m calendar.Month) (map[string]money.Cents, error) {
	s.earned.mu.Lock()
	defer s.earned.mu.Unlock()
	if known, ok := s.earned.months[m]; ok {
		return known, nil
	}
	sums := map[string]money.Cents{}
	for inv, err := range s.Bills.Frozen(m) {
		if err != nil {
			return nil, err
		}
		sums[inv.Contract] += inv.Net
	}
	notes, err := s.Bills.CreditNotes(m)
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		sums[n.Contract] -= n.Net
	}
	if s.earned.months == nil {
		s.earned.months = map[calendar.Month]map[string]money.Cents{}
	}
	s.earned.months[m] = sums
	return sums, nil
}
