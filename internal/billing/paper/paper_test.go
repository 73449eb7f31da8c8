package paper

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-fonts/liberation/liberationsansregular"
	"github.com/google/go-cmp/cmp"

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

// tool finds a program of poppler-utils, which tests need and the product does not.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("%s is not installed: apt-get install poppler-utils", name)
	default:
		t.Skipf("%s is not installed (poppler-utils)", name)
	}
	return path
}

// saved writes a PDF for a tool, and beside for whoever sets ACCOLADE_KEEP_PDF to
// look at it.
func saved(t *testing.T, pdf []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "invoice.pdf")
	files := []string{file}
	if keep := os.Getenv("ACCOLADE_KEEP_PDF"); keep != "" {
		files = append(files, filepath.Join(keep, strings.NewReplacer("/", "-", " ", "-").Replace(t.Name())+".pdf"))
	}
	for _, f := range files {
		if err := os.WriteFile(f, pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// text extracts the words of a PDF, line by line.
func text(t *testing.T, pdf []byte) string {
	t.Helper()
	out, err := exec.Command(tool(t, "pdftotext"), "-raw", "-enc", "UTF-8", saved(t, pdf), "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	words := strings.NewReplacer("\u00a0", " ", "’", "'", "\f", "--- page ---\n").Replace(string(out))
	return strings.TrimSpace(words) + "\n"
}

func render(t testing.TB, inv billing.Invoice) []byte {
	t.Helper()
	pdf, err := Render(inv)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the text differs from %s (go test -update writes it anew):\n%s", file, cmp.Diff(string(want), got))
	}
}

// invoices are the cases that the golden files show.
var invoices = map[string]func(t testing.TB) billing.Invoice{
	"october": func(t testing.TB) billing.Invoice { return october(t, nil) },
	"franchise": func(t testing.TB) billing.Invoice {
		return october(t, func(c *billing.Case, s *billing.Seller) {
			s.VATRegime, s.VATNumber, s.Capital = billing.Franchise, "", "18 500 €"
			s.EarlyDiscount = "Escompte de 1 % sous huit jours."
			c.Client.Kind, c.Client.RNA, c.Client.SIREN, c.Client.VATNumber = contract.Association, "W561234567", "", ""
			c.Entries = c.Entries[:1]
		})
	},
	"untouched": func(t testing.TB) billing.Invoice {
		return october(t, func(c *billing.Case, s *billing.Seller) { c.Entries, s.BIC, s.Phone, s.Mail = nil, "", "", "" })
	},
	"english": func(t testing.TB) billing.Invoice {
		return october(t, func(c *billing.Case, s *billing.Seller) { c.Client.Language, s.VATOnDebits = "en", true })
	},
	"many-pages": manyPages,
	"nothing-to-pay": func(t testing.TB) billing.Invoice {
		inv := of(t, 1)
		inv.Lines[0].Price, inv.Lines[0].Net = 0, 0
		return totalled(inv)
	},
	"direct-debit": func(t testing.TB) billing.Invoice {
		inv := of(t, 2)
		inv.Debit = &billing.DirectDebit{Mandate: "ACC-KERLANN-1", Creditor: "FR72ZZZ123456", IBAN: "FR7630006000011234567890189", On: inv.Due}
		return inv
	},
	"beyond": func(t testing.TB) billing.Invoice {
		return october(t, func(c *billing.Case, _ *billing.Seller) {
			c.Client.Name = "Καφενείο Ελπίδα & Пекарня"
		})
	},
}

// manyPages has 48 lines, long texts, words without an end, and all there can be in
// the head.
func manyPages(t testing.TB) billing.Invoice {
	inv := october(t, func(c *billing.Case, s *billing.Seller) {
		c.Client.Name = "Association des amis du Château de Comper-en-Brocéliande et de la forêt œcuménique voisine 😀"
		c.Client.Kind, c.Client.SIRET = contract.TownHall, "73282932000074"
		c.Client.Delivery = &contract.Address{Lines: []string{"Zone artisanale du Parco Pointer, bâtiment C"}, PostCode: "56700", City: "Hennebont", Country: "FR"}
		s.VATOnDebits = true
	})
	for i := range 45 {
		l := inv.Lines[i%3]
		if i%5 == 0 {
			l.Detail += ". " + strings.Repeat("Et encore une explication très détaillée, ", 5) + strings.Repeat("x", 150)
		}
		inv.Lines = append(inv.Lines, l)
	}
	inv.Net, inv.Tax, inv.Total = 1_234_567_89, 246_913_58, 1_481_481_47
	inv.Groups[0].Net, inv.Groups[0].Tax = inv.Net, inv.Tax
	return inv
}

// of has so many lines.
func of(t testing.TB, lines int) billing.Invoice {
	inv := october(t, nil)
	three := inv.Lines
	inv.Lines = nil
	for i := range lines {
		inv.Lines = append(inv.Lines, three[i%3])
	}
	return totalled(inv)
}

// totalled adds its lines up anew.
func totalled(inv billing.Invoice) billing.Invoice {
	inv.Net, inv.Tax, inv.Groups = 0, 0, nil
	return billing.Total(inv)
}

// TestPages: the totals are never on a page without a line above them, the legal notices
// never alone on one, and no page is begun for what goes on the one before if it is set
// close.
func TestPages(t *testing.T) {
	for lines, want := range map[int]int{1: 1, 6: 1, 7: 1, 8: 1, 9: 2, 10: 2, 11: 2, 12: 2, 13: 2, 28: 2, 30: 2, 31: 2, 60: 4} {
		pages := strings.Split(strings.TrimSuffix(text(t, render(t, of(t, lines))), "--- page ---\n"), "--- page ---\n")
		if len(pages) != want {
			t.Errorf("%d lines take %d pages, want %d", lines, len(pages), want)
		}
		for i, page := range pages {
			if total := strings.Index(page, "Total HT"); total >= 0 && !strings.Contains(page[:total], "20 %") {
				t.Errorf("%d lines: page %d has the totals and no line", lines, i+1)
			}
			if i > 0 && strings.Contains(page, "Mentions légales") && !strings.Contains(page, "Règlement") {
				t.Errorf("%d lines: page %d has the legal notices alone", lines, i+1)
			}
			if strings.Contains(page, "salariés, du") && !strings.Contains(page, "PRIX UNITAIRE HT") {
				t.Errorf("%d lines: page %d has lines without a head above them", lines, i+1)
			}
		}
	}
}

func TestGolden(t *testing.T) {
	for name, make := range invoices {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".txt", text(t, render(t, make(t))))
		})
	}
}

