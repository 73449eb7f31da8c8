package paper

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/support"
)

func day(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func seller() billing.Seller {
	return billing.Seller{Name: "Accolade", LegalForm: "SCIC SARL", Capital: "Capital variable", Address: []string{"12 quai du Péristyle", "56100 Lorient"},
		SIREN: "123456782", RCS: "Lorient", VATRegime: billing.Normal, VATNumber: "FR32123456782", IBAN: "FR7630006000011234567890189", BIC: "AGRIFRPP",
		LateRate: "trois fois le taux d'intérêt légal", Mail: "bonjour@accolade.example", Phone: "02 97 00 00 00"}
}

func classic(t testing.TB) contract.Offer {
	t.Helper()
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	o := offers["classic"]
	o.Hour = contract.PriceOf(6000)
	return o
}

// october is the second invoice of the demonstration.
func october(t testing.TB, edit func(*billing.Case, *billing.Seller)) billing.Invoice {
	t.Helper()
	c := billing.Case{
		Client: contract.Client{ID: "kerlann", Name: "Atelier d'architecture Kerlann & Le Goff", Kind: contract.Business, SIREN: "732829320", VATNumber: "FR44732829320",
			Address: contract.Address{Lines: []string{"4 rue de l'Assemblée nationale"}, PostCode: "56100", City: "Lorient", Country: "FR"}, Language: "fr"},
		Contract: contract.Contract{ID: "kerlann-1", Client: "kerlann", Offer: classic(t), Start: day(t, "2026-09-15"),
			Headcounts: []contract.Headcount{{From: day(t, "2026-09-15"), Count: 12}, {From: day(t, "2026-10-20"), Count: 13}}},
		Entries: []support.Entry{
			{ID: "H1", Date: day(t, "2026-09-16"), Minutes: 1110, Kind: contract.Accompaniment},
			{ID: "H2", Date: day(t, "2026-10-06"), Minutes: 120, Kind: contract.Accompaniment},
		},
	}
	s := seller()
	if edit != nil {
		edit(&c, &s)
	}
	inv := billing.Compute(calendar.Month{Year: 2026, Month: 10}, calendar.Date{}, c, s).Invoice
	inv.Number = "F2026-0002"
	return inv
}

// text extracts the words of a PDF, or skips where poppler is not there.
func text(t *testing.T, pdf []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "invoice.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	if keep := os.Getenv("ACCOLADE_KEEP_PDF"); keep != "" {
		name := strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()) + ".pdf"
		if err := os.WriteFile(filepath.Join(keep, name), pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed (poppler-utils)")
	}
	out, err := exec.Command(tool, "-layout", "-enc", "UTF-8", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(out), "\u00a0", " ")
}

func render(t testing.TB, inv billing.Invoice) []byte {
	t.Helper()
	pdf, err := Render(inv)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

func TestPlain(t *testing.T) {
	t.Log(text(t, render(t, october(t, nil))))
}

func TestManyPages(t *testing.T) {
	inv := october(t, func(c *billing.Case, s *billing.Seller) {
		c.Client.Name = "Association des amis du Château de Comper-en-Brocéliande et de la forêt œcuménique voisine"
		c.Client.Delivery = &contract.Address{Lines: []string{"Zone artisanale du Parco Pointer, bâtiment C"}, PostCode: "56700", City: "Hennebont"}
		s.VATOnDebits = true
	})
	for i := range 45 {
		l := inv.Lines[i%3]
		if i%5 == 0 {
			l.Detail += " " + strings.Repeat("et encore une explication très détaillée, ", 5) + strings.Repeat("x", 150)
		}
		inv.Lines = append(inv.Lines, l)
	}
	t.Log(text(t, render(t, inv)))
}

func TestFranchise(t *testing.T) {
	inv := october(t, func(c *billing.Case, s *billing.Seller) {
		s.VATRegime, s.VATNumber = billing.Franchise, ""
		c.Entries = c.Entries[:1]
	})
	t.Log(text(t, render(t, inv)))
}

func TestSameBytes(t *testing.T) {
	if inv := october(t, nil); !bytes.Equal(render(t, inv), render(t, inv)) {
		t.Error("the same invoice gave other bytes the second time")
	}
}

func BenchmarkRender(b *testing.B) {
	inv := october(b, nil)
	for b.Loop() {
		render(b, inv)
	}
}
