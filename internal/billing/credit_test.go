package billing_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

func (f *firm) credit(in billing.CreditInput) billing.Invoice {
	f.Helper()
	note, err := f.bills.Credit(anne, in)
	f.must(err)
	return note
}

// TestCreditInFull takes an invoice back; the next month does not bill it again.
func TestCreditInFull(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	f.at("2026-10-02")
	f.work("Kerlann", "2026-09-20", 1110)
	inv := f.finalise("2026-09")[0]
	note := f.credit(billing.CreditInput{Invoice: inv.Number, Reason: "adresse fausse"})
	if note.Number != "A2026-0001" || note.Type != billing.CreditNote || note.Date != f.day("2026-10-02") || note.Net != inv.Net || note.Tax != inv.Tax || note.Total != inv.Total {
		t.Errorf("credit note %+v of %+v", note, inv)
	}
	if c := note.Corrects; c == nil || c.Number != inv.Number || c.Date != inv.Date || c.Reason != "adresse fausse" {
		t.Errorf("it corrects %+v", note.Corrects)
	}
	if r, err := f.bills.Receivable(inv.Number); err != nil || r.Left() != 0 {
		t.Errorf("left to pay is %v (%v)", r.Left(), err)
	}
	if again, _, err := f.bills.Invoice(inv.Number); err != nil || again.Total != inv.Total || again.Type != billing.Regular {
		t.Errorf("the invoice became %+v (%v)", again, err)
	}
	if paper, err := f.bills.Paper(note.Number); err != nil || string(paper) != "paper of A2026-0001" {
		t.Errorf("paper %q, %v", paper, err)
	}
	f.at("2026-11-02")
	f.wantLines(f.finalise("2026-10")[0], "2026-10 subscription 468.00")
	if wrong, err := f.bills.Reckon(); err != nil || len(wrong) > 0 {
		t.Error(wrong, err)
	}
}

// TestCreditInPart takes lines and amounts back; together they are the invoice, tax to
// the cent.
func TestCreditInPart(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-01", 3)
	f.headcount("Kerlann", "2026-09-12", 4)
	f.at("2026-10-02")
	inv := f.finalise("2026-09")[0]
	f.wantLines(inv, "2026-09 subscription 42.90", "2026-09 subscription 98.80")
	rate := money.Rate(2000)
	first := f.credit(billing.CreditInput{Invoice: inv.Number, Reason: "panne", Amounts: []billing.CreditAmount{{Net: 1002, Text: "Geste commercial", Rate: &rate}}})
	if first.Net != 1002 || first.Tax != 200 || first.Total != 1202 || first.Lines[0].Title != "Geste commercial" {
		t.Errorf("first is %+v", first)
	}
	second := f.credit(billing.CreditInput{Invoice: inv.Number, Reason: "jamais installé", Lines: []int{1}})
	if second.Number != "A2026-0002" || second.Net != 4290 || !slices.Equal(second.Corrects.Lines, []int{1}) {
		t.Errorf("second is %+v", second)
	}
	for _, in := range []struct {
		billing.CreditInput
		words []string
	}{
		{billing.CreditInput{Lines: []int{1}}, []string{"line 1 of F2026-0001 was credited by A2026-0002"}},
		{billing.CreditInput{Lines: []int{2}}, []string{"98.80 EUR before tax at 20 % is more than the 88.78 EUR that is left of invoice F2026-0001"}},
		{billing.CreditInput{Lines: []int{3}}, []string{"line 3 is refused: F2026-0001 has lines 1 to 2"}},
		{billing.CreditInput{Lines: []int{2, 2}}, []string{"named twice"}},
		{billing.CreditInput{Amounts: []billing.CreditAmount{{Net: 1, Text: "x", Rate: new(money.Rate)}}}, []string{"rate 0 is refused: F2026-0001 has S 20 %"}},
		{billing.CreditInput{Amounts: []billing.CreditAmount{{Net: 0, Text: "x"}}}, []string{"amount 0.00 is refused"}},
		{billing.CreditInput{Amounts: []billing.CreditAmount{{Net: 1}}}, []string{"text is missing"}},
		{billing.CreditInput{Lines: []int{2}, Amounts: []billing.CreditAmount{{Net: 1, Text: "x"}}}, []string{"do not go together"}},
		{billing.CreditInput{Lines: []int{2}, Replace: true}, []string{"replaced as a whole"}},
	} {
		in.Invoice, in.Reason = inv.Number, "essai"
		_, err := f.bills.Credit(anne, in.CreditInput)
		f.refuses(err, in.words...)
	}
	third := f.credit(billing.CreditInput{Invoice: inv.Number, Reason: "le reste"})
	if third.Number != "A2026-0003" || first.Net+second.Net+third.Net != inv.Net || first.Tax+second.Tax+third.Tax != inv.Tax || first.Total+second.Total+third.Total != inv.Total {
		t.Errorf("the credit notes come to %s, %s and %s of %s", first.Total, second.Total, third.Total, inv.Total)
	}
	_, err := f.bills.Credit(anne, billing.CreditInput{Invoice: inv.Number, Reason: "encore"})
	f.refuses(err, "nothing is left of invoice F2026-0001", "A2026-0001, A2026-0002, A2026-0003")
}

