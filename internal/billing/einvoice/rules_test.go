package einvoice_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/einvoice"
	"codeberg.org/accolade/accolade/internal/billing/einvoice/rules"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/sharedtest"
	"codeberg.org/accolade/accolade/internal/sim/platform"
)

func standards(t *testing.T) rules.Standards {
	t.Helper()
	s, err := rules.Open(sharedtest.Dir(t, "standards"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return s
}

func write(t *testing.T, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// inCorpus is how many invoices the official rules look at.
const inCorpus = 312

// TestOfficialRules: not one rule finds anything in any invoice of the corpus, in
// either syntax.
func TestOfficialRules(t *testing.T) {
	s := standards(t)
	asCII, asUBL := t.TempDir(), t.TempDir()
	var cii, ubl, credits []string
	for _, inv := range corpus(inCorpus) {
		d, err := einvoice.Of(inv)
		if err != nil {
			t.Fatalf("%s: %v", inv.Number, err)
		}
		name := inv.Number + ".xml"
		cii = append(cii, write(t, asCII, name, einvoice.WriteCII(d)))
		if file := write(t, asUBL, name, einvoice.WriteUBL(d)); d.Type.Credit() {
			credits = append(credits, file)
		} else {
			ubl = append(ubl, file)
		}
	}
	for _, test := range []struct {
		name  string
		set   rules.Set
		files []string
	}{{"factur-x", rules.FacturX, cii}, {"ubl", rules.UBLInvoice, ubl}, {"ubl credit notes", rules.UBLCreditNote, credits}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found, err := s.Check(t.Context(), test.set, test.files...)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				t.Error(f)
			}
		})
	}
}

// breakage is a way of breaking a document, and the rule that forbids it.
type breakage struct{ rule, doc, from, to string }

func (b breakage) apply(t *testing.T) []byte {
	t.Helper()
	if !strings.Contains(b.doc, b.from) {
		t.Fatalf("%s: the document does not hold %q", b.rule, b.from)
	}
	return []byte(strings.ReplaceAll(b.doc, b.from, b.to))
}

func breakages(t *testing.T) []breakage {
	business, credit := document(t, 0), document(t, 6) // both to a business
	return []breakage{
		{"BR-CO-13", business, "<ram:LineTotalAmount>", "<ram:LineTotalAmount>1"},
		{"BR-CO-15", business, "<ram:GrandTotalAmount>", "<ram:GrandTotalAmount>9"},
		{"BR-CO-16", business, "<ram:DuePayableAmount>", "<ram:DuePayableAmount>9"},
		{"BR-CO-14", business, `<ram:TaxTotalAmount currencyID="EUR">`, `<ram:TaxTotalAmount currencyID="EUR">7`},
		{"BR-S-08", business, "<ram:BasisAmount>", "<ram:BasisAmount>3"},
		{"BR-FR-05_BT-22_PMT", business, "<ram:SubjectCode>PMT<", "<ram:SubjectCode>AAI<"},
		{"BR-FR-05_BT-22_PMD", business, "<ram:SubjectCode>PMD<", "<ram:SubjectCode>AAI<"},
		{"BR-FR-05_BT-22_AAB", business, "<ram:SubjectCode>AAB<", "<ram:SubjectCode>AAI<"},
		{"BR-FR-06_BT-21_PMT", business, "<ram:SubjectCode>AAI<", "<ram:SubjectCode>PMT<"},
		{"BR-FR-08_BT-23", business, "<ram:ID>S1<", "<ram:ID>X1<"},
		{"BR-FR-20_BT-21", business, "<ram:Content>B2B<", "<ram:Content>B2G<"},
		{"BR-FR-10_BT-30", business, `<ram:ID schemeID="0002">123456782<`, `<ram:ID schemeID="0002">12345678<`},
		{"BR-FR-21_BT-49", business, `<ram:URIID schemeID="0225">404833048<`, `<ram:URIID schemeID="0225">504833048<`},
		{"BR-FR-02_BT-1", business, "<ram:ID>F20", "<ram:ID>F 20"},
		{"BR-FR-16_BT-152", business, "<ram:RateApplicablePercent>20<", "<ram:RateApplicablePercent>21<"},
		{"BR-FR-CO-07_BT-9", business, "<ram:DueDateDateTime>\n     <udt:DateTimeString format=\"102\">20", "<ram:DueDateDateTime>\n     <udt:DateTimeString format=\"102\">19"},
		{"BR-FR-04_BT-3", business, "<ram:TypeCode>380<", "<ram:TypeCode>325<"},
		{"BR-FR-CO-05_BT-3", credit, "<ram:IssuerAssignedID>F2025-0042</ram:IssuerAssignedID>", ""},
		{"schema", business, "<ram:CountryID>FR</ram:CountryID>", ""},
		{"schema", business, "<ram:ChargeAmount>", "<ram:ChargeAmount>one "},
		{"BR-FR-DEC-03_BT-146", business, "<ram:ChargeAmount>", "<ram:ChargeAmount>-"},
		{"BR-FR-13_BT-34", business, `<ram:URIID schemeID="0225">123456782</ram:URIID>`, ""},
	}
}

// TestPlatformAgrees: the simulated platform takes all of the corpus, and finds each
// breakage by the rule that the official ones find it by, but for those of the schema.
func TestPlatformAgrees(t *testing.T) {
	for _, inv := range corpus(inCorpus) {
		d, err := einvoice.Of(inv)
		if err != nil {
			t.Fatal(err)
		}
		if found, err := platform.Check(einvoice.WriteCII(d)); err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", inv.Number, found, err)
		}
	}
	for _, rate := range contract.VATRates {
		inv := sample(0)
		for i := range inv.Lines {
			inv.Lines[i].Category, inv.Lines[i].Rate = billing.Standard, rate
		}
		inv.Discounts, inv.Deposits, inv.Net, inv.Tax, inv.Groups = nil, nil, 0, 0, nil
		d, err := einvoice.Of(billing.Total(inv))
		if err != nil {
			t.Fatal(err)
		}
		if found, err := platform.Check(einvoice.WriteCII(d)); err != nil || len(found) > 0 {
			t.Errorf("VAT of %s %%: %v, %v", rate.Decimal(), found, err)
		}
	}
	for _, b := range breakages(t) {
		found, err := platform.Check(b.apply(t))
		if named := func(f platform.Finding) bool { return f.Rule == b.rule || b.rule == "schema" }; err != nil || !slices.ContainsFunc(found, named) {
			t.Errorf("%q for %q: found %v (%v), want %s", b.to, b.from, found, err, b.rule)
		}
	}
}

// TestOfficialRulesReject: each way of breaking a document is found by the rule that
// forbids it; the same check that passes the corpus can fail.
func TestOfficialRulesReject(t *testing.T) {
	s := standards(t)
	broken := breakages(t)
	dir := t.TempDir()
	var files []string
	for i, b := range broken {
		files = append(files, write(t, dir, fmt.Sprintf("%02d.xml", i), b.apply(t)))
	}
	found, err := s.Check(t.Context(), rules.FacturX, files...)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range broken {
		var names []string
		for _, f := range found {
			if f.File == files[i] && f.Bad() {
				names = append(names, f.Rule)
			}
		}
		if !slices.Contains(names, b.rule) {
			t.Errorf("%q for %q: found %v, want %s", b.to, b.from, names, b.rule)
		}
	}
}

func document(t *testing.T, i int) string {
	t.Helper()
	d, err := einvoice.Of(sample(i))
	if err != nil {
		t.Fatal(err)
	}
	return string(einvoice.WriteCII(d))
}
