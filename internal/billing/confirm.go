package billing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
)

// Choice is what a human says that a movement is: a payment of invoices, the money of a
// batch, or a payment that came back. Exactly one of the three.
type Choice struct {
	Invoices []string
	KeepRest bool // of more than the invoices are due
	Again    bool // though the same payment was recorded by hand
	Batch    string
	Undo     string // payment
}

// Confirm books an open movement as what it was said to be.
func (s *Service) Confirm(a contract.Actor, id string, c Choice) (m Movement, err error) {
	err = s.book(a, "statement.confirm", func(tx store.Tx) (string, string, error) {
		if m, err = openMovement(tx, id); err != nil {
			return "", "", err
		}
		var what string
		switch {
		case c.Batch != "" && c.Undo == "" && len(c.Invoices) == 0:
			what, err = s.confirmBatch(tx, a, &m, c.Batch)
		case c.Undo != "" && c.Batch == "" && len(c.Invoices) == 0:
			what, err = s.confirmReturn(tx, a, &m, c.Undo)
		case len(c.Invoices) > 0 && c.Batch == "" && c.Undo == "":
			what, err = s.confirmPayment(tx, a, &m, c)
		default:
			err = &sepa.Invalid{Field: "choice", Allowed: "say one thing: the invoices that it pays, the batch whose money it is, or the payment that it takes back"}
		}
		if err != nil {
			return "", "", err
		}
		m.Closed, m.By = s.Clock.Now(), a.Who
		return "movement/" + m.ID, what, movements.Put(tx, m.ID, m)
	})
	return m, err
}

func openMovement(tx store.Tx, id string) (Movement, error) {
	m, err := movementByRef(tx, id)
	if err == nil && m.State != Waiting {
		err = refused("accolade statement show "+m.ID, "movement %s is %s already, by %s", m.ID, m.State, m.By)
	}
	return m, err
}

func (s *Service) confirmPayment(tx store.Tx, a contract.Actor, m *Movement, c Choice) (string, error) {
	if m.Amount <= 0 {
		return "", refused("", "movement %s is money that left (%s): it pays no invoice", m.ID, m.Amount)
	}
	p, found, err := s.confirmDebit(tx, a, m, c.Invoices)
	if err == nil && !found {
		n := NewPayment{Invoices: c.Invoices, Amount: m.Amount, On: m.Booked, How: ByTransfer, KeepRest: c.KeepRest, Again: c.Again}
		p, err = s.payTx(tx, a, n, Payment{Movement: m.ID, Account: m.IBAN})
	}
	if err != nil {
		return "", err
	}
	m.State, m.Payments = Booked, []string{p.ID}
	return p.ID + ": " + p.audit(), nil
}

// confirmDebit books a movement as the money of one debit of a live order: banks report
// a batch piece by piece too.
func (s *Service) confirmDebit(tx store.Tx, a contract.Actor, m *Movement, invoices []string) (p Payment, found bool, err error) {
	if len(invoices) != 1 || m.EndToEnd != invoices[0] {
		return p, false, nil
	}
	r, err := receivable(tx, invoices[0])
	if err != nil || r.Debit == "" {
		return p, false, err
	}
	d, err := debits.Get(tx, r.Debit)
	if err != nil {
		return p, false, err
	}
	i := d.find(invoices[0])
	if i < 0 || d.Order.Debits[i].Amount != m.Amount {
		return p, false, nil
	}
	if p, err = s.settleDebit(tx, a, &d, d.Order.Debits[i], m.Booked, m.ID); err != nil {
		return p, true, err
	}
	return p, true, debits.Put(tx, d.ID, d)
}

// confirmBatch books a sum as the money of a batch.
func (s *Service) confirmBatch(tx store.Tx, a contract.Actor, m *Movement, batch string) (string, error) {
	order, _ := cutLast(batch)
	d, err := debits.Get(tx, order)
	if err != nil {
		return "", err
	}
	var sum money.Cents
	for _, b := range d.Waiting() {
		if b.ID == batch {
			sum = b.Sum
		}
	}
	if sum != m.Amount {
		return "", refused("accolade debit show "+order, "movement %s is %s, and batch %s waits for %s", m.ID, m.Amount, batch, sum)
	}
	before := len(d.Done)
	d, _, err = s.settleTx(tx, a, order, batch, m.Booked, m.ID)
	if err != nil {
		return "", err
	}
	m.State, m.Debit = Booked, batch
	return fmt.Sprintf("batch %s, %d debits", batch, len(d.Done)-before), nil
}

// cutLast takes the number of the batch off its ID.
func cutLast(batch string) (order, n string) {
	if i := strings.LastIndex(batch, "-"); i > 0 {
		return batch[:i], batch[i+1:]
	}
	return batch, ""
}

func (s *Service) confirmReturn(tx store.Tx, a contract.Actor, m *Movement, payment string) (string, error) {
	p, err := payments.Get(tx, payment)
	if err != nil {
		return "", err
	}
	if m.Amount != -p.Amount {
		return "", refused("", "movement %s is %s, payment %s was %s: it does not take it back", m.ID, m.Amount, p.ID, p.Amount)
	}
	if m.Booked.Before(p.On) {
		return "", refused("", "movement %s is of %s, and payment %s came on %s: it takes back another one", m.ID, m.Booked, p.ID, p.On)
	}
	why := "the bank took it back"
	if m.Return != nil {
		why = m.Return.Why()
	}
	if _, err := s.undoTx(tx, a, payment, Undone{On: m.Booked, Reason: why, Movement: m.ID}); err != nil {
		return "", err
	}
	m.State, m.Payments = Back, []string{payment}
	return payment + ": " + why, nil
}

// Ignore closes a movement that is about something else.
func (s *Service) Ignore(a contract.Actor, id, note string) (m Movement, err error) {
	if note, err = checkNote("reason", note, true); err != nil {
		return m, err
	}
	err = s.book(a, "statement.ignore", func(tx store.Tx) (string, string, error) {
		if m, err = openMovement(tx, id); err != nil {
			return "", "", err
		}
		m.State, m.Note, m.Closed, m.By = Ignored, note, s.Clock.Now(), a.Who
		return "movement/" + m.ID, note, movements.Put(tx, m.ID, m)
	})
	return m, err
}

// reopen has a movement wait again, because the payment that it was is undone. One that
// was many payments stays.
func reopen(tx store.Tx, id, payment string) error {
	m, err := movements.Get(tx, id)
	if err != nil || !slices.Equal(m.Payments, []string{payment}) {
		return err
	}
	m.State, m.Payments, m.Debit, m.Closed, m.By = Waiting, nil, "", time.Time{}, ""
	return movements.Put(tx, id, m)
}
