package facturx_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/brand"
	"codeberg.org/accolade/accolade/internal/billing/facturx"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

func invoice(lines int) billing.Invoice {
	m := calendar.Month{Year: 2026, Month: time.November}
	inv := billing.Invoice{Number: "F2026-0042", Month: m, Date: m.Last(), Due: m.Last().AddDays(30), Contract: "kerlann-1", Offer: "classic",
		Client: billing.Buyer{ID: "kerlann", Name: "Kerlann & Cœurs <SARL>", Kind: contract.Business, SIREN: "732829320", VATNumber: "FR44732829320",
			Address: contract.Address{Lines: []string{"4 rue de l'Église"}, PostCode: "56100", City: "Lorient"}, Language: "fr"},
		Seller: billing.Seller{Name: "Accolade", LegalForm: "SCIC SARL", Capital: "Capital variable", Address: []string{"12 quai du Péristyle", "56100 Lorient"},
			SIREN: "123456782", RCS: "Lorient", VATRegime: billing.Normal, VATNumber: "FR32123456782", IBAN: "FR7630006000011234567890189", LateRate: "12 %"}}
	for i := range lines {
		inv.Lines = append(inv.Lines, billing.Line{Part: billing.Subscription, Title: "Informatique accompagnée", Detail: fmt.Sprintf("%d salariés", i+1), For: m, From: m.First(), To: m.Last(),
			Quantity: int64(i + 1), Unit: billing.Employee, Price: money.PriceOf(money.Cents(3900).Rat()), Per: 1, Net: money.Cents(3900 * (i + 1)), Category: billing.Standard, Rate: 2000})
	}
	return billing.Total(inv)
}

