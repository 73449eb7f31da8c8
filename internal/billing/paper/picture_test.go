package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/brand"
	"codeberg.org/accolade/accolade/internal/contract"
)

// pictures are documents and the pages of them that the golden images show.
var pictures = []struct {
	name  string
	pages []int
	make  func(testing.TB) billing.Invoice
}{
	{"october", []int{1}, func(t testing.TB) billing.Invoice { return october(t, nil) }},
	{"english", []int{1}, func(t testing.TB) billing.Invoice { return invoices["english"](t) }},
	{"franchise", []int{1}, func(t testing.TB) billing.Invoice { return invoices["franchise"](t) }},
	{"credit-note", []int{1}, creditNote},
	{"discount", []int{1}, discounted},
	{"deposit", []int{1}, deposit},
	{"town-hall", []int{1}, townHall},
	{"letterhead", []int{1}, func(t testing.TB) billing.Invoice {
		return october(t, func(_ *billing.Case, s *billing.Seller) {
			*s = s.WithLogo(logo(t))
			s.Colour = "#8a1c4a"
		})
	}},
	{"long-names", []int{1}, longNames},
	{"close", []int{1}, func(t testing.TB) billing.Invoice { return of(t, 8) }},
	{"two-pages", []int{1, 2}, func(t testing.TB) billing.Invoice { return of(t, 12) }},
	{"many-pages", []int{2, 4}, manyPages},
}

// dpi of the pictures: enough to see where everything stands, few bytes.
const dpi = 36

// TestPictures holds pages against golden images. Drawing programs differ in how they
// smooth edges, so that what is compared is the grey of blocks of 8 x 8 pixels: 2,000 to
// a page.
func TestPictures(t *testing.T) {
	tool(t, "pdftoppm")
	for _, p := range pictures {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			file := saved(t, render(t, p.make(t)))
			for _, page := range p.pages {
				name := filepath.Join("testdata", fmt.Sprintf("%s-%d.png", p.name, page))
				got := drawn(t, file, page)
				if *update {
					var b bytes.Buffer
					if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, got); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want := read(t, name)
				if diff := unlike(want, got); diff != "" {
					t.Errorf("page %d does not look like %s (go test -update writes it anew): %s", page, name, diff)
				}
			}
		})
	}
}

// TestPicturesDiffer: the comparison sees a line that moved by its own height, a total of
// another amount, a colour and a logo that are missing.
func TestPicturesDiffer(t *testing.T) {
	picture := func(edit func(*billing.Invoice)) image.Image {
		inv := october(t, nil)
		inv.Seller = inv.Seller.WithLogo(logo(t))
		edit(&inv)
		return drawn(t, saved(t, render(t, inv)), 1)
	}
	right := picture(func(*billing.Invoice) {})
	if diff := unlike(right, picture(func(*billing.Invoice) {})); diff != "" {
		t.Errorf("the same document looks unlike itself: %s", diff)
	}
	for what, edit := range map[string]func(*billing.Invoice){
		"a longer text": func(inv *billing.Invoice) { inv.Lines[0].Title += " et bien d'autres choses encore" },
		"another total": func(inv *billing.Invoice) { inv.Total = 1_111_111_11 },
		"no logo":       func(inv *billing.Invoice) { inv.Seller.Image = nil },
		"no address":    func(inv *billing.Invoice) { inv.Client.Address.Lines = nil },
	} {
		if unlike(right, picture(edit)) == "" {
			t.Errorf("%s was not seen", what)
		}
	}
}

