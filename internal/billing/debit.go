package billing

import (
	"fmt"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
)

// DebitOrder is an order of direct debits: made once, and its file is written from what
// was frozen, to the same bytes each time.
type DebitOrder struct {
	ID      string          `json:"id"` // `DEBIT-000001`
	On      calendar.Date   `json:"on"` // the day of collection
	Format  sepa.Format     `json:"format"`
	Order   sepa.Order      `json:"order"`
	SHA256  string          `json:"sha256"`            // of the file
	Done    map[string]Fate `json:"done,omitempty"`    // debits that are settled or dropped, by invoice
	Settled []string        `json:"settled,omitempty"` // batches whose money has come
	Undone  *Undone         `json:"cancelled,omitempty"`
	At      time.Time       `json:"at"`
	By      string          `json:"by"`
}

// Fate is what became of a debit.
type Fate struct {
	Payment string `json:"payment,omitempty"` // when it was settled
	Dropped string `json:"dropped,omitempty"` // why it was not carried out
}

// Live reports whether money of the order may still come.
func (d DebitOrder) Live() bool { return d.Undone == nil && len(d.Done) < len(d.Order.Debits) }

// Waiting are the batches whose money has not come, without what was dropped.
func (d DebitOrder) Waiting() []sepa.Batch {
	if d.Undone != nil {
		return nil
	}
	var waiting []sepa.Batch
	for _, b := range d.Order.Batches() {
		b.Debits = slices.DeleteFunc(b.Debits, func(x sepa.Debit) bool { return d.Done[x.Invoice] != Fate{} })
		b.Sum = sepa.Order{Debits: b.Debits}.Sum()
		if len(b.Debits) > 0 {
			waiting = append(waiting, b)
		}
	}
	return waiting
}

var debits = store.NewCollection[DebitOrder]("debit", 1,
	store.WithIndex("live", func(d DebitOrder) []string {
		if !d.Live() {
			return nil
		}
		return []string{everyone}
	}))

// announced is how many days before its collection a client has to know the amount (14,
// rulebook 4.3.4; the invoice tells it).
const announced = 14

// DebitPlan is what an order would collect.
type DebitPlan struct {
	On     calendar.Date `json:"on"`
	Debits []sepa.Debit  `json:"debits"`
	Sum    money.Cents   `json:"sum"`
	Not    []NotDebited  `json:"not"` // open invoices that it leaves out
}

// NotDebited is an open invoice that an order leaves out.
type NotDebited struct {
	Invoice string      `json:"invoice"`
	Name    string      `json:"name"`
	Left    money.Cents `json:"left"`
	Why     string      `json:"why"`
}

// PlanDebits shows what an order for a day would collect: what is due by then, of
// clients with a mandate. Zero is the next day that is possible.
func (s *Service) PlanDebits(on calendar.Date) (p DebitPlan, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		p, err = s.planTx(tx, on)
		return err
	})
	return p, err
}

func (s *Service) planTx(tx store.Tx, on calendar.Date) (DebitPlan, error) {
	if on.IsZero() {
		on = sepa.Earliest(s.Today())
	}
	p := DebitPlan{On: on, Debits: []sepa.Debit{}, Not: []NotDebited{}}
	if err := sepa.CheckCollectionDate(on, s.Today()); err != nil {
		return p, err
	}
	open, err := openOf(tx, everyone)
	if err != nil {
		return p, err
	}
	known := map[string]SignedMandate{}
	for _, r := range open {
		if r.Left() <= 0 {
			continue
		}
		m, why := known[r.Client], ""
		if m.ID == "" {
			if m, why, err = mandateOf(tx, r.Client, on); err != nil {
				return p, err
			}
		}
		told, err := toldOf(tx, r.Invoice)
		if err != nil {
			return p, err
		}
		switch {
		case why != "":
		case told.On.After(on):
			why = "the client was told that it is collected on " + told.On.String()
		case r.Debit != "":
			why = r.Debit + " collects it"
		case r.Due.After(on):
			why = "it is due on " + r.Due.String()
		default:
			if why = m.unusable(on); why != "" { // by an earlier debit of this very order
				break
			}
			if why, err = s.untold(tx, r, m, on); err != nil {
				return p, err
			}
		}
		if why != "" {
			p.Not = append(p.Not, NotDebited{r.Invoice, r.Name, r.Left(), why})
			continue
		}
		d := sepa.Debit{Invoice: r.Invoice, Amount: r.Left(), On: on, Sequence: m.next(), Mandate: m.Mandate, Text: s.Seller.Name}
		m.Uses = append(slices.Clip(m.Uses), Use{Invoice: r.Invoice, On: on, Sequence: d.Sequence})
		known[r.Client] = m
		p.Debits, p.Sum = append(p.Debits, d), p.Sum+d.Amount
	}
	return p, nil
}

