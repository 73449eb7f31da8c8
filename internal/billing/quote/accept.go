package quote

import (
	"errors"
	"fmt"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// Acceptance is how a client said yes.
type Acceptance struct {
	Number string
	On     calendar.Date // the day beside the signature; zero: today
	Start  calendar.Date // of the contract; zero: as quoted
}

// Accept makes the contract that was quoted, and the client if there was none yet, with
// the one-off lines and discounts: all of it, or nothing.
func (s *Service) Accept(a contract.Actor, y Acceptance) (q Quote, k contract.Contract, err error) {
	err = s.change(a, "quote.accept", func(tx store.Tx) (string, string, error) {
		if q, err = quotes.Get(tx, y.Number); err != nil {
			return "", "", err
		}
		if err := q.undecided(); err != nil {
			return "", "", err
		}
		if y.On.IsZero() {
			y.On = s.Today()
		}
		switch {
		case y.On.After(s.Today()):
			return "", "", invalid("on", y.On, "it is entered once it was signed; today is %s", s.Today())
		case y.On.Before(q.Date):
			return "", "", invalid("on", y.On, "the quote is of %s", q.Date)
		case y.On.After(q.Valid):
			return "", "", refused(fmt.Sprintf("make another: accolade quote export %s > quote.yaml, set valid there, then accolade quote import quote.yaml", q.Number),
				"%s could be accepted until %s", q.Number, q.Valid)
		}
		if y.Start.IsZero() {
			y.Start = q.Start
		} else if y.Start.Before(s.Today().AddMonths(-12)) {
			return "", "", invalid("start", y.Start, "at most a year back: today is %s", s.Today())
		}
		if k, err = s.become(tx, a, &q, y.Start); err != nil {
			return "", "", err
		}
		q.Contract = k.ID
		q.set(Accepted, Milestone{On: y.On, At: s.Clock.Now(), By: a.Who})
		return "quote/" + q.Number, fmt.Sprintf("on %s: contract %s", y.On, k.ID), quotes.Put(tx, q.Number, q)
	})
	return q, k, err
}

// become turns a quote into client, contract and extras. The contract may start on
// another day than the quote says; what the quote says stays.
func (s *Service) become(tx store.Tx, a contract.Actor, q *Quote, start calendar.Date) (contract.Contract, error) {
	if q.Client == "" {
		c, err := s.Book.AddClientTx(tx, a, *q.Prospect)
		if err != nil {
			return contract.Contract{}, err
		}
		q.Client = c.ID
	}
	n := q.first(q.Employees)
	n.Client, n.Start = q.Client, start
	k, err := s.Book.SignTx(tx, a, n)
	if err != nil {
		return k, err
	}
	for _, list := range []struct {
		kind  billing.ExtraKind
		items []Item
	}{{billing.Charge, q.Charges}, {billing.Lowering, q.Discounts}} {
		for _, item := range list.items {
			x := billing.Extra{Contract: k.ID, Kind: list.kind, Month: k.Start.MonthOf(), Text: item.Text, Net: item.Net}
			if _, err := s.Bills.AddExtraTx(tx, a, x); err != nil {
				return k, err
			}
		}
	}
	return k, nil
}

// Refuse notes that the client said no; why is for us.
func (s *Service) Refuse(a contract.Actor, number, why string) (Quote, error) {
	return s.close(a, "quote.refuse", number, Refused, why)
}

// Withdraw takes a quote back before it is accepted; why is needed.
func (s *Service) Withdraw(a contract.Actor, number, why string) (Quote, error) {
	if tidy(why) == "" {
		return Quote{}, invalid("reason", "", "say why it is withdrawn")
	}
	return s.close(a, "quote.withdraw", number, Withdrawn, why)
}

func (s *Service) close(a contract.Actor, action, number string, state State, why string) (q Quote, err error) {
	why = tidy(why)
	if err := checkText("reason", why, 0, mostText); err != nil {
		return q, err
	}
	err = s.change(a, action, func(tx store.Tx) (string, string, error) {
		if q, err = quotes.Get(tx, number); err != nil {
			return "", "", err
		}
		if err := q.undecided(); err != nil {
			return "", "", err
		}
		q.set(state, Milestone{On: s.Today(), At: s.Clock.Now(), By: a.Who, Reason: why})
		return "quote/" + q.Number, why, quotes.Put(tx, q.Number, q)
	})
	return q, err
}

// undecided refuses to decide twice.
func (q Quote) undecided() error {
	if q.State == Open {
		return nil
	}
	last := q.Events[len(q.Events)-1]
	switch q.State {
	case Accepted:
		return refused("accolade contract show "+q.Contract, "%s was accepted on %s and became the contract %s", q.Number, last.On, q.Contract)
	case Refused:
		return refused("if the client thinks otherwise now, make another quote", "%s was refused on %s", q.Number, last.On)
	case Withdrawn:
		return refused("make another quote", "%s was withdrawn on %s: %s", q.Number, last.On, last.Reason)
	}
	return errors.New("quote " + q.Number + " is in the state " + string(q.State))
}
