package brand_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing/brand"
)

// disc is a round logo on nothing: transparent around.
func disc(width, height int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			if dx, dy := x-width/2, y-height/2; dx*dx+dy*dy < height*height/4 {
				img.SetNRGBA(x, y, color.NRGBA{15, 98, 106, uint8(x % 256)})
			}
		}
	}
	return img
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestLogo: whatever goes in comes out as RGB of eight bits without alpha, no larger than
// it is printed, and the same each time.
func TestLogo(t *testing.T) {
	grey := image.NewGray16(image.Rect(0, 0, 300, 100))
	palette := image.NewPaletted(image.Rect(0, 0, 200, 200), color.Palette{color.Transparent, color.Black})
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, disc(1500, 450), nil); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"alpha": pngOf(t, disc(800, 400)), "grey": pngOf(t, grey), "palette": pngOf(t, palette), "jpeg": photo.Bytes(), "tall": pngOf(t, disc(40, 1200))} {
		logo, err := brand.Logo(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := brand.Logo(file)
		if err != nil || !bytes.Equal(logo, again) {
			t.Errorf("%s: the same file gave other bytes the second time (%v)", name, err)
		}
		if depth, kind, interlace := logo[24], logo[25], logo[28]; depth != 8 || kind != 2 || interlace != 0 {
			t.Errorf("%s: depth %d, colour type %d, interlace %d; want 8, 2 (RGB), 0", name, depth, kind, interlace)
		}
		img, err := png.Decode(bytes.NewReader(logo))
		if err != nil || img.Bounds().Dx() > 600 || img.Bounds().Dy() > 168 {
			t.Errorf("%s: %v, %v", name, img.Bounds(), err)
		}
	}
	logo, err := brand.Logo(pngOf(t, disc(800, 400)))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(logo))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := img.At(0, 0).RGBA(); r != 0xffff || g != 0xffff || b != 0xffff {
		t.Error("what was transparent is not white")
	}
}

// cmyk is a JPEG header of four components, as printing houses send it.
var cmyk = append([]byte{0xff, 0xd8, 0xff, 0xc0, 0, 20, 8, 0, 100, 0, 100, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0}, 0xff, 0xda, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0)

// wide is a PNG that claims to be 20,000 pixels wide.
func wide(t testing.TB) []byte {
	b := bytes.Clone(pngOf(t, disc(100, 100)))
	binary.BigEndian.PutUint32(b[16:], 20_000)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func TestLogoRefused(t *testing.T) {
	whole := pngOf(t, disc(800, 400))
	var moving bytes.Buffer
	if err := gif.Encode(&moving, disc(100, 100), nil); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"svg":       {[]byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`), "SVG drawing"},
		"nothing":   {nil, "no image that can be read"},
		"text":      {[]byte("logo"), "no image that can be read"},
		"gif":       {moving.Bytes(), "the file is a gif image"},
		"cut":       {whole[:len(whole)/2], "cut off or damaged"},
		"cut head":  {whole[:20], "no image that can be read"},
		"cmyk":      {cmyk, "CMYK"},
		"too wide":  {wide(t), "20000 x 100 pixels"},
		"too small": {pngOf(t, disc(20, 20)), "too few to print"},
	} {
		if _, err := brand.Logo(test.file); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "want ") {
			t.Errorf("%s: %v; want it to say %q and what is allowed", name, err, test.want)
		}
	}
	big := filepath.Join(t.TempDir(), "logo.png")
	if err := os.WriteFile(big, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, 40<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := brand.ReadLogo(big); err == nil || !strings.Contains(err.Error(), "the file has 40.0 MB; want a PNG or JPEG file of at most 2 MB") {
		t.Errorf("40 MB: %v", err)
	}
	if _, err := brand.ReadLogo(filepath.Join(t.TempDir(), "none.png")); err == nil {
		t.Error("a file that is not there was read")
	}
}

func TestColour(t *testing.T) {
	for _, s := range []string{"#0f626a", "#000000", "#C00000", "#767676"} {
		if _, err := brand.ParseColour(s); err != nil {
			t.Error(err)
		}
	}
	for s, want := range map[string]string{"red": "no colour; want #", "#12345": "no colour", "#ffff00": "contrast with white is 1.0 to 1; want at least 4.5", "#777777": "4.4 to 1"} {
		if _, err := brand.ParseColour(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want it to say %q", s, err, want)
		}
	}
	c, err := brand.ParseColour("#0f626a")
	if err != nil || c.Wash() != (brand.Colour{R: 241, G: 246, B: 247}) {
		t.Errorf("the wash is %v, %v", c.Wash(), err)
	}
}
