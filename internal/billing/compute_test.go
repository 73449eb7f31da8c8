package billing

import (
	"testing"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

func date(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func month(t testing.TB, s string) calendar.Month {
	t.Helper()
	m, err := calendar.ParseMonth(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// offer is a shipped one with an hour at 60 EUR and a set-up of 250 EUR.
func offer(t testing.TB, name string) contract.Offer {
	t.Helper()
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	o := offers[name]
	o.Hour = contract.PriceOf(6000)
	if o.Setup.State != contract.NoPrice {
		o.Setup = contract.PriceOf(25000)
	}
	return o
}

func seller() Seller {
	return Seller{Name: "Accolade", LegalForm: "SCIC SARL", Capital: "capital variable", Address: []string{"12 quai du Péristyle", "56100 Lorient"},
		SIREN: "123456782", RCS: "Lorient", VATRegime: Normal, VATNumber: "FR32123456782", IBAN: "FR7630006000011234567890189", BIC: "AGRIFRPP",
		LateRate: "trois fois le taux d'intérêt légal"}
}

// demo is the contract of the demonstration.
func demo(t testing.TB) Case {
	return Case{
		Client: contract.Client{ID: "kerlann", Name: "Atelier Kerlann", Kind: contract.Business, Language: "fr"},
		Contract: contract.Contract{ID: "kerlann-1", Client: "kerlann", Offer: offer(t, "classic"), Start: date(t, "2026-09-15"),
			Headcounts: []contract.Headcount{{From: date(t, "2026-09-15"), Count: 12}, {From: date(t, "2026-10-20"), Count: 13}}},
		Entries: []support.Entry{
			entry(t, "H0001", "2026-09-16", 1110, contract.Accompaniment),
			entry(t, "H0002", "2026-10-06", 120, contract.Accompaniment),
			entry(t, "H0003", "2026-10-06", 40, contract.Travel),
		},
	}
}

func entry(t testing.TB, id, day string, minutes calendar.Minutes, kind contract.Work) support.Entry {
	return support.Entry{ID: id, Date: date(t, day), Minutes: minutes, Kind: kind}
}

func nets(d Draft) []money.Cents {
	var n []money.Cents
	for _, l := range d.Invoice.Lines {
		n = append(n, l.Net)
	}
	return n
}

// TestDemoFigures holds the figures that the demonstration must come to.
func TestDemoFigures(t *testing.T) {
	c := demo(t)
	sep := Compute(month(t, "2026-09"), calendar.Date{}, c, seller())
	if inv := sep.Invoice; inv.Net != 24960 || inv.Tax != 4992 || inv.Total != 29952 || inv.Date != date(t, "2026-09-30") || inv.Due != date(t, "2026-10-30") {
		t.Errorf("September: net %s, tax %s, total %s of %s due %s; want 249.60 + 49.92 = 299.52 of 30 September due 30 October", inv.Net, inv.Tax, inv.Total, inv.Date, inv.Due)
	}
	c.Settled, c.Finalised = []Settlement{sep.Settlement}, month(t, "2026-09")
	oct := Compute(month(t, "2026-10"), calendar.Date{}, c, seller())
	if got := nets(oct); len(got) != 3 || got[0] != 28684 || got[1] != 19626 || got[2] != 3000 {
		t.Errorf("October's lines are %v, want 286.84, 196.26, 30.00", got)
	}
	if inv := oct.Invoice; inv.Net != 51310 || inv.Tax != 10262 || inv.Total != 61572 {
		t.Errorf("October: %s + %s = %s, want 513.10 + 102.62 = 615.72", inv.Net, inv.Tax, inv.Total)
	}
	for _, l := range append(sep.Invoice.Lines, oct.Invoice.Lines...) {
		t.Logf("%s | %s | %d %s x %s = %s", l.Title, l.Detail, l.Quantity, l.Unit, l.Price.French(), l.Net.French())
	}
}

// TestPreviewWithoutFinalising shows October as it will come, though September is open.
func TestPreviewWithoutFinalising(t *testing.T) {
	if d := Compute(month(t, "2026-10"), calendar.Date{}, demo(t), seller()); d.Invoice.Total != 61572 {
		t.Errorf("October with an open September is %s, want 615.72", d.Invoice.Total)
	}
}
