package billing

import (
	"errors"
	"fmt"
	"slices"

	"codeberg.org/accolade/accolade/internal/billing/late"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// reminderDays are how many days after the due date each level of reminder is for: a
// friendly word, a firm one, and the formal notice (mise en demeure).
var reminderDays = [...]int{7, 21, 45}

// reminderPause is how many days pass at least between two levels.
const reminderPause = 7

// Reminded says that a client was reminded of an invoice.
type Reminded struct {
	Level int           `json:"level"` // 1 to 3
	On    calendar.Date `json:"on"`
}

// Reminder is what a client is to be reminded of today.
type Reminder struct {
	Client   string           `json:"client"` // ID
	Name     string           `json:"name"`
	Language string           `json:"language"`
	Law      contract.LateLaw `json:"law"`   // by which interest and fees are claimed
	Level    int              `json:"level"` // the highest of its invoices
	Invoices []LateInvoice    `json:"invoices"`
	Left     money.Cents      `json:"left"`
	Interest money.Cents      `json:"interest"`
	Fees     money.Cents      `json:"fees"`
	Total    money.Cents      `json:"total"`
	// Unknown says why the interest is not known, and what to do; the client is not
	// reminded before that.
	Unknown string `json:"unknown,omitempty"`
	why     error
}

// LateInvoice is an invoice that is not paid in time.
type LateInvoice struct {
	Invoice  string        `json:"invoice"`
	Due      calendar.Date `json:"due"`
	Late     int           `json:"late"` // days
	Left     money.Cents   `json:"left"`
	Interest money.Cents   `json:"interest"` // until today; by the law's formula
	Fee      money.Cents   `json:"fee"`      // for recovery
	Level    int           `json:"level"`    // of the reminder that is due, 0 for none
	reminded []Reminded
}

// level is the next reminder of an invoice; 0 while none is due.
func (l LateInvoice) level(today calendar.Date) int {
	n := len(l.reminded)
	if n >= len(reminderDays) || l.Late < reminderDays[n] || n > 0 && l.reminded[n-1].On.AddDays(reminderPause).After(today) {
		return 0
	}
	return n + 1
}

// Reminders are the clients to be reminded today, each of all that is late, the highest
// level first. One whose interest is not known keeps nobody else from being reminded. What a live order of direct debits collects is left alone.
func (s *Service) Reminders() (all []Reminder, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		all, err = s.remindersTx(tx, everyone)
		return err
	})
	return all, err
}

func (s *Service) remindersTx(tx store.Tx, client string) ([]Reminder, error) {
	open, err := openOf(tx, client)
	if err != nil {
		return nil, err
	}
	paid := map[string][]Payment{}
	by := map[string]*Reminder{}
	var order []string
	for _, r := range open {
		if r.Left() <= 0 || r.Debit != "" {
			continue
		}
		due := r.Due
		if r.Due, err = s.lateFrom(tx, r); err != nil {
			return nil, err
		}
		if !r.Due.Before(s.Today()) {
			continue
		}
		c := by[r.Client]
		if c == nil {
			k, err := contract.ClientByRef(tx, r.Client)
			if err != nil {
				return nil, err
			}
			if paid[r.Client], err = payments.ByIndex(tx, "client", r.Client); err != nil {
				return nil, err
			}
			c = &Reminder{Client: r.Client, Name: k.Name, Language: k.Language, Law: k.LateLaw()}
			by[r.Client], order = c, append(order, r.Client)
		}
		l := LateInvoice{Invoice: r.Invoice, Due: due, Late: r.Due.DaysUntil(s.Today()), Left: r.Left(), reminded: r.Reminded}
		if c.Law != contract.NoLate {
			l.Fee = recoveryFee
			l.Interest, err = s.interest(r, paid[r.Client], c.Law)
			if _, unknown := errors.AsType[*operation.Refused](err); unknown {
				c.because(err)
			} else if err != nil {
				return nil, err
			}
		}
		l.Level = l.level(s.Today())
		c.add(l)
	}
	var all []Reminder
	for _, id := range order {
		if by[id].Level > 0 {
			all = append(all, *by[id])
		}
	}
	slices.SortStableFunc(all, func(a, b Reminder) int { return b.Level - a.Level })
	return all, nil
}

// lateFrom is the day after which an invoice is late: that on which it is due or, where its
// month was finalised later than that, on which it was issued. Nobody is late before there
// is an invoice.
func (s *Service) lateFrom(tx store.Tx, r Receivable) (calendar.Date, error) {
	if !r.Due.Before(s.Today()) {
		return r.Due, nil
	}
	issued, err := s.issuedOn(tx, r)
	if issued.After(r.Due) {
		return issued, err
	}
	return r.Due, err
}