// OrderDebits makes the order for a day: file, invoices and mandates in one transaction.
// Invoices of a live order are never in another.
func (s *Service) OrderDebits(a contract.Actor, on calendar.Date, f sepa.Format) (d DebitOrder, err error) {
	if f == "" {
		f = sepa.Pain00800108
	}
	err = s.book(a, "debit.order", func(tx store.Tx) (string, string, error) {
		if s.Seller.ICS == "" {
			return "", "", refused("set seller.ics in accoladed's configuration file, then restart it", "your bank's creditor identifier is not in the configuration, and every direct debit names it")
		}
		p, err := s.planTx(tx, on)
		if err != nil {
			return "", "", err
		}
		if len(p.Debits) == 0 {
			return "", "", s.nothingToCollect(tx, p)
		}
		id, err := store.NextID(tx, "debit")
		if err != nil {
			return "", "", err
		}
		d = DebitOrder{ID: "DEBIT-" + id, On: p.On, Format: f, At: s.Clock.Now(), By: a.Who}
		d.Order = sepa.Order{ID: d.ID, Created: d.At, Creditor: sepa.Creditor{Name: s.Seller.Name, IBAN: s.Seller.IBAN, BIC: s.Seller.BIC, ICS: s.Seller.ICS}, Debits: p.Debits}
		file, err := d.Order.Write(f)
		if err != nil {
			return "", "", err
		}
		if d.Order, err = d.Order.Tidy(); err != nil {
			return "", "", err
		}
		d.SHA256 = hashOf(file)
		for _, x := range d.Order.Debits {
			if _, err := changeReceivable(tx, x.Invoice, func(r *Receivable) { r.Debit = d.ID }); err != nil {
				return "", "", err
			}
			if err := useMandate(tx, x.Mandate.ID, func(m *SignedMandate) {
				m.Uses = append(m.Uses, Use{d.ID, x.Invoice, x.On, x.Sequence})
			}); err != nil {
				return "", "", err
			}
		}
		return "debit/" + d.ID, fmt.Sprintf("%d debits, %s on %s, SHA-256 %s", len(d.Order.Debits), d.Order.Sum(), d.On, d.SHA256), debits.Insert(tx, d.ID, d)
	})
	return d, err
}

// nothingToCollect tells of the live order that was made last, which may be what is asked
// for a second time.
func (s *Service) nothingToCollect(tx store.Tx, p DebitPlan) error {
	live, err := debits.ByIndex(tx, "live", everyone)
	if err != nil {
		return err
	}
	also := ""
	if n := len(live); n > 0 {
		also = fmt.Sprintf(" beside what %s collects, made by %s %s ago", live[n-1].ID, live[n-1].By, roughly(s.Clock.Now().Sub(live[n-1].At)))
	}
	return refused("accolade debit preview says why each open invoice is left out", "there is nothing to collect on %s%s", p.On, also)
}

func useMandate(tx store.Tx, id string, change func(*SignedMandate)) error {
	m, err := mandates.Get(tx, id)
	if err != nil {
		return err
	}
	change(&m)
	return mandates.Put(tx, id, m)
}

// stillAllowed refuses an order whose money is waited for by a mandate that was revoked.
func (d DebitOrder) stillAllowed(tx store.Tx) error {
	for _, b := range d.Waiting() {
		for _, x := range b.Debits {
			m, err := mandates.Get(tx, x.Mandate.ID)
			if err != nil {
				return err
			}
			if !m.Revoked.IsZero() && !d.On.Before(m.Revoked) {
				return refused("accolade debit cancel "+d.ID+" --reason WHY, then order anew; if the bank has the file, have it call the debit of "+x.Invoice+" back", "mandate %s was revoked on %s, and order %s collects %s by it on %s", m.ID, m.Revoked, d.ID, x.Invoice, d.On)
			}
		}
	}
	return nil
}

// DebitFile is the file of an order, for the bank.
func (s *Service) DebitFile(id string) ([]byte, error) {
	d, err := s.DebitOrder(id)
	if err != nil {
		return nil, err
	}
	if d.Undone != nil {
		return nil, refused("", "order %s was cancelled on %s: the bank must not get its file", id, d.Undone.On)
	}
	if err := s.DB.View(func(tx store.Tx) error { return d.stillAllowed(tx) }); err != nil {
		return nil, err
	}
	file, err := d.Order.Write(d.Format)
	if err != nil {
		return nil, err
	}
	if got := hashOf(file); got != d.SHA256 {
		return nil, fmt.Errorf("order %s: this program writes other bytes (SHA-256 %s) than when it was made (%s)", id, got, d.SHA256)
	}
	return file, nil
}

// DebitOrders are all orders, the oldest first.
func (s *Service) DebitOrders() (all []DebitOrder, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		all, err = debits.List(tx)
		return err
	})
	return all, err
}

// DebitOrder is one order.
func (s *Service) DebitOrder(id string) (d DebitOrder, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		d, err = debits.Get(tx, id)
		return err
	})
	return d, err
}
