package billing_test

import (
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/contract"
)

// TestCategories: one-off lines of each category of VAT, with their reasons; what is out
// of the tax's scope waits for an invoice of its own.
func TestCategories(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-01", 1)
	vat := "FR83404833048"
	_, err := f.book.EditClient(anne, "kerlann", func(c *contract.Client) error { c.SIREN, c.VATNumber = "404833048", vat; return nil })
	f.must(err)
	add := func(x billing.Extra) {
		t.Helper()
		x.Contract, x.Kind, x.Month, x.Net, x.Text = "kerlann-1", billing.Charge, f.month("2026-09"), 10_00, "Divers"
		_, err := f.bills.AddExtra(anne, x, false)
		f.must(err)
	}
	add(billing.Extra{Category: billing.Standard, Rate: 550})
	add(billing.Extra{Category: billing.ZeroRate})
	add(billing.Extra{Category: billing.ReverseCharge})
	add(billing.Extra{Category: billing.Exempt, Exemption: &billing.Exemption{Text: "  art. 261-4-4°\n du CGI ", Code: "vatex-fr-cgi261-4"}})
	add(billing.Extra{Category: billing.OutOfScope})
	f.at("2026-10-02")
	sep := f.finalise("2026-09")[0]
	if len(sep.Groups) != 5 || sep.Net != 79_00 || sep.Tax != 8_35 {
		t.Errorf("September: %s + %s in %+v", sep.Net, sep.Tax, sep.Groups)
	}
	if e := sep.Exempted(billing.Exempt); e != (billing.Exemption{Text: "art. 261-4-4° du CGI", Code: "VATEX-FR-CGI261-4"}) {
		t.Errorf("it is exempt for %+v", e)
	}
	if e := sep.Exempted(billing.ReverseCharge); e.Code != "VATEX-EU-AE" || e.Text != "Autoliquidation" {
		t.Errorf("the client owes the tax for %+v", e)
	}
	note := f.credit(billing.CreditInput{Invoice: sep.Number, Reason: "geste", Amounts: []billing.CreditAmount{{Net: 5_00, Text: "Geste", Category: billing.Exempt}}})
	if e := note.Exempted(billing.Exempt); e.Code != "VATEX-FR-CGI261-4" {
		t.Errorf("the credit note is exempt for %+v", e)
	}
	f.at("2026-11-02")
	if oct := f.finalise("2026-10")[0]; len(oct.Lines) != 1 || oct.Lines[0].Category != billing.Standard {
		t.Errorf("October carries %+v", oct.Lines)
	}
	_, err = f.book.End(anne, contract.End{Client: "Kerlann", On: f.day("2026-11-30"), Early: contract.Bill})
	f.must(err)
	f.at("2027-01-02")
	f.finalise("2026-11")
	dec := f.finalise("2026-12")
	if len(dec) != 1 || len(dec[0].Lines) != 1 || dec[0].Lines[0].Category != billing.OutOfScope || dec[0].Tax != 0 {
		t.Fatalf("December, after the end, carries %+v", dec)
	}
	if e := dec[0].Exempted(billing.OutOfScope); e.Code != "VATEX-EU-O" || e.Text != "Hors champ d'application de la TVA" {
		t.Errorf("it is out of scope for %+v", e)
	}
	f.reckons()
}