// TestMentions wants every mention that the law wants on the paper.
func TestMentions(t *testing.T) {
	words := strings.Join(strings.Fields(text(t, render(t, october(t, func(_ *billing.Case, s *billing.Seller) { s.VATOnDebits = true })))), " ")
	for what, want := range map[string]string{
		"name of the seller":       "Accolade",
		"legal form and capital":   "SCIC SARL à capital variable",
		"address of the seller":    "12 quai du Péristyle 56100 Lorient",
		"SIREN of the seller":      "SIREN 123 456 782",
		"register":                 "RCS Lorient",
		"VAT number of the seller": "TVA FR32123456782",
		"name of the client":       "Atelier d'architecture Kerlann & Le Goff",
		"address of the client":    "4 rue de l'Assemblée nationale 56100 Lorient",
		"SIREN of the client":      "SIREN du client 732 829 320",
		"VAT number of the client": "TVA du client FR44732829320",
		"number":                   "F2026-0002",
		"date of issue":            "Date d'émission 31 octobre 2026",
		"period of supply":         "du 1er au 31 octobre 2026",
		"due date":                 "30 novembre 2026",
		"quantity and price":       "12 23,903226 € 20 % 286,84 €",
		"hours with their price":   "30 min 60,00 € / h 20 % 30,00 €",
		"total before tax":         "Total HT 513,10 €",
		"tax per rate":             "TVA 20 % sur 513,10 € 102,62 €",
		"total":                    "Total TTC 615,72 €",
		"hours in plain words":     "Vos 20 h d'accompagnement de l'année sont épuisées, et dépassées de 30 min.",
		"account":                  "IBAN FR76 3000 6000 0112 3456 7890 189",
		"category of operation":    "prestation de services",
		"option for debits":        "Option pour le paiement de la taxe d'après les débits.",
		"late-payment rate":        "Pénalités de retard : trois fois le taux d'intérêt légal",
		"recovery fee":             "frais de recouvrement en cas de retard : 40,00 €",
		"discount or its absence":  "Pas d'escompte pour paiement anticipé.",
		"pages":                    "1 / 1",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("%s: the paper does not say %q", what, want)
		}
	}
}

func TestFonts(t *testing.T) { embedded(t, render(t, manyPages(t))) }

// embedded wants every font in the file: the paper looks the same everywhere, and PDF/A
// asks for it.
func embedded(t *testing.T, pdf []byte) {
	t.Helper()
	out, err := exec.Command(tool(t, "pdffonts"), saved(t, pdf)).Output()
	if err != nil {
		t.Fatal(err)
	}
	fonts := strings.Split(strings.TrimSpace(string(out)), "\n")[2:]
	if len(fonts) == 0 {
		t.Fatalf("no fonts: %s", out)
	}
	for _, f := range fonts {
		if fields := strings.Fields(f); len(fields) < 5 || fields[len(fields)-5] != "yes" {
			t.Errorf("font is not embedded: %s", f)
		}
	}
}

func TestSameBytes(t *testing.T) {
	for name, make := range invoices {
		if !bytes.Equal(render(t, make(t)), render(t, make(t))) {
			t.Errorf("%s: the same invoice gave other bytes the second time", name)
		}
	}
}

