package billing_test

import (
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/einvoice"
	"codeberg.org/accolade/accolade/internal/calendar"
)

// TestDebitIsFrozen: the invoice of a client with a mandate says so in both syntaxes; its
// credit note, and the invoices of others, do not.
func TestDebitIsFrozen(t *testing.T) {
	f := newFirm(t)
	f.bills.Seller.ICS = "FR72 ZZZ 123456"
	f.client("Kerlann", "classic", "2026-09-15", 3)
	f.client("Penmarch", "classic", "2026-09-15", 3)
	f.client("Roscoff", "classic", "2026-09-15", 3)
	f.at("2026-09-20")
	m := f.mandate("Kerlann", kerlannIBAN)
	gone := f.mandate("Roscoff", penmarchIBAN)
	if _, err := f.bills.RevokeMandate(anne, gone.ID, "changed bank", false); err != nil {
		t.Fatal(err)
	}
	f.at("2026-10-02")
	invoices := f.finalise("2026-09")
	want := billing.DirectDebit{Mandate: m.ID, Creditor: "FR72ZZZ123456", IBAN: kerlannIBAN, On: f.day("2026-10-30")} // due that day, a Friday
	if d := invoices[0].Debit; d == nil || *d != want {
		t.Fatalf("frozen is %+v, want %+v", d, want)
	}
	if invoices[1].Debit != nil || invoices[2].Debit != nil {
		t.Errorf("without a mandate: %+v; with a revoked one: %+v", invoices[1].Debit, invoices[2].Debit)
	}
	invoices[0].Client.Mail = "tresorier@kerlann.example" // it has no SIREN
	d, err := einvoice.Of(invoices[0])
	f.must(err)
	cii, ubl := string(einvoice.WriteCII(d)), string(einvoice.WriteUBL(d))
	for _, words := range []string{"<ram:TypeCode>59<", "<ram:DirectDebitMandateID>" + m.ID, "<ram:CreditorReferenceID>FR72ZZZ123456", "<ram:IBANID>" + kerlannIBAN, "Prélèvement SEPA le 30"} {
		if !strings.Contains(cii, words) {
			t.Errorf("the CII lacks %s", words)
		}
	}
	for _, words := range []string{"<cbc:PaymentMeansCode>59<", ">" + m.ID + "<", ">FR72ZZZ123456<", ">" + kerlannIBAN + "<"} {
		if !strings.Contains(ubl, words) {
			t.Errorf("the UBL lacks %s", words)
		}
	}
	if strings.Contains(cii, "FR7630006000") {
		t.Error("the invoice asks for a transfer beside the debit")
	}
	note, err := f.bills.Credit(anne, billing.CreditInput{Invoice: invoices[0].Number, Reason: "Effectif erroné"})
	f.must(err)
	if note.Debit != nil {
		t.Errorf("the credit note is collected: %+v", note.Debit)
	}
}

// TestAnnouncement: a debit is told 14 days ahead, and no order comes before it.
func TestAnnouncement(t *testing.T) {
	f := newFirm(t)
	f.bills.Seller.ICS = "FR72ZZZ123456"
	f.client("Kerlann", "classic", "2026-09-01", 3)
	f.client("Penmarch", "classic", "2026-09-01", 3)
	f.at("2026-09-20")
	f.mandate("Kerlann", kerlannIBAN)
	f.at("2026-10-22") // late: less than 14 days before 30 October
	number := f.finalise("2026-09")[0].Number
	look, ok, err := f.bills.Announce(anne, number, false)
	f.must(err)
	want := billing.Announcement{Invoice: number, Amount: 14040, On: f.day("2026-11-05"), Told: f.day("2026-10-22")}
	if !ok || look != want {
		t.Fatalf("to tell is %+v, want %+v", look, want)
	}
	if told, _, err := f.bills.Announce(anne, number, true); err != nil || told != want {
		t.Fatalf("told is %+v (%v), want %+v", told, err, want)
	}
	f.at("2026-11-03")
	if again, ok, err := f.bills.Announce(anne, number, false); err != nil || !ok || again != want {
		t.Errorf("told a second time is %+v (%v), want the same", again, err)
	}
	p, err := f.bills.PlanDebits(f.day("2026-11-04"))
	f.must(err)
	if len(p.Debits) != 0 || !strings.Contains(p.Not[0].Why, "told that it is collected on 2026-11-05") {
		t.Errorf("a day too early, %d are collected; left out is %+v", len(p.Debits), p.Not)
	}
	if p, err = f.bills.PlanDebits(f.day("2026-11-05")); err != nil || len(p.Debits) != 1 {
		t.Errorf("on the day, %d are collected (%v)", len(p.Debits), err)
	}
	if _, ok, err := f.bills.Announce(anne, "F2026-0002", true); err != nil || ok {
		t.Errorf("the debit of an invoice without one was announced (%v)", err)
	}
	_, err = f.bills.Pay(anne, billing.NewPayment{Invoices: []string{number}, On: calendar.Date{}})
	f.must(err)
}
