package mailing

import (
	"context"
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/mail"
)

// values are what the templates of mails may use. Amounts and days are words in the
// document's language; what does not apply is empty.
type values struct {
	Number, Client, Contact, Month string
	Total, Left, Back, Due         string // Left is to pay still; Back, to be given back
	Corrects, Reason               string // of a credit note
	Seller, IBAN, Phone, Mail      string
	Debit                          *debit // nil: the client pays
	Extras                         []string
}

// debit announces what will be collected: all that the scheme wants told (rulebook, 4.3.4).
type debit struct{ Amount, On, Account, Mandate, Creditor string }

// letter writes the mail of a document. With keep, the debit that it announces is noted.
func (s *Service) letter(ctx context.Context, a contract.Actor, number string, keep bool) (mail.Letter, error) {
	inv, _, err := s.Bills.Invoice(number)
	if err != nil {
		return mail.Letter{}, err
	}
	to, err := s.addressee(inv)
	if err != nil {
		return mail.Letter{}, err
	}
	l := mail.Letter{Key: billing.MailKey(inv.Number), Client: inv.Client.ID, To: to.Mail, ToName: to.Name, FromName: inv.Seller.Name, ReplyTo: inv.Seller.Mail}
	v, err := s.valuesOf(inv)
	if err != nil {
		return l, err
	}
	v.Contact = to.Name
	paper, err := s.Bills.Paper(number)
	if err != nil {
		return l, err
	}
	l.Attachments = []mail.Attachment{{Name: number + ".pdf", Type: "application/pdf", Content: paper}}
	var html func(string) (string, error)
	for _, extra := range s.Extras {
		more, err := extra(ctx, inv)
		if err != nil {
			return l, fmt.Errorf("mail of %s: %w", number, err)
		}
		if more.Text != "" {
			v.Extras = append(v.Extras, strings.TrimSpace(more.Text))
		}
		if html == nil {
			html = more.HTML
		}
		l.Attachments = append(l.Attachments, more.Attachments...)
	}
	told, ok, err := s.Bills.Announce(a, number, keep)
	if err != nil {
		return l, err
	}
	if ok {
		in, d := inv.Language, inv.Debit
		v.Debit = &debit{in.Money(told.Amount), in.Date(told.On), d.Account(), d.Mandate, d.Creditor}
	}
	about, language := "invoice", "fr"
	if inv.Type == billing.CreditNote {
		about = "credit"
	}
	if inv.Language == billing.English {
		language = "en"
	}
	l.Subject, l.Text, err = s.Texts.Mail(language, about, v)
	if err == nil && html != nil {
		l.HTML, err = html(l.Text)
	}
	return l, err
}

// valuesOf are what a document and what is due of it give.
func (s *Service) valuesOf(inv billing.Invoice) (v values, err error) {
	in, seller := inv.Language, inv.Seller
	v = values{Number: inv.Number, Client: inv.Client.Name, Month: in.Month(inv.Month), Total: in.Money(inv.Payable()), Due: in.Date(inv.Due),
		Seller: seller.Name, IBAN: sepa.Fours(seller.IBAN), Phone: seller.Phone, Mail: seller.Mail}
	of := inv.Number
	if c := inv.Corrects; c != nil {
		v.Corrects, v.Reason, of = c.Number, c.Reason, c.Number
	}
	r, err := s.Bills.Receivable(of)
	if err != nil {
		return v, err
	}
	if left := r.Left(); left > 0 {
		v.Left = in.Money(left)
	} else if left < 0 {
		v.Back = in.Money(-left)
	}
	return v, nil
}
