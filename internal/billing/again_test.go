package billing_test

import (
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
)

// What makes money and is asked for again, since its answer was lost, says what was made and
// makes nothing; with the word it makes a second one, and so it does a day later.
func TestAskedAgain(t *testing.T) {
	for name, x := range map[string]struct {
		make func(f *firm, again bool) error
		said []string // why the second is refused, and the way out
	}{
		"deposit invoice": {func(f *firm, again bool) error {
			_, err := f.bills.IssueAdvance(anne, billing.AdvanceInput{Contract: "kerlann-1", Text: "Acompte", Net: 500_00, Again: again})
			return err
		}, []string{"the deposit invoice FA2026-0001 over 600.00 EUR says the same, and was made by anne 3 minutes ago", "add --again"}},
		"one-off line": {func(f *firm, again bool) error {
			_, err := f.bills.AddExtra(anne, billing.Extra{Contract: "kerlann-1", Kind: billing.Charge, Text: "Écran", Net: 149_00}, again)
			return err
		}, []string{"the charge X0001 over 149.00 EUR says the same, and was made by anne 3 minutes ago", "add --again"}},
		"discount": {func(f *firm, again bool) error {
			_, err := f.bills.AddExtra(anne, billing.Extra{Contract: "kerlann-1", Kind: billing.Lowering, Text: "Panne", Net: 9_00}, again)
			return err
		}, []string{"the discount X0001 over 9.00 EUR says the same", "add --again"}},
		"credit note in part": {func(f *firm, again bool) error {
			_, err := f.bills.Credit(anne, billing.CreditInput{Invoice: "F2026-0001", Reason: "Panne", Again: again, Amounts: []billing.CreditAmount{{Net: 10_00, Text: "Geste"}}})
			return err
		}, []string{"the credit note A2026-0001 over 12.00 EUR says the same", "add --again"}},
		"payment in part": {func(f *firm, again bool) error {
			_, err := f.bills.Pay(anne, billing.NewPayment{Invoices: []string{"F2026-0001"}, Amount: 20_00, On: f.day("2026-12-01"), How: billing.ByCheque, Again: again})
			return err
		}, []string{"the payment P000001 of 20.00 EUR by cheque on 2026-12-01 says the same", "add --again"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := billed(t)
			f.T = t
			f.must(x.make(f, false))
			f.now = f.now.Add(3 * time.Minute)
			before := f.content()
			f.refuses(x.make(f, false), x.said...)
			if string(f.content()) != string(before) {
				t.Error("what was refused left something")
			}
			f.must(x.make(f, true))
			f.now = f.now.Add(24 * time.Hour)
			f.must(x.make(f, false))
			f.reckons()
		})
	}
}

// What finds nothing left to do the second time says so, and what it is that did it.
func TestAskedAgainForNothing(t *testing.T) {
	f := billed(t)
	f.mandate("kerlann", kerlannIBAN)
	f.order("2026-12-07")
	f.now = f.now.Add(3 * time.Minute)
	_, err := f.bills.OrderDebits(anne, f.day("2026-12-07"), "")
	f.refuses(err, "there is nothing to collect on 2026-12-07 beside what DEBIT-000001 collects, made by anne 3 minutes ago", "accolade debit preview")
	f.credit(billing.CreditInput{Invoice: "F2026-0002", Reason: "Erreur", Replace: true})
	_, err = f.bills.Credit(anne, billing.CreditInput{Invoice: "F2026-0002", Reason: "Erreur", Replace: true})
	f.refuses(err, "nothing is left of invoice F2026-0002: it was credited by A2026-0001", "")
	deposit := billing.AdvanceInput{Contract: "kerlann-1", Text: "Acompte", Net: 500_00}
	_, err = f.bills.IssueAdvance(anne, deposit)
	f.must(err)
	f.credit(billing.CreditInput{Invoice: "FA2026-0001", Reason: "Erreur"})
	_, err = f.bills.IssueAdvance(anne, deposit) // the first was taken back
	f.must(err)
	f.pay(0, "F2026-0004")
	_, err = f.bills.Pay(anne, billing.NewPayment{Invoices: []string{"F2026-0004"}})
	f.refuses(err, "F2026-0004 is paid", "accolade payment list --client penmarch")
}

// A transfer that was recorded by hand, and then comes with the bank's statement.
func TestRecordedByHandBefore(t *testing.T) {
	f := billed(t)
	_, err := f.bills.Pay(anne, billing.NewPayment{Invoices: []string{"F2026-0001"}, Amount: 20_00, On: f.day("2026-11-25")})
	f.must(err)
	f.at("2026-12-05")
	f.imports(entry{day: "2026-11-25", amount: 20_00, name: "KERLANN", text: "F2026-0001"})
	id := f.readings()[0].Movement.ID
	_, err = f.bills.Confirm(anne, id, billing.Choice{Invoices: []string{"F2026-0001"}})
	f.refuses(err, "the payment P000001 of 20.00 EUR by transfer on 2026-11-25 was recorded by hand", "accolade statement ignore "+id+" --reason P000001; if it is another one, add --again")
	_, err = f.bills.Confirm(anne, id, billing.Choice{Invoices: []string{"F2026-0001"}, Again: true})
	f.must(err)
	f.left("100.40", "93.60", "140.40", "93.60")
}