// drawn is a page in grey.
func drawn(t testing.TB, file string, page int) *image.Gray {
	t.Helper()
	n := strconv.Itoa(page)
	out, err := exec.Command("pdftoppm", "-gray", "-r", strconv.Itoa(dpi), "-f", n, "-l", n, "-singlefile", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var width, height, most int
	if _, err := fmt.Fscanf(bytes.NewReader(out), "P5\n%d %d\n%d", &width, &height, &most); err != nil || most != 255 || len(out) < width*height {
		t.Fatalf("pdftoppm drew %d bytes of %d x %d: %v", len(out), width, height, err)
	}
	return &image.Gray{Pix: out[len(out)-width*height:], Stride: width, Rect: image.Rect(0, 0, width, height)}
}

func read(t testing.TB, name string) image.Image {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// Blocks of so many pixels may differ by so much grey, of 255.
const (
	block     = 8
	tolerance = 12
)

// unlike says where two pages differ, in millimetres from the upper left corner.
func unlike(want, got image.Image) string {
	if want.Bounds() != got.Bounds() {
		return fmt.Sprintf("it has %v pixels, the golden image %v", got.Bounds().Size(), want.Bounds().Size())
	}
	worst, at, off := 0, image.Point{}, 0
	for y := 0; y < want.Bounds().Dy(); y += block {
		for x := 0; x < want.Bounds().Dx(); x += block {
			diff := grey8(want, x, y) - grey8(got, x, y)
			if diff = max(diff, -diff); diff > tolerance {
				off++
			}
			if diff > worst {
				worst, at = diff, image.Pt(x, y)
			}
		}
	}
	if off == 0 {
		return ""
	}
	return fmt.Sprintf("%d blocks differ, most of all one %d mm from the left and %d mm from the top, by %d of 255", off, at.X*254/dpi/10, at.Y*254/dpi/10, worst)
}

// grey8 is the mean of a block.
func grey8(img image.Image, x0, y0 int) int {
	sum, n := 0, 0
	for y := y0; y < min(y0+block, img.Bounds().Dy()); y++ {
		for x := x0; x < min(x0+block, img.Bounds().Dx()); x++ {
			sum, n = sum+int(color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y), n+1
		}
	}
	return sum / n
}

func logo(t testing.TB) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 500, 160))
	for y := range 160 {
		for x := range 500 {
			dx, dy := (x%160)-80, y-80
			if d := dx*dx + dy*dy; d < 75*75 && d > 45*45 && x < 480 {
				img.SetNRGBA(x, y, color.NRGBA{138, 28, 74, 255})
			}
		}
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

// deposit is the invoice of an advance.
func deposit(t testing.TB) billing.Invoice {
	inv := october(t, nil)
	inv.Type, inv.Number, inv.Allowance = billing.DepositInvoice, "FA2026-0001", nil
	inv.Lines = []billing.Line{{Part: billing.AdvancePart, Title: "Acompte à la signature", Detail: "Acompte sur le contrat kerlann-1, déduit des prochaines factures", For: inv.Month,
		From: inv.Date, To: inv.Date, Quantity: 1, Unit: billing.Piece, Price: 500_000000, Per: 1, Net: 500_00, Category: billing.Standard, Rate: 2000}}
	return totalled(inv)
}

// townHall has all that Chorus Pro wants.
func townHall(t testing.TB) billing.Invoice {
	return october(t, func(c *billing.Case, s *billing.Seller) {
		c.Client.Name, c.Client.Kind, c.Client.SIREN, c.Client.SIRET, c.Client.VATNumber = "Mairie de Kerlann", contract.TownHall, "215600017", "21560001700016", ""
		c.Client.Chorus.Service, c.Client.Chorus.Commitment = "SERVICE-INFO", "ENG-2026-0042"
		c.Client.Delivery = &contract.Address{Lines: []string{"École des Embruns, quai nº 4"}, PostCode: "56290", City: "Port-Louis", Country: "FR"}
		s.VATOnDebits = true
	})
}

// longNames has names that a letterhead and an address have no room for.
func longNames(t testing.TB) billing.Invoice {
	return october(t, func(c *billing.Case, s *billing.Seller) {
		s.Name = "Société coopérative d'intérêt collectif d'activités et d'entraide numérique du Pays de Lorient, de Quimperlé et des îles"
		c.Client.Name = "Association intercommunale pour la sauvegarde du patrimoine maritime, fluvial et œnologique des îles de Groix, Houat et Hœdic"
		c.Client.Address.Lines = []string{"À l'attention de Mme Anne-Gaëlle Le Quéméner-Kerguélen de Trémarec", "Bâtiment B, 3e étage, porte à gauche", "17 bis rue du Général de Gaulle"}
		c.Contract.ID = "association-intercommunale-pour-la-sauvegarde-du-patrimoine-maritime-1"
	})
}
