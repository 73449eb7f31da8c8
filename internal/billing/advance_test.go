package billing_test

import (
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// advance invoices one on Kerlann's contract.
func (f *firm) advance(net money.Cents) billing.Invoice {
	f.Helper()
	inv, err := f.bills.IssueAdvance(anne, billing.AdvanceInput{Contract: "kerlann-1", Text: "Acompte à la signature", Net: net})
	f.must(err)
	return inv
}

// TestAdvance: an advance is invoiced at once in its own series; invoices take it off
// once it is paid, each as far as it goes, and the two come to the whole.
func TestAdvance(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-01", 12)
	dep := f.advance(500_00)
	if dep.Number != "FA2026-0001" || dep.Type != billing.DepositInvoice || dep.Date != f.day("2026-09-14") || dep.Due != f.day("2026-10-14") || dep.Net != 500_00 || dep.Tax != 100_00 || dep.Total != 600_00 {
		t.Errorf("the deposit invoice is %+v", dep)
	}
	if from, to := dep.Period(); !from.IsZero() || !to.IsZero() {
		t.Errorf("a deposit has a period of supply: %s to %s", from, to)
	}
	f.at("2026-10-02")
	if sep := f.finalise("2026-09")[0]; len(sep.Deposits) != 0 || sep.Payable() != 561_60 {
		t.Errorf("a deposit that was not paid is taken off: %+v", sep.Deposits)
	}
	f.pay(600_00, "FA2026-0001")
	f.at("2026-11-02")
	oct := f.finalise("2026-10")[0]
	if len(oct.Deposits) != 1 || oct.Deposits[0].Net != 468_00 || oct.Deposits[0].Tax != 93_60 || oct.Payable() != 0 || oct.Total != 561_60 {
		t.Errorf("October takes off %+v, %s is left to pay", oct.Deposits, oct.Payable())
	}
	if _, err := f.bills.Credit(anne, billing.CreditInput{Invoice: "FA2026-0001", Reason: "annulé"}); err == nil {
		t.Error("an advance that an invoice took off was credited")
	} else {
		f.refuses(err, "invoice F2026-0002 took FA2026-0001 off", "")
	}
	f.at("2026-12-02")
	nov := f.finalise("2026-11")[0]
	if len(nov.Deposits) != 1 || nov.Deposits[0].Net != 32_00 || nov.Deposits[0].Tax != 6_40 || nov.Payable() != 561_60-38_40 {
		t.Errorf("November takes off %+v, %s is left to pay", nov.Deposits, nov.Payable())
	}
	// F1 whole, D paid, F2 nothing, F3 without the rest.
	f.left("0.00", "561.60", "0.00", "523.20")
	all, err := f.bills.Advances("kerlann-1")
	if err != nil || len(all) != 1 || all[0].Left().Net != 0 || len(all[0].Taken) != 2 {
		t.Errorf("the advances are %+v, %v", all, err)
	}
	if docs, err := f.bills.DepositInvoices(f.month("2026-09")); err != nil || len(docs) != 1 || docs[0].Number != "FA2026-0001" {
		t.Errorf("September's deposit invoices: %v, %v", docs, err)
	}
}

// TestAdvanceGivenBack: what no invoice took off can be credited, before it is paid or
// after; an invoice that is credited as a whole makes its advance open again.
func TestAdvanceGivenBack(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-01", 12)
	f.advance(100_00)
	f.advance(200_00)
	f.pay(240_00, "FA2026-0002")
	note := f.credit(billing.CreditInput{Invoice: "FA2026-0001", Reason: "commande annulée"})
	if note.Corrects.Of != billing.DepositInvoice || !note.OnDeposit() || note.Total != 120_00 {
		t.Errorf("the credit note is %+v", note)
	}
	rate := money.Rate(2000)
	f.credit(billing.CreditInput{Invoice: "FA2026-0002", Reason: "trop versé", Amounts: []billing.CreditAmount{{Net: 50_00, Text: "Trop versé", Rate: &rate}}})
	f.at("2026-10-02")
	sep := f.finalise("2026-09")[0]
	if len(sep.Deposits) != 1 || sep.Deposits[0].Number != "FA2026-0002" || sep.Deposits[0].Net != 150_00 || sep.Deposits[0].Tax != 30_00 {
		t.Errorf("September takes off %+v", sep.Deposits)
	}
	back := f.credit(billing.CreditInput{Invoice: sep.Number, Reason: "mauvaise adresse", Replace: true})
	if back.Payable() != sep.Payable() {
		t.Errorf("the credit note gives back %s of %s", back.Payable(), sep.Payable())
	}
	f.reckons()
	f.at("2026-11-02")
	oct := f.finalise("2026-10")[0]
	if len(oct.Deposits) != 1 || oct.Deposits[0].Net != 150_00 || oct.Total != 2*561_60 {
		t.Errorf("October bills both months, %s, and takes off %+v", oct.Total, oct.Deposits)
	}
	f.reckons()
}

func TestAdvanceRefused(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-01", 12)
	for _, test := range []struct {
		in    billing.AdvanceInput
		words []string
	}{
		{billing.AdvanceInput{Contract: "kerlann-1", Net: 1}, []string{"text", "say why"}},
		{billing.AdvanceInput{Contract: "kerlann-1", Text: "x"}, []string{"amount 0.00 is refused: want euros before tax, above 0"}},
		{billing.AdvanceInput{Contract: "kerlann-1", Text: "x", Net: 1_000_000_01}, []string{"amount 1000000.01 is refused"}},
		{billing.AdvanceInput{Contract: "nobody-1", Text: "x", Net: 1}, []string{"nobody-1"}},
		{billing.AdvanceInput{Contract: "kerlann-1", Text: "x", Net: 1, Due: f.day("2026-09-13")}, []string{"due 2026-09-13 is refused: want a day from today"}},
		{billing.AdvanceInput{Contract: "kerlann-1", Text: "x", Net: 1, Due: f.day("2026-11-14")}, []string{"due 2026-11-14 is refused", "60 days"}},
		{billing.AdvanceInput{Contract: "kerlann-1", Text: "x", Net: 1, Category: "S"}, []string{"vat 0 is refused"}},
		{billing.AdvanceInput{Contract: "kerlann-1", Text: "x", Net: 1, Category: "AE"}, []string{"no VAT number"}},
	} {
		_, err := f.bills.PreviewAdvance(test.in)
		f.refuses(err, test.words...)
		if _, err := f.bills.IssueAdvance(anne, test.in); err == nil {
			t.Errorf("%+v was issued", test.in)
		}
	}
	f.bills.Seller.IBAN = ""
	_, err := f.bills.PreviewAdvance(billing.AdvanceInput{Contract: "kerlann-1", Text: "x", Net: 1})
	f.refuses(err, "seller.iban")
	f.bills.Seller.IBAN = seller().IBAN
	// No number was lost on all these.
	if inv := f.advance(1_00); inv.Number != "FA2026-0001" {
		t.Errorf("the first is %s", inv.Number)
	}
	f.at("2026-12-02")
	f.advance(1_00)
	f.at("2026-12-01")
	_, err = f.bills.IssueAdvance(anne, billing.AdvanceInput{Contract: "kerlann-1", Text: "x", Net: 1})
	f.refuses(err, "FA2026-0002 is of 2026-12-02, and today is 2026-12-01")
	f.at("2026-10-02")
	f.finalise("2026-09")
	f.at("2026-09-30")
	_, err = f.bills.PreviewAdvance(billing.AdvanceInput{Contract: "kerlann-1", Text: "x", Net: 1})
	f.refuses(err, "2026-09 is finalised")
	f.at("2026-10-03")
	_, err = f.book.End(anne, contract.End{Client: "Kerlann", On: f.day("2026-10-02"), Early: contract.Waive, Reason: "fermé"})
	f.must(err)
	_, err = f.bills.PreviewAdvance(billing.AdvanceInput{Contract: "kerlann-1", Text: "x", Net: 1})
	f.refuses(err, "ended on 2026-10-02")
}