func TestCreditRefuses(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	_, err := f.bills.Credit(anne, billing.CreditInput{Invoice: "F2026-0001", Reason: "trop tôt"})
	f.refuses(err, `no invoice "F2026-0001"`)
	f.at("2026-10-02")
	f.finalise("2026-09")
	before := f.content()
	_, err = f.bills.Credit(anne, billing.CreditInput{Invoice: "F2026-0001", Reason: " \n"})
	f.refuses(err, "reason is missing")
	f.at("2026-09-30")
	_, err = f.bills.Credit(anne, billing.CreditInput{Invoice: "F2026-0001", Reason: "horloge"})
	f.refuses(err, "2026-09 is finalised", "today, 2026-09-30")
	if after := f.content(); string(before) != string(after) {
		t.Error("what was refused left something behind")
	}
	f.at("2026-10-02")
	note := f.credit(billing.CreditInput{Invoice: "F2026-0001", Reason: "essai"})
	_, err = f.bills.Credit(anne, billing.CreditInput{Invoice: note.Number, Reason: "encore"})
	f.refuses(err, "A2026-0001 is a credit note")
	f.at("2026-11-02")
	f.finalise("2026-10")
	f.credit(billing.CreditInput{Invoice: "F2026-0002", Reason: "essai"})
	f.at("2026-11-01")
	f.client("Penmarch", "classic", "2026-11-01", 1)
	_, err = f.bills.Credit(anne, billing.CreditInput{Invoice: "F2026-0002", Reason: "horloge"})
	f.refuses(err, "nothing is left of invoice F2026-0002")
}

// TestReplace takes an invoice back and has its month billed anew: with the headcount as it is by
// then, and the hours in the order in which they are invoiced.
func TestReplace(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	f.at("2026-10-02")
	f.work("Kerlann", "2026-09-20", 1110)
	first := f.finalise("2026-09")[0]
	f.at("2026-11-02")
	f.work("Kerlann", "2026-10-05", 120)
	second := f.finalise("2026-10")[0]
	f.wantLines(second, "2026-10 subscription 468.00", "2026-10 hours 30.00")
	f.headcount("Kerlann", "2026-10-01", 13)
	note := f.credit(billing.CreditInput{Invoice: first.Number, Reason: "mauvais client", Replace: true})
	if note.Total != first.Total {
		t.Errorf("the credit note is over %s, the invoice over %s", note.Total, first.Total)
	}
	f.at("2026-12-01")
	f.work("Kerlann", "2026-11-03", 60)
	f.wantLines(f.finalise("2026-11")[0],
		"2026-11 subscription 507.00", "2026-09 subscription 249.60", "2026-10 subscription 39.00", "2026-11 hours 60.00")
	_, err := f.bills.Credit(anne, billing.CreditInput{Invoice: first.Number, Reason: "encore", Replace: true})
	f.refuses(err, "nothing is left of invoice F2026-0001")
	// The one with hours that cost money: they cost the same again.
	f.credit(billing.CreditInput{Invoice: second.Number, Reason: "mauvais client", Replace: true})
	f.at("2027-01-04")
	f.wantLines(f.finalise("2026-12")[0],
		"2026-12 subscription 507.00", "2026-10 subscription 468.00", "2026-10 hours 30.00")
}

// TestCrashCredit cuts the controller off at every commit of invoice.credit, and at
// everything that it does to the file of the paper: one number, no gap.
func TestCrashCredit(t *testing.T) {
	for _, replace := range []bool{false, true} {
		t.Run(map[bool]string{false: "credit", true: "replace"}[replace], func(t *testing.T) {
			crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
				dir := filepath.Join(t.TempDir(), "documents")
				service := func(db store.DB, clk clock.Clock, disk wholefile.Disk) *billing.Service {
					return billing.New(billing.Options{DB: db, Clock: clk, Zone: calendar.Paris(), Seller: seller(), Documents: dir, Disk: disk, Render: plainPaper, Writers: 1})
				}
				return crashtest.World{
					Prepare: func(_ context.Context, db store.DB) error {
						if err := errors.Join(os.Mkdir(dir, 0o700), prepare(db, clk)); err != nil {
							return err
						}
						_, err := service(db, clk, wholefile.OS).Finalise(anne, calendar.Month{Year: 2026, Month: 7})
						return err
					},
					Controller: func(c *crashtest.Controller) error {
						disk := c.Disk(wholefile.OS)
						c.Engine.Register(service(c.DB, c.Clock, disk).CreditWorkflow())
						return wholefile.Sweep(disk, dir)
					},
					Begin: func(c *crashtest.Controller) (operation.Operation, error) {
						return c.Engine.Start(c.Context, billing.CreditRequest(billing.CreditInput{Invoice: "F2026-0002", Reason: "essai", Replace: replace}, anne))
					},
					State: func(_ context.Context, db store.DB) (any, error) {
						return credited(db, service(db, clk, wholefile.OS), dir)
					},
				}
			})
		})
	}
}

// credited is how a credit note ends up, with the number that the next one gets.
func credited(db store.DB, bills *billing.Service, dir string) (any, error) {
	var end struct {
		Books     accounts
		Notes     []billing.Invoice
		Documents []string
		Left      []billing.Receivable
		Draft     []billing.Invoice // of the next month
		Next      uint64
	}
	var err error
	if end.Books, err = count(db, bills, dir); err != nil {
		return end, err
	}
	if end.Notes, err = bills.CreditsOf("F2026-0002"); err != nil {
		return end, err
	}
	for _, note := range end.Notes {
		doc, err := bills.Document(note.Number)
		if err != nil {
			return end, err
		}
		end.Documents = append(end.Documents, doc.SHA256)
	}
	if end.Left, err = bills.Receivables("", true); err != nil {
		return end, err
	}
	next, err := bills.Preview(calendar.Month{Year: 2026, Month: 8}, false)
	if err != nil {
		return end, err
	}
	for _, d := range next.Drafts {
		end.Draft = append(end.Draft, d.Invoice)
	}
	return end, db.View(func(tx store.Tx) error {
		end.Next, err = store.Sequence(scratch{tx}, "credit/2026")
		return err
	})
}

// scratch is a transaction that keeps nothing.
type scratch struct{ store.Tx }

func (scratch) Put([]byte, []byte) error { return nil }