// logo is a ring that was transparent around.
func logo(t testing.TB) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 400, 100))
	for x := range 400 {
		img.SetNRGBA(x, x/4, color.NRGBA{R: 15, G: 98, B: 106, A: 200})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	fit, err := brand.Logo(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return fit
}

func render(t testing.TB, inv billing.Invoice) []byte {
	t.Helper()
	pdf, err := facturx.Render(inv)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

func saved(t *testing.T, pdf []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "invoice.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// run runs a program that the tests install; without it they skip, but in CI.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestSameBytes(t *testing.T) {
	if !bytes.Equal(render(t, invoice(3)), render(t, invoice(3))) {
		t.Error("the same invoice gives other bytes the second time")
	}
}

// TestReadersTakeIt: qpdf finds no fault; poppler lists the attachment and reads it
// back byte by byte; every font is embedded.
func TestReadersTakeIt(t *testing.T) {
	for _, inv := range []billing.Invoice{invoice(1), invoice(20), invoice(60), beyond(invoice(2))} {
		lines := len(inv.Lines)
		file := saved(t, render(t, inv))
		if out := run(t, "qpdf", "--check", file); !strings.Contains(out, "No syntax or stream encoding errors found") {
			t.Errorf("%d lines: qpdf says: %s", lines, out)
		}
		if out := run(t, "pdfdetach", "-list", file); !strings.Contains(out, "1: factur-x.xml") {
			t.Errorf("%d lines: attachments: %s", lines, out)
		}
		back := filepath.Join(t.TempDir(), "x.xml")
		run(t, "pdfdetach", "-save", "1", "-o", back, file)
		want, err := facturx.XML(inv)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(back); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d lines: the attachment read back is not the XML (%v)", lines, err)
		}
		for i, font := range strings.Split(strings.TrimSpace(run(t, "pdffonts", file)), "\n")[2:] {
			if f := strings.Fields(font); f[len(f)-5] != "yes" {
				t.Errorf("font %d is not embedded: %s", i, font)
			}
		}
	}
}

// TestPDFA looks at clauses of ISO 19005-3 one by one, in the file's own bytes. TestWidths
// has 6.2.11.5 and 6.2.11.8, TestMetadataEqualsInfo 6.6.2.3.
func TestPDFA(t *testing.T) {
	t.Run("western", func(t *testing.T) { pdfa(t, render(t, withLogo(t, invoice(60)))) })
	t.Run("beyond", func(t *testing.T) { pdfa(t, render(t, beyond(withLogo(t, invoice(60))))) })
}

func withLogo(t *testing.T, inv billing.Invoice) billing.Invoice {
	inv.Seller = inv.Seller.WithLogo(logo(t))
	return inv
}

// beyond gives an invoice a name whose letters take a composite font.
func beyond(inv billing.Invoice) billing.Invoice {
	inv.Client.Name = "Καφενείο Ελπίδα & Пекарня"
	return inv
}

func pdfa(t *testing.T, pdf []byte) {
	objects := regexp.MustCompile(`(?s)\n\d+ 0 obj\n(.*?)\nendobj`).FindAllSubmatch(pdf, -1)
	var dictionaries bytes.Buffer
	for _, o := range objects {
		head, _, _ := bytes.Cut(o[1], []byte("\nstream\n"))
		dictionaries.Write(head)
		dictionaries.WriteByte('\n')
	}
	dict := dictionaries.String()
	says := func(pattern string) bool { return regexp.MustCompile(pattern).MatchString(dict) }
	catalog := ""
	for _, line := range strings.Split(dict, "\n") {
		if strings.Contains(line, "/Type /Catalog") {
			catalog = line
		}
	}
	clauses := []struct {
		clause, what string
		holds        bool
	}{
		{"6.1.2", "the header names PDF 1.7, then a comment of bytes above 127", bytes.HasPrefix(pdf, []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"))},
		{"6.1.3", "the trailer has an ID of two strings", regexp.MustCompile(`/ID \[<[0-9a-f]{32}> <[0-9a-f]{32}>\]`).Match(pdf)},
		{"6.1.3", "the trailer has no Encrypt", !bytes.Contains(pdf, []byte("/Encrypt"))},
		{"6.1.3", "nothing but a line's end after the last %%EOF", bytes.HasSuffix(pdf, []byte("%%EOF\n")) && bytes.Count(pdf, []byte("%%EOF")) == 1},
		{"6.1.7", "no stream lies outside the file", !says(`/FFilter|/FDecodeParms`)},
		{"6.1.7.2", "no LZW", !says(`/LZWDecode`)},
		{"6.1.10", "no inline image but of the allowed filters", !bytes.Contains(pdf, []byte("\nBI "))},
		{"6.2.9", "images have eight bits in RGB, and are not interpolated", says(`/Subtype /Image`) && says(`/ColorSpace /DeviceRGB\s*/BitsPerComponent 8`) && !says(`/Interpolate true|/Alternates`)},
		{"6.2.3", "one output intent with a profile of three components", strings.Contains(catalog, "/S /GTS_PDFA1") && says(`/N 3 /Alternate /DeviceRGB`)},
		{"6.2.4.3", "device colours are RGB or grey, which the output intent gives a meaning", !says(`DeviceCMYK`) && onlyRGB(t, objects)},
		{"6.2.5", "no transfer functions or halftones", !says(`/TR2? |/HTP|/HT `)},
		{"6.2.8", "no PostScript XObject, no reference to other files", !says(`/Subtype\s*/PS|/Ref <<|/OPI`)},
		{"6.2.10", "no transparency: no soft mask, no opacity, no blend mode", !says(`/SMask|/CA |/ca |/BM `)},
		{"6.2.11.4.1", "each font has a file in the document", len(regexp.MustCompile(`/FontDescriptor \d+ 0 R`).FindAllString(dict, -1)) == strings.Count(dict, "/FontFile2 ") && says(`/FontFile2 `)},
		{"6.2.11.3.2", "CID fonts carry a map from CID to glyph", strings.Count(dict, "/CIDFontType2") == strings.Count(dict, "/CIDToGIDMap")},
		{"6.2.11.6", "a simple TrueType font is nonsymbolic and in WinAnsiEncoding", strings.Count(dict, "/Subtype /TrueType") == strings.Count(dict, "/Encoding /WinAnsiEncoding") &&
			strings.Count(dict, "/Subtype /TrueType") == len(regexp.MustCompile(`/Flags (32|262176) `).FindAllString(dict, -1))}, // 262144 is bold
		{"6.2.11", "there are two fonts", strings.Count(dict, "/Subtype /TrueType")+strings.Count(dict, "/Subtype /Type0") == 2},
		{"6.2.11.7.2", "each composite font has a map to Unicode", strings.Count(dict, "/Subtype /Type0") == strings.Count(dict, "/ToUnicode")},
		{"6.3.1", "no annotation", !says(`/Annots|/Subtype /(Movie|Sound|Screen|3D|Widget)`)},
		{"6.4.1", "no form, no XFA", !says(`/AcroForm|/XFA`)},
		{"6.5.1", "no action, no JavaScript", !says(`/JavaScript|/JS |/Launch|/OpenAction|/AA <<`)},
		{"6.6.2.1", "the catalog has metadata, which is not compressed", strings.Contains(catalog, "/Metadata ") && says(`/Type /Metadata /Subtype /XML /Length`)},
		{"6.1.7.2", "all streams but the metadata are packed by Flate", strings.Count(dict, "/Length ")-strings.Count(dict, "/FlateDecode") == 1},
		{"6.8", "the attachment has a name in both forms, a relation, a MIME type, a size and a date; the catalog lists it",
			says(`/F \(factur-x.xml\) /UF \(factur-x.xml\) /AFRelationship /Data`) && says(`/Subtype /text#2Fxml /Params << /Size \d+ /ModDate \(D:\d{14}Z\)`) &&
				regexp.MustCompile(`/AF \[\d+ 0 R\]`).MatchString(catalog) && strings.Contains(catalog, "/EmbeddedFiles")},
		{"6.9", "no optional content", !says(`/OCProperties`)},
		{"6.10", "no alternate presentations", !says(`/AlternatePresentations|/PresSteps`)},
		{"6.11", "no document requirements", !says(`/Requirements`)},
	}
	for _, c := range clauses {
		if !c.holds {
			t.Errorf("ISO 19005-3, %s does not hold: %s", c.clause, c.what)
		}
	}
}

// onlyRGB looks into the pages' content: colours are set by rg, RG, g and G alone.
func onlyRGB(t *testing.T, objects [][][]byte) bool {
	t.Helper()
	pages := 0
	for _, o := range objects {
		head, rest, ok := bytes.Cut(o[1], []byte("\nstream\n"))
		if !ok || !bytes.Contains(head, []byte("/FlateDecode")) {
			continue
		}
		z, err := zlib.NewReader(bytes.NewReader(rest))
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(content, []byte(" Tf ")) && !bytes.Contains(content, []byte("BT ")) {
			continue
		}
		pages++
		if regexp.MustCompile(`(?m)\s(k|K|cs|CS|sc|SC|scn|SCN|gs|sh)$`).Match(content) {
			return false
		}
	}
	return pages > 1
}

// TestMetadataEqualsInfo: 6.6.2.3.1, the information dictionary and the metadata say
// the same; the properties of Factur-X are there, and the schema that describes them.
func TestMetadataEqualsInfo(t *testing.T) {
	pdf := render(t, invoice(2))
	packet := regexp.MustCompile(`(?s)<x:xmpmeta.*</x:xmpmeta>`).Find(pdf)
	if err := xml.Unmarshal(packet, new(struct{})); err != nil {
		t.Fatalf("the metadata is no XML: %v", err)
	}
	xmp := func(element string) string {
		m := regexp.MustCompile(`(?s)<` + element + `>(?:<rdf:(?:Alt|Seq)><rdf:li[^>]*>)?(.*?)<`).FindSubmatch(packet)
		if m == nil {
			return ""
		}
		var s struct {
			Text string `xml:",chardata"`
		}
		if err := xml.Unmarshal([]byte("<a>"+string(m[1])+"</a>"), &s); err != nil {
			t.Fatal(err)
		}
		return s.Text
	}
	info := func(key string) string {
		m := regexp.MustCompile(`/` + key + ` <([0-9A-F]+)>`).FindSubmatch(pdf)
		if m == nil {
			return ""
		}
		var units []uint16
		for i := 4; i < len(m[1]); i += 4 {
			var b [2]byte
			if _, err := fmt.Sscanf(string(m[1][i:i+4]), "%2x%2x", &b[0], &b[1]); err != nil {
				t.Fatal(err)
			}
			units = append(units, binary.BigEndian.Uint16(b[:]))
		}
		return string(utf16.Decode(units))
	}
	for key, element := range map[string]string{"Title": "dc:title", "Author": "dc:creator", "Subject": "dc:description", "Creator": "xmp:CreatorTool", "Producer": "pdf:Producer"} {
		if a, b := info(key), xmp(element); a == "" || a != b {
			t.Errorf("%s is %q in the dictionary and %q in the metadata", key, a, b)
		}
	}
	for key, element := range map[string]string{"CreationDate": "xmp:CreateDate", "ModDate": "xmp:ModifyDate"} {
		m := regexp.MustCompile(`/Producer.*/` + key + ` \(D:(\d{14})Z\)`).FindSubmatch(pdf)
		if m == nil {
			t.Fatalf("no %s", key)
		}
		if a, err := time.Parse("20060102150405", string(m[1])); err != nil || a.Format(time.RFC3339) != xmp(element) {
			t.Errorf("%s is %s in the dictionary and %s in the metadata", key, m[1], xmp(element))
		}
	}
	for element, want := range map[string]string{"pdfaid:part": "3", "pdfaid:conformance": "B", "fx:DocumentType": "INVOICE", "fx:DocumentFileName": facturx.FileName, "fx:Version": "1.0", "fx:ConformanceLevel": "EN 16931",
		"pdfaSchema:namespaceURI": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#", "pdfaSchema:prefix": "fx"} {
		if got := xmp(element); got != want {
			t.Errorf("metadata: %s is %q, want %q", element, got, want)
		}
	}
}

func TestJoinRefuses(t *testing.T) {
	good := render(t, invoice(1))
	for name, pdf := range map[string][]byte{
		"nothing":         nil,
		"a text":          []byte("hello"),
		"a cut file":      good[:len(good)/2],
		"a moved object":  bytes.Replace(good, []byte("%PDF-1.7\n"), []byte("%PDF-1.7\n\n"), 1),
		"a second update": append(bytes.Replace(good, []byte("/Size"), []byte("/Prev 3 /Size"), 1), '\n'),
	} {
		if _, err := facturx.Join(pdf, []byte("<a/>"), facturx.About{}); err == nil || !strings.HasPrefix(err.Error(), "join PDF and XML: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestProfile: the tags of the colour profile lie inside it, and it is as long as it says.
func TestProfile(t *testing.T) {
	m := regexp.MustCompile(`(?s)/N 3 /Alternate /DeviceRGB /Filter /FlateDecode /Length \d+ >>\nstream\n(.*?)\nendstream`).FindSubmatch(render(t, invoice(1)))
	z, err := zlib.NewReader(bytes.NewReader(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	p, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	be := binary.BigEndian
	if int(be.Uint32(p)) != len(p) || string(p[12:24]) != "mntrRGB XYZ " || string(p[36:40]) != "acsp" {
		t.Fatalf("header %q says %d bytes, there are %d", p[:40], be.Uint32(p), len(p))
	}
	for i := range int(be.Uint32(p[128:])) {
		row := p[132+12*i:]
		if at, size := be.Uint32(row[4:]), be.Uint32(row[8:]); int(at+size) > len(p) || at%4 != 0 {
			t.Errorf("tag %s lies at %d with %d bytes in a profile of %d", row[:4], at, size, len(p))
		}
	}
}

func FuzzJoin(f *testing.F) {
	f.Add(render(f, invoice(1)))
	f.Fuzz(func(t *testing.T, pdf []byte) { _, _ = facturx.Join(pdf, []byte("<a/>"), facturx.About{}) })
}

func BenchmarkRender(b *testing.B) {
	inv := invoice(3)
	for b.Loop() {
		render(b, inv)
	}
}
