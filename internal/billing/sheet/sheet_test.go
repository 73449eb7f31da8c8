package sheet

import (
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
)

func TestSheets(t *testing.T) {
	month := calendar.Month{Year: 2026, Month: 9}
	all := []billing.Invoice{{Number: "F2026-0001", Month: month, Date: month.Last(), Due: month.Last().AddDays(30), Contract: "kerlann-1", Offer: "classic",
		Client: billing.Buyer{ID: "kerlann", Name: "=Kerlann; \"fils\"", SIREN: "732829320"}, Net: 24960, Tax: 4992, Total: 29952,
		Lines: []billing.Line{{Part: billing.Subscription, Title: "Serveur", Detail: "12\u00a0salariés", For: month, From: month.First(), To: month.Last(),
			Quantity: 12, Unit: billing.Employee, Price: 20_800000, Per: 1, Net: 24960, Category: billing.Standard, Rate: 2000}}}}
	var b strings.Builder
	if err := Invoices(&b, all, Options{}); err != nil {
		t.Fatal(err)
	}
	want := "number;date;due;month;contract;offer;client;name;siren;siret;net;tax;total\n" +
		`F2026-0001;2026-09-30;2026-10-30;2026-09;kerlann-1;classic;kerlann;"'=Kerlann; ""fils""";732829320;;249.60;49.92;299.52` + "\n"
	if b.String() != want {
		t.Errorf("invoices.csv is\n%swant\n%s", b.String(), want)
	}
	b.Reset()
	if err := Lines(&b, all, Options{DecimalComma: true}); err != nil {
		t.Fatal(err)
	}
	want = "number;line;client;name;part;for;from;to;title;detail;quantity;unit;price;per;vat_category;vat_rate;net\n" +
		`F2026-0001;1;kerlann;"'=Kerlann; ""fils""";subscription;2026-09;2026-09-01;2026-09-30;Serveur;12 salariés;12;employee;20,80;1;S;20;249,60` + "\n"
	if b.String() != want {
		t.Errorf("lines.csv is\n%swant\n%s", b.String(), want)
	}
}
