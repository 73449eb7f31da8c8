package support

import (
	"slices"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// Filter chooses entries; empty fields choose all.
type Filter struct {
	Client   string // ID or name
	Who      string
	From, To calendar.Date // both included
}

// List are the entries that a filter chooses, by day.
func (l *Ledger) List(f Filter) ([]Entry, error) {
	var found []Entry
	err := l.db.View(func(tx store.Tx) error {
		all, err := l.candidates(tx, f.Client)
		for _, e := range all {
			if (f.Who == "" || e.Who == f.Who) && !e.Date.Before(f.From) && (f.To.IsZero() || !e.Date.After(f.To)) {
				found = append(found, e)
			}
		}
		return err
	})
	return InOrder(found), err
}

// Standing are the entries of a list that count as they are: neither taken back nor
// taking back. They come to the same minutes as the list, where that holds a
// correction whole (those of one client or day or technician do).
func Standing(list []Entry) []Entry {
	taken := map[string]bool{}
	for _, e := range list {
		taken[e.Reverts] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(e Entry) bool { return e.Reverts != "" || taken[e.ID] })
}

func (l *Ledger) candidates(tx store.Tx, client string) ([]Entry, error) {
	if client == "" {
		return entries.List(tx)
	}
	c, err := contract.ClientByRef(tx, client)
	if err != nil {
		return nil, err
	}
	return entries.ByIndex(tx, "client", c.ID)
}

// EntriesOf are the entries of a contract, inside a transaction.
func EntriesOf(tx store.Tx, contractID string) ([]Entry, error) {
	return entries.ByIndex(tx, "contract", contractID)
}

// EntryByID reads an entry inside a transaction.
func EntryByID(tx store.Tx, id string) (Entry, error) { return entries.Get(tx, id) }

// Balance is a client's allowance of the contract year of a day, as of that day.
func (l *Ledger) Balance(client string, on calendar.Date) (b Balance, err error) {
	err = l.db.View(func(tx store.Tx) error {
		c, err := contract.ClientByRef(tx, client)
		if err != nil {
			return err
		}
		k, runs, err := contract.ContractOn(tx, c.ID, on)
		if err != nil {
			return err
		}
		if !runs {
			return refused("", "%s has no contract on %s", c.Name, on)
		}
		all, err := EntriesOf(tx, k.ID)
		b = balanceOn(k, on, all)
		return err
	})
	return b, err
}