// TestCut writes every rune that the cut font claims, and wants the words that the
// whole font gives.
func TestCut(t *testing.T) {
	inv := october(t, nil)
	var runes strings.Builder
	for r := range rune(0x2200) {
		if isWestern(r) && r != '\u00ad' { // a hyphen that shows only where a word breaks
			runes.WriteRune(r)
		}
	}
	inv.Lines[0].Detail, inv.Lines[0].Title = runes.String(), runes.String()
	words := func(face typeface) string {
		s := draw(inv, setting{face: face})
		if s.beyond {
			t.Error("a rune of the cut font counts as beyond it")
		}
		var out bytes.Buffer
		if err := s.pdf.Output(&out); err != nil {
			t.Fatal(err)
		}
		return text(t, out.Bytes())
	}
	cut, err := western()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(words(whole()), words(cut)); diff != "" {
		t.Errorf("the cut font says (+) something else than the whole (-):\n%s", diff)
	}
}

// TestPrintable: what is pasted from elsewhere is drawn as it looks there, and nothing is a
// box (glyph .notdef, which PDF/A forbids).
func TestPrintable(t *testing.T) {
	inv := of(t, 1)
	for words, want := range map[string]string{
		"Cafe\u0301 e\u0302tre":                    "Café être",
		"12\u202f%\u2009et\u20073\u3000€":          "12 % et 3 €",
		"porte\u2011cle\u0301s, co\u00adopé\u200b": "porte-clés, coopé",
		"株式会社 ☃ 🚲":                                 "???? ? ?",
		"Ελπίδα, Пекарня, Łódź, −5 → 6":            "Ελπίδα, Пекарня, Łódź, −5 → 6",
	} {
		inv.Client.Name = words
		if got := text(t, render(t, inv)); !strings.Contains(got, want+"\n") {
			t.Errorf("%q is not drawn as %q:\n%s", words, want, got)
		}
	}
	for r, want := range map[rune]bool{'é': true, '€': true, 'Ω': true, 'Я': true, 'ſ': true, '−': true, '株': false, '☃': false, '\ufffe': false, '🚲': false, -1: false} {
		if hasGlyph(r) != want {
			t.Errorf("hasGlyph(%q) is %t", r, !want)
		}
	}
	if runes := runesOf([]byte("no font")); *runes != [1 << 16]bool{} {
		t.Error("what is no font has runes")
	}
}

// TestReady unpacks the font that goes into every document: poppler reads words out of
// a document whose fonts are damaged, and draws none.
func TestReady(t *testing.T) {
	font, err := cut("regular", liberationsansregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	var about struct{ OriginalSize int }
	if err := json.Unmarshal(font.definition, &about); err != nil {
		t.Fatal(err)
	}
	z, err := zlib.NewReader(bytes.NewReader(font.file))
	if err != nil {
		t.Fatal(err)
	}
	if file, err := io.ReadAll(z); err != nil || len(file) != about.OriginalSize || len(file) < 10_000 {
		t.Errorf("the font unpacks to %d bytes of %d: %v", len(file), about.OriginalSize, err)
	}
}

// TestTogether renders on several goroutines, with the cut and the whole font.
func TestTogether(t *testing.T) {
	usual, beyond := october(t, nil), invoices["beyond"](t)
	wanted := [][]byte{render(t, usual), render(t, beyond)}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			if inv := []billing.Invoice{usual, beyond}[i%2]; !bytes.Equal(render(t, inv), wanted[i%2]) {
				t.Errorf("an invoice of %s rendered beside others has other bytes", inv.Client.Name)
			}
		})
	}
	group.Wait()
}

func BenchmarkRender(b *testing.B) {
	inv := october(b, nil)
	for b.Loop() {
		render(b, inv)
	}
}

// TestCreditNote: a credit note names the invoice that it corrects and asks for no
// payment; discounts and deposits stand where they count.
func TestCreditNote(t *testing.T) {
	golden(t, "credit-note.txt", text(t, render(t, creditNote(t))))
}

func creditNote(t testing.TB) billing.Invoice {
	inv := october(t, nil)
	inv.Type, inv.Number, inv.Corrects = billing.CreditNote, "A2026-0001", &billing.Reference{Number: "F2026-0002", Date: inv.Date, Reason: "Effectif erroné"}
	inv.Allowance = nil
	return inv
}

func TestDiscountAndDeposit(t *testing.T) {
	golden(t, "discount.txt", text(t, render(t, discounted(t))))
}

// discounted has a discount, and takes a deposit off.
func discounted(t testing.TB) billing.Invoice {
	inv := october(t, nil)
	inv.Discounts = []billing.Discount{{Reason: "Remise de fidélité", Net: 1310, Category: billing.Standard, Rate: 2000}}
	inv = totalled(inv)
	inv.Deposits = []billing.Deposit{{Reference: billing.Reference{Number: "FA2026-0001", Date: inv.Month.First()}, Category: billing.Standard, Rate: 2000, Net: 83_33, Tax: 16_67, Total: 100_00}}
	inv.Client.Service, inv.Client.Commitment = "SERVICE-1", "ENG-77"
	return inv
}
