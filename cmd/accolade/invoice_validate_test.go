package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/einvoice/rules"
	"codeberg.org/accolade/accolade/internal/billing/facturx"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/sharedtest"
)

// TestInvoiceValidate holds a Factur-X file of an invoice and one of a credit note against the
// official rules, and two files that are not valid.
func TestInvoiceValidate(t *testing.T) {
	standards := sharedtest.Dir(t, "standards")
	if _, err := rules.Open(standards); errors.Is(err, rules.ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	m := calendar.Month{Year: 2026, Month: time.October}
	inv := billing.Total(billing.Invoice{Number: "F2026-0001", Month: m, Date: m.Last(), Due: m.Last().AddDays(30), Contract: "kerlann-1", Offer: "classic",
		Client: billing.Buyer{ID: "kerlann", Name: "Kerlann", Kind: contract.School, Address: contract.Address{Lines: []string{"rue du Quai"}, PostCode: "56100", City: "Lorient"}, Language: "fr", Mail: "anne@kerlann.example"},
		Seller: billing.Seller{Name: "Accolade", LegalForm: "SCIC SARL", Capital: "capital variable", Address: []string{"12 quai", "56100 Lorient"},
			SIREN: "123456782", RCS: "Lorient", VATRegime: billing.Normal, VATNumber: "FR32123456782", IBAN: "FR7630006000011234567890189", LateRate: "12 %"},
		Lines: []billing.Line{{Part: billing.Subscription, Title: "Informatique accompagnée", Detail: "12 salariés", For: m, From: m.First(), To: m.Last(), Quantity: 12, Unit: billing.Employee,
			Price: money.PriceOf(money.Cents(3900).Rat()), Per: 1, Net: 46800, Category: billing.Standard, Rate: 2000}}})
	note := inv
	note.Number, note.Type, note.Date, note.Due = "A2026-0001", billing.CreditNote, m.Last().AddDays(5), m.Last().AddDays(5)
	note.Corrects = &billing.Reference{Number: inv.Number, Date: inv.Date, Reason: "Mauvaise adresse"}
	dir := t.TempDir()
	write := func(name string, content []byte, err error) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err = errors.Join(err, os.WriteFile(file, content, 0o600)); err != nil {
			t.Fatal(err)
		}
		return file
	}
	pdf, err := facturx.Render(inv)
	files := []string{write("invoice.pdf", pdf, err)}
	pdf, err = facturx.Render(note)
	files = append(files, write("note.pdf", pdf, err))
	xml, err := facturx.XML(inv)
	files = append(files, write("broken.xml", bytes.ReplaceAll(xml, []byte(">561.60<"), []byte(">561.61<")), err), write("letter.xml", []byte("<letter/>"), nil))

	var out strings.Builder
	code := run(t.Context(), append([]string{"invoice", "validate", "--standards", standards, "-o", "json"}, files...), newEnv(strings.NewReader(""), &out, t.Output(), func(string) string { return "" }))
	var got []rules.Verdict
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil || len(got) != 4 || code != exitTrouble {
		t.Fatalf("code %d, %v: %s", code, err, out.String())
	}
	for i, valid := range []bool{true, true, false, false} {
		if got[i].File != files[i] || got[i].Valid != valid || valid == (len(got[i].Findings) > 0) {
			t.Errorf("verdict %+v, want valid %t of %s", got[i], valid, files[i])
		}
	}
}
