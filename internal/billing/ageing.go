package billing

import (
	"cmp"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
)

// Age sorts what is open by how many days it is late.
type Age struct {
	Client string      `json:"client,omitempty"` // ID; empty in the total
	Name   string      `json:"name,omitempty"`
	NotDue money.Cents `json:"not_due"`
	To30   money.Cents `json:"to_30"` // 1 to 30 days late
	To60   money.Cents `json:"to_60"` // 31 to 60
	To90   money.Cents `json:"to_90"` // 61 to 90
	Over90 money.Cents `json:"over_90"`
	Unused money.Cents `json:"unused"` // payments, and credits, that no invoice has used
	Sum    money.Cents `json:"sum"`    // what the client owes, all in all
}

func (a *Age) add(late int, left money.Cents) {
	switch {
	case left < 0:
		a.Unused -= left
	case late <= 0:
		a.NotDue += left
	case late <= 30:
		a.To30 += left
	case late <= 60:
		a.To60 += left
	case late <= 90:
		a.To90 += left
	default:
		a.Over90 += left
	}
	a.Sum += left
}

// Ageing is the balance by age: each client with something open, the largest debtor
// first, and the total. A day late is counted from the day after the due date.
func (s *Service) Ageing() (clients []Age, total Age, err error) {
	today := s.Today()
	err = s.DB.View(func(tx store.Tx) error {
		by := map[string]*Age{}
		of := func(client, name string) *Age {
			if by[client] == nil {
				by[client] = &Age{Client: client, Name: name}
			}
			return by[client]
		}
		open, err := openOf(tx, everyone)
		if err != nil {
			return err
		}
		for _, r := range open {
			if r.Left() != 0 {
				of(r.Client, r.Name).add(r.Due.DaysUntil(today), r.Left())
				total.add(r.Due.DaysUntil(today), r.Left())
			}
		}
		unused, err := payments.ByIndex(tx, "unused", everyone)
		if err != nil {
			return err
		}
		for _, p := range unused {
			c, err := contract.ClientByRef(tx, p.Client)
			if err != nil {
				return err
			}
			of(c.ID, c.Name).add(0, -p.Rest())
			total.add(0, -p.Rest())
		}
		for _, a := range by {
			clients = append(clients, *a)
		}
		return nil
	})
	slices.SortFunc(clients, func(a, b Age) int { return cmp.Or(cmp.Compare(b.Sum, a.Sum), cmp.Compare(a.Client, b.Client)) })
	return clients, total, err
}

// Posting is a line of a client's account.
type Posting struct {
	On      calendar.Date `json:"on"`
	What    string        `json:"what"` // number of the invoice or credit note, ID of the payment
	Text    string        `json:"text"`
	Debit   money.Cents   `json:"debit,omitempty"`  // what the client owes by it
	Credit  money.Cents   `json:"credit,omitempty"` // what it takes off
	Balance money.Cents   `json:"balance"`          // after it; above zero the client owes
}

// ClientAccount is a client's statement: all that was invoiced and paid, with the balance
// after each, from a day on.
type ClientAccount struct {
	Client   string        `json:"client"`
	Name     string        `json:"name"`
	From     calendar.Date `json:"from,omitzero"`
	Before   money.Cents   `json:"before"` // balance on the day before
	Postings []Posting     `json:"postings"`
	Balance  money.Cents   `json:"balance"`
}

// ClientAccount is the statement of a client from a day on; the zero day is the beginning.
func (s *Service) ClientAccount(client string, from calendar.Date) (acc ClientAccount, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		c, err := contract.ClientByRef(tx, client)
		if err != nil {
			return err
		}
		all, err := postingsOf(tx, c.ID)
		if err != nil {
			return err
		}
		acc = ClientAccount{Client: c.ID, Name: c.Name, From: from, Postings: []Posting{}}
		for _, p := range all {
			acc.Balance += p.Debit - p.Credit
			p.Balance = acc.Balance
			if p.On.Before(from) {
				acc.Before = acc.Balance
				continue
			}
			acc.Postings = append(acc.Postings, p)
		}
		return nil
	})
	return acc, err
}

// postingsOf are all lines of a client's account, by day: invoices before payments.
func postingsOf(tx store.Tx, client string) ([]Posting, error) {
	var all []Posting
	owed, err := receivables.ByIndex(tx, "client", client)
	if err != nil {
		return nil, err
	}
	for _, r := range owed {
		all = append(all, Posting{On: r.Date, What: r.Invoice, Text: "invoice, due " + r.Due.String(), Debit: r.Total})
		for _, c := range r.Credits {
			all = append(all, Posting{On: c.On, What: c.Number, Text: "credit note for " + r.Invoice, Credit: c.Amount})
		}
	}
	paid, err := payments.ByIndex(tx, "client", client)
	if err != nil {
		return nil, err
	}
	for _, p := range paid {
		var on []string
		for _, x := range p.Parts {
			on = append(on, x.Invoice)
		}
		all = append(all, Posting{On: p.On, What: p.ID, Text: strings.TrimSpace(string(p.How) + " for " + strings.Join(on, " ")), Credit: p.Amount})
		if p.Undone != nil {
			all = append(all, Posting{On: p.Undone.On, What: p.ID, Text: "undone: " + p.Undone.Reason, Debit: p.Amount})
		}
	}
	slices.SortStableFunc(all, func(a, b Posting) int { return a.On.Compare(b.On) })
	return all, nil
}
