// Package mailing writes the mails that bring clients their invoices and credit notes,
// and gives them to the queue: each once, however often a month is sent.
//
// A mail says number, amount, when and how it is paid, and whom to call; where the
// client signed a mandate, it is the announcement of the debit. Its words are
// templates/mail, or the cooperative's own. What others have for the client is an Extra. The package sends nothing itself and decides
// no amount.
package mailing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/mail"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/templates"
)

// Extra is what somebody has for the mail of an invoice or a credit note, such as the
// month's letter. It is asked when the mail is written, and each time it is previewed;
// the zero Addition is nothing.
type Extra func(ctx context.Context, inv billing.Invoice) (Addition, error)

// Addition goes with a mail. Its parts may be empty.
type Addition struct {
	Text string // a paragraph of the mail's text
	// HTML makes a whole document for readers of HTML, which holds the mail's text; the
	// first that is not nil stands.
	HTML        func(text string) (string, error)
	Attachments []mail.Attachment // after the invoice itself
}

// Service writes the mails of months.
type Service struct {
	Bills  *billing.Service
	Book   *contract.Book
	Queue  *mail.Queue
	Texts  templates.Texts
	Extras []Extra
}

// Dispatch is one document and what became of its mail.
type Dispatch struct {
	Number string        `json:"number"`
	Type   billing.Type  `json:"type,omitempty"`
	Client string        `json:"client"` // ID
	Name   string        `json:"name"`
	Total  money.Cents   `json:"total"`
	To     string        `json:"to,omitempty"`
	Debit  calendar.Date `json:"debit,omitzero"` // the day on which it is collected, as announced or to be announced
	Mail   string        `json:"mail,omitempty"` // ID of the mail; empty while there is none
	State  mail.State    `json:"state,omitempty"`
	Why    string        `json:"why,omitempty"` // there is no mail, or it waits
	Fix    string        `json:"fix,omitempty"`
}

// Month says of each invoice and credit note of a finalised month what became of its
// mail.
func (s *Service) Month(m calendar.Month) ([]Dispatch, error) {
	numbers, err := s.numbers(m)
	if err != nil {
		return nil, err
	}
	return s.Items(numbers...)
}

// numbers are the documents of a month: invoices, then credit notes.
func (s *Service) numbers(m calendar.Month) (all []string, err error) {
	for inv, err := range s.Bills.Frozen(m) {
		if err != nil {
			return nil, err
		}
		all = append(all, inv.Number)
	}
	notes, err := s.Bills.CreditNotes(m)
	for _, note := range notes {
		all = append(all, note.Number)
	}
	return all, err
}

// Items says the same of some documents.
func (s *Service) Items(numbers ...string) (items []Dispatch, err error) {
	for _, number := range numbers {
		inv, _, err := s.Bills.Invoice(number)
		if err != nil {
			return nil, err
		}
		item, err := s.item(inv)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func (s *Service) item(inv billing.Invoice) (Dispatch, error) {
	item := Dispatch{Number: inv.Number, Type: inv.Type, Client: inv.Client.ID, Name: inv.Client.Name, Total: inv.Payable()}
	told, ok, err := s.Bills.Announce(contract.Actor{}, inv.Number, false)
	if err != nil {
		return item, err
	}
	if ok {
		item.Debit = told.On
	}
	m, found, err := s.Queue.Of(billing.MailKey(inv.Number))
	if err != nil {
		return item, err
	}
	if found {
		item.To, item.Mail, item.State, item.Why = m.To, m.ID, m.State, m.Why
		if m.State.Waits() {
			item.Fix = fix(m)
		}
		return item, nil
	}
	to, err := s.addressee(inv)
	if item.To = to.Mail; err != nil {
		return item, err
	}
	item.Why, item.Fix = unreachable(inv, to)
	return item, nil
}

// fix says what a human does about a mail that waits for one.
func fix(m mail.Mail) string {
	switch m.State {
	case mail.Doubtful:
		return fmt.Sprintf("look for Message-ID %s in the relay's log, then: accolade mail sent %s, or: accolade mail resend %s", m.MessageID, m.ID, m.ID)
	case mail.Refused, mail.Bounced:
		return fmt.Sprintf("accolade mail retry %s --to ADDRESS, or: accolade mail drop %s", m.ID, m.ID)
	}
	return ""
}

// unreachable says why nothing can be sent to somebody, and what to do; empty: it can.
func unreachable(inv billing.Invoice, to contract.Contact) (why, fix string) {
	if err := contract.CheckMail(to.Mail); err == nil {
		return "", ""
	}
	why = fmt.Sprintf("%s has no mail address", inv.Client.Name)
	if to.Mail != "" {
		why = fmt.Sprintf("%s is no mail address that a relay takes", to.Mail)
	}
	return why, fmt.Sprintf("accolade contact add %s NAME --role billing --mail ADDRESS, then send again; or print accolade invoice document %s", inv.Client.ID, inv.Number)
}

// addressee is who gets a document: the billing contact as of today, or else as frozen.
func (s *Service) addressee(inv billing.Invoice) (contract.Contact, error) {
	c, err := s.Book.Client(inv.Client.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return contract.Contact{}, err
	}
	now := billing.BuyerOf(c).Mail
	if now == "" {
		return contract.Contact{Mail: inv.Client.Mail}, nil
	}
	i := slices.IndexFunc(c.Contacts, func(p contract.Contact) bool { return p.Mail == now })
	return c.Contacts[i], nil
}

// atOnce is how many mails are written before they are queued together.
const atOnce = 50

// SendMonth queues the mail of each document of a finalised month that has none yet, and
// says what became of all. A client that cannot be reached is named, and holds up nobody.
func (s *Service) SendMonth(ctx context.Context, a contract.Actor, m calendar.Month) ([]Dispatch, error) {
	numbers, err := s.numbers(m)
	if err != nil {
		return nil, err
	}
	return s.Send(ctx, a, numbers...)
}

// Send is SendMonth for some documents.
func (s *Service) Send(ctx context.Context, a contract.Actor, numbers ...string) ([]Dispatch, error) {
	items, err := s.Items(numbers...)
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(items, atOnce) {
		var letters []mail.Letter
		for _, item := range some {
			if item.Mail != "" || item.Fix != "" {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			letter, err := s.letter(ctx, a, item.Number, true)
			if err != nil {
				return nil, err
			}
			letters = append(letters, letter)
		}
		if _, err := s.Queue.Add(a, letters...); err != nil {
			return nil, err
		}
	}
	return s.Items(numbers...)
}

// Preview is the mail of a document as it would be queued now, or as it was.
func (s *Service) Preview(ctx context.Context, number string) ([]byte, error) {
	inv, _, err := s.Bills.Invoice(number)
	if err != nil {
		return nil, err
	}
	if m, found, err := s.Queue.Of(billing.MailKey(inv.Number)); err != nil || found {
		return s.message(m, err)
	}
	to, err := s.addressee(inv)
	if err != nil {
		return nil, err
	}
	if why, fix := unreachable(inv, to); why != "" {
		return nil, &operation.Refused{Why: why, Fix: fix}
	}
	letter, err := s.letter(ctx, contract.Actor{}, number, false)
	if err != nil {
		return nil, err
	}
	return s.Queue.Preview(letter)
}

func (s *Service) message(m mail.Mail, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return s.Queue.Message(m)
}
