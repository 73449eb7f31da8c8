package mailing_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/mailing"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/mail"
	"codeberg.org/accolade/accolade/internal/notify"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
	"codeberg.org/accolade/accolade/templates"
)

var anne = contract.Actor{Who: "unix:anne", From: "socket"}

// full is a disk on which no file can be made.
type full struct{ wholefile.Disk }

func (full) Create(string) (wholefile.File, error) { return nil, syscall.ENOSPC }

// firm is a service over a finalised September: Kerlann is debited, Penmarch pays in
// English, Roscoff has no mail address.
func firm(t *testing.T) (*mailing.Service, *billing.Service) {
	t.Helper()
	clk := clocktest.Auto(time.Date(2026, 9, 20, 8, 0, 0, 0, time.UTC))
	ctx, done := clk.Work(t.Context())
	t.Cleanup(done)
	db := store.Memory()
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	classic := offers["classic"]
	classic.Hour = contract.PriceOf(6000)
	offers["classic"] = classic
	book := contract.NewBook(db, clk, calendar.Paris(), offers)
	for _, c := range []contract.Client{
		{Name: "Kerlann", Contacts: []contract.Contact{{Name: "Gwen", Mail: "gwen@kerlann.example"}, {Name: "Anne Le Goff", Mail: "anne@kerlann.example", Roles: []contract.Role{contract.Billing}}}},
		{Name: "Penmarch", Language: "en", Contacts: []contract.Contact{{Name: "Yann", Mail: "yann@penmarch.example"}}},
		{Name: "Roscoff"},
	} {
		c.Kind, c.Address = contract.School, contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}
		if _, err := book.AddClient(anne, c); err != nil {
			t.Fatal(err)
		}
		if _, err := book.Sign(anne, contract.New{Client: c.Name, Offer: "classic", Start: calendar.NewDate(2026, 9, 1), Employees: 3}); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	bills := billing.New(billing.Options{DB: db, Clock: clk, Zone: calendar.Paris(), Documents: dir,
		Render: func(inv billing.Invoice) ([]byte, error) { return []byte("%PDF of " + inv.Number), nil },
		Seller: billing.Seller{Name: "Accolade", LegalForm: "SCIC", Capital: "1 €", Address: []string{"12 quai", "56100 Lorient"}, SIREN: "732829320", RCS: "Lorient", VATRegime: billing.Normal,
			VATNumber: "FR44732829320", IBAN: "FR7630006000011234567890189", ICS: "FR72ZZZ123456", LateRate: "12 %", Mail: "factures@accolade.example", Phone: "+33 2 97 00 00 00"}})
	if _, err := bills.AddMandate(anne, "Kerlann", billing.SignedMandate{Mandate: sepa.Mandate{Signed: calendar.NewDate(2026, 9, 15), IBAN: "FR1420041010050500013M02606"}}); err != nil {
		t.Fatal(err)
	}
	if err := clk.SleepUntil(ctx, time.Date(2026, 10, 2, 8, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	if _, err := bills.Finalise(anne, calendar.Month{Year: 2026, Month: 9}); err != nil {
		t.Fatal(err)
	}
	queue := mail.New(mail.Options{DB: db, Clock: clk, Folder: dir, Relay: &notify.Relay{Host: "relay.example", From: "a@accolade.example"}})
	return &mailing.Service{Bills: bills, Book: book, Queue: queue}, bills
}

var september = calendar.Month{Year: 2026, Month: 9}

func TestMonth(t *testing.T) {
	s, bills := firm(t)
	s.Extras = []mailing.Extra{func(_ context.Context, inv billing.Invoice) (mailing.Addition, error) {
		if inv.Client.ID != "kerlann" {
			return mailing.Addition{}, nil
		}
		return mailing.Addition{Text: "Votre lettre du mois est jointe aussi.", HTML: func(string) (string, error) { return "<p>Bonjour</p>", nil }, Attachments: []mail.Attachment{{Name: "lettre.pdf", Type: "application/pdf", Content: []byte("%PDF letter")}}}, nil
	}}
	items, err := s.SendMonth(t.Context(), anne, september)
	if err != nil || len(items) != 3 {
		t.Fatalf("%d items (%v)", len(items), err)
	}
	if i := items[0]; i.State != mail.Queued || i.To != "anne@kerlann.example" || i.Debit != calendar.NewDate(2026, 10, 30) {
		t.Errorf("Kerlann's is %+v", i)
	}
	if i := items[2]; i.Mail != "" || !strings.Contains(i.Fix, "accolade contact add roscoff NAME --role billing --mail ADDRESS") {
		t.Errorf("Roscoff's is %+v", i)
	}
	again, err := s.SendMonth(t.Context(), anne, september)
	if err != nil || again[0].Mail != items[0].Mail || again[1].Mail != items[1].Mail {
		t.Errorf("again is %+v (%v)", again, err)
	}
	all, err := s.Queue.List(mail.Filter{})
	if err != nil || len(all) != 2 {
		t.Fatalf("%d mails (%v), want 2", len(all), err)
	}
	french, english := all[0], all[1]
	for _, words := range []string{"Bonjour Anne Le Goff,", "140,40", "seront prélevés le 30", "FR14 … 2606", "KERLANN-1", "FR72ZZZ123456", "Votre lettre du mois est jointe aussi.", "+33 2 97 00 00 00"} {
		if !strings.Contains(french.Text, words) {
			t.Errorf("the French mail lacks %q:\n%s", words, french.Text)
		}
	}
	if !strings.HasPrefix(french.Subject, "Votre facture F2026-0001 (septembre 2026) : 140,40") || len(french.Files) != 2 || french.HTML == "" || french.ReplyTo != "factures@accolade.example" {
		t.Errorf("subject %q, %d files, reply to %s", french.Subject, len(french.Files), french.ReplyTo)
	}
	for _, words := range []string{"Hello Yann,", "Please pay €140.40 by bank transfer, by 30", "FR76 3000 6000 0112 3456 7890 189"} {
		if !strings.Contains(english.Text, words) {
			t.Errorf("the English mail lacks %q:\n%s", words, english.Text)
		}
	}
	note, err := bills.Credit(anne, billing.CreditInput{Invoice: "F2026-0002", Reason: "Effectif erroné"})
	if err != nil {
		t.Fatal(err)
	}
	eml, err := s.Preview(t.Context(), note.Number)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(eml)))
	if err == nil && !strings.Contains(string(text), "Nothing of that invoice is left to pay.") {
		t.Errorf("the credit note's mail is\n%s", text)
	}
	if _, found, err := s.Queue.Of("invoice/" + note.Number); err != nil || found {
		t.Errorf("a preview queued a mail (%v)", err)
	}
}

