package billing

import (
	"errors"
	"fmt"

	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/mail"
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

// MailKey names the occasion of a document's mail: there is one for each.
func MailKey(number string) string { return "invoice/" + number }

// untold says why a client does not know for long enough what is collected on a day;
// empty: he does. What counts is when the mail of the invoice really went out, not when it
// was written. An invoice without a mail, or whose mail was dropped, went another way: on
// the day on which it was issued, or dropped. Before he signed the mandate he knew of no debit.
func (s *Service) untold(tx store.Tx, r Receivable, m SignedMandate, on calendar.Date) (string, error) {
	sent, found, err := mail.Of(tx, MailKey(r.Invoice))
	if err != nil {
		return "", err
	}
	var since calendar.Date
	what := "it was issued"
	switch {
	case !found:
		if since, err = s.issuedOn(tx, r); err != nil {
			return "", err
		}
	case sent.State == mail.Sent:
		since, what = calendar.Of(sent.Sent, s.Zone), "its mail went out"
	case sent.State == mail.Dropped:
		since, what = calendar.Of(sent.History[len(sent.History)-1].At, s.Zone), "its mail was dropped, to go another way,"
	default:
		return fmt.Sprintf("its mail %s is %s, so the client was not told: accolade mail show %s", sent.ID, sent.State, sent.ID), nil
	}
	if since.Before(m.Signed) {
		since, what = m.Signed, "the mandate was signed"
	}
	if first := since.AddDays(announced); first.After(on) {
		return fmt.Sprintf("%s on %s, and the client has to know %d days before: from %s on", what, since, announced, sepa.BankingDay(first)), nil
	}
	return "", nil
}

// issuedOn is the day on which an invoice was issued: later than its date for that of a month.
func (s *Service) issuedOn(tx store.Tx, r Receivable) (calendar.Date, error) {
	if TypeOf(r.Invoice) != Regular {
		return r.Date, nil
	}
	inv, err := archive.get(tx, r.Invoice)
	if err != nil {
		return r.Date, err
	}
	done, found, err := finalised(tx, inv.Month)
	if err != nil || !found {
		return r.Date, err
	}
	return calendar.Of(done.At, s.Zone), nil
}

// toldOf is the announcement of an invoice's debit; zero if there was none.
func toldOf(tx store.Tx, number string) (Announcement, error) {
	told, err := announcements.Get(tx, number)
	if errors.Is(err, store.ErrNotFound) {
		return Announcement{}, nil
	}
	return told, err
}
