package billing

import (
	"errors"

	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
)

// DirectDebit says of an invoice that its client need not pay it: it is collected by a
// mandate. It is frozen with the invoice; whether it comes to that is another matter (see
// PlanDebits): a mandate may be revoked.
type DirectDebit struct {
	Mandate  string        `json:"mandate"`  // its reference
	Creditor string        `json:"creditor"` // our identifier
	IBAN     string        `json:"iban"`     // that is debited
	On       calendar.Date `json:"on"`       // the first banking day from the due date on
}

// Account is the IBAN as a letter shows it: enough for its owner.
func (d DirectDebit) Account() string {
	return d.IBAN[:min(4, len(d.IBAN))] + " … " + d.IBAN[max(0, len(d.IBAN)-4):]
}

// directDebit is how a draft will be collected; nil where its client pays it himself.
func (s *Service) directDebit(tx store.Tx, inv Invoice) (*DirectDebit, error) {
	if s.Seller.ICS == "" || inv.Payable() <= 0 {
		return nil, nil
	}
	on := sepa.BankingDay(inv.Due)
	m, why, err := mandateOf(tx, inv.Client.ID, on)
	if err != nil || why != "" {
		return nil, err
	}
	ics, err := sepa.ParseICS(s.Seller.ICS)
	if err != nil {
		return nil, err
	}
	return &DirectDebit{Mandate: m.ID, Creditor: ics, IBAN: m.IBAN, On: on}, nil
}

// Announcement is what a client was told of the debit of an invoice. No order collects
// it earlier.
type Announcement struct {
	Invoice string        `json:"invoice"`
	Amount  money.Cents   `json:"amount"`
	On      calendar.Date `json:"on"`   // of the debit
	Told    calendar.Date `json:"told"` // the day on which the mail was written
}

var announcements = store.NewCollection[Announcement]("announcement", 1)

// Announce says what to tell a client today of the debit of an invoice: what is left to
// pay, and the day, which is the frozen one or the first banking day that is `announced`
// days away. What was told stands, until keep notes it anew. ok is false where there is nothing to announce.
func (s *Service) Announce(a contract.Actor, number string, keep bool) (told Announcement, ok bool, err error) {
	var inv Invoice
	find := func(tx store.Tx) error {
		ok = false
		if inv, err = archive.get(tx, number); err != nil || inv.Debit == nil || inv.Type == CreditNote {
			return err
		}
		before, err := toldOf(tx, number)
		if err != nil {
			return err
		}
		if ok = before.Invoice != "" && !keep; ok {
			told = before
			return nil
		}
		r, err := receivable(tx, number)
		if err != nil {
			return err
		}
		if ok = r.Left() > 0; !ok {
			return nil
		}
		told = Announcement{Invoice: number, Amount: r.Left(), On: inv.Debit.On, Told: s.Today()}
		if earliest := sepa.BankingDay(s.Today().AddDays(announced)); told.On.Before(earliest) {
			told.On = earliest
		}
		if told.On.Before(before.On) { // it was to be told before, and is told now
			told.On = before.On
		}
		return nil
	}
	if err = s.DB.View(find); err != nil || !ok || !keep {
		return told, ok, err
	}
	err = s.book(a, "debit.announce", func(tx store.Tx) (string, string, error) {
		if err := find(tx); err != nil {
			return "", "", err
		}
		return "invoice/" + number, told.Amount.String() + " on " + told.On.String(), announcements.Put(tx, number, told)
	})
	return told, ok, err
}

// toldOf is the announcement of an invoice's debit; zero if there was none.
func toldOf(tx store.Tx, number string) (Announcement, error) {
	told, err := announcements.Get(tx, number)
	if errors.Is(err, store.ErrNotFound) {
		return Announcement{}, nil
	}
	return told, err
}