// because notes why the interest is not known, by the first invoice of which it is not.
func (c *Reminder) because(err error) {
	if c.why == nil {
		c.Unknown, c.why = err.Error(), err
	}
}

func (c *Reminder) add(l LateInvoice) {
	c.Invoices = append(c.Invoices, l)
	c.Level = max(c.Level, l.Level)
	c.Left, c.Interest, c.Fees = c.Left+l.Left, c.Interest+l.Interest, c.Fees+l.Fee
	c.Total = c.Left + c.Interest + c.Fees
}

// interest is what is due for being late, until today: on what was left each day. A
// credit note counts from the beginning: what it takes back was never owed.
func (s *Service) interest(r Receivable, payments []Payment, law contract.LateLaw) (money.Cents, error) {
	total := r.Total
	for _, c := range r.Credits {
		total -= c.Amount
	}
	var paid []late.Payment
	for _, p := range payments {
		if p.Undone != nil {
			continue
		}
		for _, x := range p.Parts {
			if x.Invoice == r.Invoice {
				paid = append(paid, late.Payment{On: p.On, Amount: x.Amount})
			}
		}
	}
	rates, key, whose := s.LateRates, "billing.late_rates", "late interest"
	if law == contract.PublicOrder {
		rates, key, whose = s.LatePublic, "billing.late_rates_public", "late interest for public bodies, such as "+r.Name
	}
	if len(rates) == 0 {
		return 0, refused("set "+key+" in accoladed's configuration file, then restart it", "the configuration names no rate of %s", whose)
	}
	if law == contract.PublicOrder {
		if fixed := rates.Fixed(r.Due.AddDays(1)); fixed != nil {
			rates = fixed
		}
	}
	interest, err := late.Interest(total, r.Due, s.Today(), paid, rates)
	if err != nil {
		return 0, refused("add the rate of that day to "+key+" in accoladed's configuration file, then restart it", "%s: %v", r.Invoice, err)
	}
	return interest, nil
}

// ReminderText is the letter to a client that is to be reminded today.
func (s *Service) ReminderText(client string) (text string, r Reminder, err error) {
	if r, err = s.reminderOf(client); err != nil {
		return "", r, err
	}
	euros, day := money.Cents.French, DateText
	if r.Language == "en" {
		euros, day = money.Cents.String, calendar.Date.String
	}
	v := struct {
		Client, Seller, IBAN, Today, Left, Interest, Fees, Total string
		Claimed, Public                                          bool // interest and fees are, and by the law of public bodies
		Invoices                                                 []map[string]string
	}{r.Name, s.Seller.Name, s.Seller.IBAN, day(s.Today()), euros(r.Left), euros(r.Interest), euros(r.Fees), euros(r.Total), r.Total > r.Left, r.Law == contract.PublicOrder, nil}
	for _, l := range r.Invoices {
		v.Invoices = append(v.Invoices, map[string]string{"Number": l.Invoice, "Due": day(l.Due), "Days": fmt.Sprint(l.Late), "Left": euros(l.Left)})
	}
	text, err = s.Texts.Fill(fmt.Sprintf("reminder/%s-%d.txt", r.Language, r.Level), v)
	return text, r, err
}

func (s *Service) reminderOf(client string) (r Reminder, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		r, err = s.reminderTx(tx, client)
		return err
	})
	return r, err
}

func (s *Service) reminderTx(tx store.Tx, client string) (Reminder, error) {
	c, err := contract.ClientByRef(tx, client)
	if err != nil {
		return Reminder{}, err
	}
	all, err := s.remindersTx(tx, c.ID)
	if err != nil {
		return Reminder{}, err
	}
	if len(all) == 0 {
		return Reminder{}, refused("accolade payment due --client "+c.ID+" shows what is open", "%s is not to be reminded today", c.Name)
	}
	return all[0], all[0].why
}

// Remind notes that a client was sent today's reminder: each invoice that was at a level
// is at the next.
func (s *Service) Remind(a contract.Actor, client string) (r Reminder, err error) {
	err = s.book(a, "reminder.sent", func(tx store.Tx) (string, string, error) {
		if r, err = s.reminderTx(tx, client); err != nil {
			return "", "", err
		}
		detail := ""
		for _, l := range r.Invoices {
			if l.Level == 0 {
				continue
			}
			if _, err := changeReceivable(tx, l.Invoice, func(x *Receivable) {
				x.Reminded = append(x.Reminded, Reminded{l.Level, s.Today()})
			}); err != nil {
				return "", "", err
			}
			detail += fmt.Sprintf("%s level %d, ", l.Invoice, l.Level)
		}
		return "client/" + r.Client, detail + r.Total.String(), nil
	})
	return r, err
}