// TestDiskFull: attachments that find no room leave no mail, and the next attempt sends.
func TestDiskFull(t *testing.T) {
	s, _ := firm(t)
	s.Extras = []mailing.Extra{func(context.Context, billing.Invoice) (mailing.Addition, error) {
		return mailing.Addition{Attachments: []mail.Attachment{{Name: "lettre.pdf", Type: "application/pdf", Content: []byte("%PDF letter")}}}, nil
	}}
	s.Queue.Disk = full{wholefile.OS}
	if _, err := s.SendMonth(t.Context(), anne, september); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("error is %v, want no space", err)
	}
	if all, err := s.Queue.List(mail.Filter{}); err != nil || len(all) != 0 {
		t.Errorf("%d mails without their attachments (%v)", len(all), err)
	}
	s.Queue.Disk = wholefile.OS
	items, err := s.SendMonth(t.Context(), anne, september)
	if err != nil || items[0].State != mail.Queued {
		t.Errorf("with room again: %+v (%v)", items, err)
	}
}

func TestBadWords(t *testing.T) {
	s, _ := firm(t)
	s.Texts = templates.Texts{Folder: t.TempDir()}
	file := filepath.Join(s.Texts.Folder, "mail", "fr-invoice.txt")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"Objet : x\n\n{{if .Debit}}": "fr-invoice.txt:3: unexpected EOF",
		"Objet : {{.Nombre}}\n\nx":   "fr-invoice.txt:1:10",
		"Bonjour,\n\nx":              "fr-invoice.txt:1: the first line is \"Bonjour,\"; want the subject",
		"\xff":                       "it is no UTF-8",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.SendMonth(t.Context(), anne, september); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want %q", text, err, want)
		}
	}
	if all, err := s.Queue.List(mail.Filter{}); err != nil || len(all) != 0 {
		t.Errorf("%d mails were queued (%v)", len(all), err)
	}
}
