package billing_test

import (
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

func (f *firm) extra(x billing.Extra) billing.Extra {
	f.Helper()
	x.Contract = "kerlann-1"
	x, err := f.bills.AddExtra(anne, x, false)
	f.must(err)
	return x
}

// An extra stands on one invoice; a discount waits for lines that can bear it.
func TestExtras(t *testing.T) {
	f := newFirm(t)
	f.at("2026-09-20")
	f.client("Kerlann", "classic", "2026-09-01", 2) // 78.00 a month
	sep := f.month("2026-09")
	f.extra(billing.Extra{Kind: billing.Charge, Month: sep, Text: "Écran", Net: 14900})
	f.extra(billing.Extra{Kind: billing.Charge, Month: sep, Text: "Livre", Net: 2000, Category: billing.Standard, Rate: 5_50})
	f.extra(billing.Extra{Kind: billing.Lowering, Month: sep, Text: "Panne", Net: 20000})
	f.extra(billing.Extra{Kind: billing.Lowering, Month: sep, Text: "Geste", Net: 5000})
	f.at("2026-10-01")
	p, err := f.bills.Preview(sep, false)
	f.must(err)
	if d := p.Drafts[0]; d.Held != -5000 || d.Invoice.Net != 4700 {
		t.Errorf("the draft holds %s of %s, want -50.00 and 47.00", d.Held, d.Invoice.Net)
	}
	first := f.finalise("2026-09")[0]
	f.wantLines(first, "2026-09 subscription 78.00", "2026-09 one-off 149.00", "2026-09 one-off 20.00")
	if len(first.Discounts) != 1 || first.Discounts[0].Reason != "Panne" || first.Tax != 540+110 {
		t.Errorf("discounts %+v, tax %s", first.Discounts, first.Tax)
	}
	// For a month that is closed, on the next one; the discount that waited comes too.
	f.extra(billing.Extra{Kind: billing.Charge, Month: sep, Text: "Câble", Net: 1000})
	f.at("2026-11-01")
	second := f.finalise("2026-10")[0]
	f.wantLines(second, "2026-10 subscription 78.00", "2026-09 one-off 10.00")
	if len(second.Discounts) != 1 || second.Net != 3800 {
		t.Errorf("second: %+v, %s", second.Discounts, second.Net)
	}
	// A third invoice has none of them.
	f.at("2026-12-01")
	third := f.finalise("2026-11")[0]
	f.wantLines(third, "2026-11 subscription 78.00")
	// Billed anew, they stand on the next invoice again, and once.
	f.credit(billing.CreditInput{Invoice: first.Number, Reason: "mauvaise adresse", Replace: true})
	f.at("2027-01-01")
	fourth := f.finalise("2026-12")[0]
	var net money.Cents
	for _, l := range fourth.Lines {
		net += l.Net
	}
	if net != 7800+first.Net+20000 || len(fourth.Discounts) != 1 || fourth.Net != 7800+first.Net {
		t.Errorf("billed anew: %v, discounts %+v", amounts(fourth), fourth.Discounts)
	}
	all, err := f.bills.Extras("kerlann-1")
	f.must(err)
	for i, want := range []string{fourth.Number, fourth.Number, fourth.Number, second.Number, second.Number} {
		if all[i].Invoice != want {
			t.Errorf("%s stands on %s, want %s", all[i].ID, all[i].Invoice, want)
		}
	}
	if wrong, err := f.bills.Reckon(); err != nil || len(wrong) > 0 {
		t.Errorf("reckoned: %v, %v", wrong, err)
	}
}

// A seller in the franchise charges no tax, whatever an extra says.
func TestExtraInFranchise(t *testing.T) {
	f := newFirm(t)
	f.bills.Seller.VATRegime, f.bills.Seller.VATNumber = billing.Franchise, ""
	f.at("2026-09-20")
	f.client("Kerlann", "classic", "2026-09-01", 2)
	f.extra(billing.Extra{Kind: billing.Charge, Text: "Livre", Net: 2000, Category: billing.Standard, Rate: 5_50})
	f.extra(billing.Extra{Kind: billing.Lowering, Text: "Geste", Net: 1000})
	f.at("2026-10-01")
	if inv := f.finalise("2026-09")[0]; inv.Tax != 0 || inv.Net != 8800 || len(inv.Groups) != 1 || inv.Groups[0].Category != billing.Exempt {
		t.Errorf("franchise: %+v", inv.Groups)
	}
}

// The buyer who owes the tax must be a business with a number.
func TestReverseCharge(t *testing.T) {
	f := newFirm(t)
	f.at("2026-09-20")
	f.client("Kerlann", "classic", "2026-09-01", 2)
	x := billing.Extra{Kind: billing.Charge, Contract: "kerlann-1", Text: "Câblage", Net: 2000, Category: billing.ReverseCharge}
	_, err := f.bills.AddExtra(anne, x, false)
	f.refuses(err, "Kerlann has no VAT number")
	_, err = f.book.EditClient(anne, "kerlann", func(c *contract.Client) error { c.SIREN, c.VATNumber = "732829320", "FR44732829320"; return nil })
	f.must(err)
	f.extra(x)
	f.at("2026-10-01")
	if inv := f.finalise("2026-09")[0]; inv.Net != 9800 || inv.Tax != 1560 || len(inv.Groups) != 2 {
		t.Errorf("reverse charge: %+v", inv)
	}
}
