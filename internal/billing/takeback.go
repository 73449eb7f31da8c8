package billing

import (
	"cmp"
	"maps"
	"slices"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

// takeBack has what an invoice billed billed anew: a settlement of the month in which the
// credit note was issued holds its amounts with the other sign, and its hours are open
// again. A plain credit note does not do so, since what it gives back would come again.
func (s *Service) takeBack(tx store.Tx, note Invoice) error {
	inv, err := archive.get(tx, note.Corrects.Number)
	if err != nil {
		return err
	}
	done, err := settlementWith(tx, inv)
	if err != nil {
		return err
	}
	k, err := contract.ContractByID(tx, inv.Contract)
	if err != nil {
		return err
	}
	last, err := lastFinalised(tx)
	if err != nil {
		return err
	}
	c, err := s.wholeCase(tx, k, last)
	if err != nil {
		return err
	}
	back := c.takenBack(done)
	back.Month, back.Credit, back.After = note.Date.MonthOf(), note.Number, last
	if err := settlements.Insert(tx, back.Month.String()+"/"+back.Contract+"/"+back.Credit, back); err != nil {
		return err
	}
	if err := uncarry(tx, inv); err != nil {
		return err
	}
	c.Settled = append(c.Settled, back)
	return c.balance().keep(tx)
}

// settlementWith is the settlement that an invoice was made of.
func settlementWith(tx store.Tx, inv Invoice) (Settlement, error) {
	all, err := settlementsOf(tx, inv.Contract)
	if err != nil {
		return Settlement{}, err
	}
	for _, s := range all {
		if s.Invoice == inv.Number && s.Credit == "" {
			return s, nil
		}
	}
	return Settlement{}, refused("credit it with: accolade invoice credit "+inv.Number, "invoice %s settled no month, so there is nothing to bill anew", inv.Number)
}

// takenBack is the opposite of a settlement. Hours of months that were invoiced
// elsewhere stay settled.
func (c Case) takenBack(done Settlement) Settlement {
	back := Settlement{Contract: done.Contract, Invoice: done.Invoice}
	for _, b := range done.Billed {
		back.Billed = append(back.Billed, Billed{b.Part, b.Month, -b.Net})
	}
	before := Case{Contract: c.Contract, Settled: c.Settled[:slices.IndexFunc(c.Settled, func(s Settlement) bool { return s.Month == done.Month && s.Credit == "" })]}.balance()
	now := c.balance()
	back.Used, back.Ahead = now.used, maps.Clone(now.ahead)
	minutes := map[int]calendar.Minutes{} // put back, by contract year
	entries := map[string]support.Entry{}
	for _, e := range c.Entries {
		entries[e.ID] = e
	}
	for _, id := range done.Entries {
		e := entries[id]
		year := c.Contract.YearOf(e.Date).Index
		counts := c.Contract.OfferOn(e.Date).CountsWork(e.Kind) // a trip uses no minutes
		if e.Date.MonthOf().Before(c.From) {
			if counts {
				before.used[year] += e.Minutes
			}
			continue
		}
		back.Entries = append(back.Entries, id)
		if counts {
			minutes[year] += e.Minutes
		}
	}
	// More was billed beyond the allowance than what is used by now comes to, if later
	// invoices went on from hours that are open again.
	over := func(used map[int]calendar.Minutes, year int) calendar.Minutes {
		return support.Over(used[year], c.Contract.Allowance(c.Contract.YearAt(year)))
	}
	for year, n := range minutes {
		billed := over(done.Used, year) + done.Ahead[year] - over(before.used, year) - before.ahead[year]
		ahead := over(now.used, year) + now.ahead[year] - billed
		back.Used[year] -= n
		setMinutes(&back.Ahead, year, ahead-over(back.Used, year))
	}
	return back
}

// setMinutes keeps no zeros, so that equal maps are equal.
func setMinutes(m *map[int]calendar.Minutes, year int, n calendar.Minutes) {
	switch {
	case n == 0:
		delete(*m, year)
	case *m == nil:
		*m = map[int]calendar.Minutes{year: n}
	default:
		(*m)[year] = n
	}
}

// compareSettlements orders them as they came about. A credit note may be issued while
// months before its own are still open: they are finalised after it.
func compareSettlements(a, b Settlement) int {
	if c := a.place().Compare(b.place()); c != 0 {
		return c
	}
	if a.Credit == "" || b.Credit == "" {
		return cmp.Compare(a.Credit, b.Credit)
	}
	if c := a.Month.Compare(b.Month); c != 0 {
		return c
	}
	return compareNumbers(a.Credit, b.Credit)
}

// place is the month after whose settlements it came about, or its own.
func (s Settlement) place() calendar.Month {
	if s.Credit != "" {
		return s.After
	}
	return s.Month
}
