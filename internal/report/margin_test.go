package report_test

import (
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/margin"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/report"
	"codeberg.org/accolade/accolade/internal/support"
)

func (f *firm) hardware(h report.Hardware, from string) {
	f.Helper()
	h.From = f.day(from)
	_, err := f.reports.SetHardware(anne, h)
	f.must(err)
}

func (f *firm) margin() margin.Report {
	f.Helper()
	r, err := f.reports.Margin()
	f.must(err)
	return r
}

// TestMarginFollowsTheInvoices: income is what was invoiced, credit notes off, then the
// drafts; a box serves its client; work before the contract is its.
func TestMarginFollowsTheInvoices(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-10-01", 10)
	f.box("kerlann", "kerlann")
	f.hardware(report.Hardware{Name: "kerlann", Box: "kerlann", Price: 400_00, Age: 36}, "2026-10-01")
	f.at("2026-09-20")
	f.work(support.Booking{Client: "kerlann", Minutes: 600, Kind: contract.Intervention}, "2026-09-20")
	f.work(support.Booking{Client: "kerlann", Minutes: 60, Kind: contract.Travel}, "2026-09-20")
	first := f.margin().Contracts[0]
	if first.ToDate.Hours != 350_00 || first.ToDate.Travel != 45_00 || first.ToDate.Income != 0 || first.Committed.String() != "2027-09-30" {
		t.Errorf("before the first day: %+v, committed to %s", first.ToDate, first.Committed)
	}
	if first.AtEnd.Income != 12*390_00 || first.AtEnd.Hours != 350_00+700_00+210_00 {
		t.Errorf("foreseen are %s of income and hours for %s", first.AtEnd.Income, first.AtEnd.Hours)
	}
	f.at("2026-11-01")
	_, err := f.bills.Finalise(anne, f.month("2026-10"))
	f.must(err)
	if got := f.margin().Contracts[0].ToDate.Income; got != 390_00+13_00 {
		t.Errorf("October and a day of November brought %s, want 403.00", got)
	}
	_, err = f.bills.Credit(anne, billing.CreditInput{Invoice: "F2026-0001", Reason: "Geste", Amounts: []billing.CreditAmount{{Net: 90_00, Text: "Geste"}}})
	f.must(err)
	f.space[f.month("2026-10")] = 50_000_000_000
	m := f.margin().Contracts[0]
	if m.ToDate.Income != 313_00 {
		t.Errorf("less a credit note of 90.00 that is %s, want 313.00", m.ToDate.Income)
	}
	// 1.50 and 50 GB at 2 cents for October, and for one day of November 5 and 3 cents.
	if m.ToDate.Relay != 1_55 || m.ToDate.Vault != 1_03 {
		t.Errorf("relay %s and vault %s, want 1.55 and 1.03", m.ToDate.Relay, m.ToDate.Vault)
	}
}

// TestIsland: those who share a box share its cost by the days, whoever joins or leaves
// in mid-month; nothing of it is lost, and no invoice changes.
func TestIsland(t *testing.T) {
	f := newFirm(t)
	f.client("Maëlle", "island", "2026-10-01", 0)
	f.client("Yann", "island", "2026-10-16", 0)
	f.box("ilot", "")
	f.hardware(report.Hardware{Name: "ilot", Box: "ilot", Contracts: []string{"maelle-1", "yann-1"}, Price: 400_00, Age: 36}, "2026-10-01")
	f.at("2026-11-20")
	_, err := f.book.End(anne, contract.End{Client: "Yann", On: f.day("2026-11-15"), Early: contract.Waive, Reason: "fermé"})
	f.must(err)
	f.at("2026-12-01")
	r := f.margin()
	whole := r.Contracts[0].ToDate.Hardware + r.Contracts[1].ToDate.Hardware + r.Common.ToDate.Hardware
	// 480 over 60 months from 1 October 2026, 1,826 days, of which 62 are over.
	if want := money.Cents(16_30); whole != want {
		t.Errorf("together they bear %s, want 480 x 62/1826 = %s", whole, want)
	}
	// Yann shares 16 days of October and 15 of November by half: 480 x 31/2/1826.
	if got := r.Contracts[1].ToDate.Hardware; got < 4_06 || got > 4_09 {
		t.Errorf("Yann bears %s, want about 4.07", got)
	}
	if r.Common.ToDate.Hardware != 0 || r.Contracts[1].Residual != 0 {
		t.Errorf("nobody bears %s, and %s is left of Yann's part", r.Common.ToDate.Hardware, r.Contracts[1].Residual)
	}
}

// TestMarginRefusals names what is missing or wrong.
func TestMarginRefusals(t *testing.T) {
	f := newFirm(t, func(p *report.Parts) { p.Costs.Relay = "" })
	if _, err := f.reports.Margin(); err == nil || !strings.Contains(err.Error(), "costs.relay is not set") {
		t.Errorf("without a cost: %v", err)
	}
	f = newFirm(t)
	f.client("Kerlann", "classic", "2026-10-01", 10)
	f.box("kerlann", "kerlann")
	f.hardware(report.Hardware{Name: "kerlann", Box: "kerlann", Price: 400_00}, "2026-10-01")
	for want, h := range map[string]report.Hardware{
		"the box kerlann is in the books as kerlann already": {Name: "again", Box: "kerlann", From: f.day("2027-01-01")},
		"price -1.00 is refused":                             {Name: "x", Box: "kerlann", Price: -100, From: f.day("2027-01-01")},
		"from is missing":                                    {Name: "x", Box: "kerlann"},
		`no contract "nobody-1"`:                             {Name: "x", Contracts: []string{"nobody-1"}, From: f.day("2027-01-01")},
	} {
		if _, err := f.reports.SetHardware(anne, h); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", h, err, want)
		}
	}
}
