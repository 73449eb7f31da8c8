package einvoice_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing/einvoice"
	"codeberg.org/accolade/accolade/internal/billing/einvoice/rules"
	"codeberg.org/accolade/accolade/internal/sharedtest"
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

// TestOfficialRulesReject: each way of breaking a document is found by the rule that
// forbids it; the same check that passes the corpus can fail.
func TestOfficialRulesReject(t *testing.T) {
	s := standards(t)
	business, credit := document(t, 0), document(t, 6) // both to a business
	broken := []struct {
		rule     string
		doc      string
		from, to string
	}{
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
	dir := t.TempDir()
	var files []string
	for i, b := range broken {
		if !strings.Contains(b.doc, b.from) {
			t.Fatalf("%s: the document does not hold %q", b.rule, b.from)
		}
		files = append(files, write(t, dir, fmt.Sprintf("%02d.xml", i), []byte(strings.ReplaceAll(b.doc, b.from, b.to))))
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
