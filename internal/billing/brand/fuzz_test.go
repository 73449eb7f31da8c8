package brand_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing/brand"
)

// FuzzLogo: a file is refused, or becomes an image of the size that the papers keep.
func FuzzLogo(f *testing.F) {
	small := image.NewNRGBA(image.Rect(0, 0, 120, 40))
	for i := range small.Pix {
		small.Pix[i] = byte(i)
	}
	grey := image.NewPaletted(image.Rect(3, 3, 103, 60), color.Palette{color.Black, color.Transparent})
	for _, img := range []image.Image{small, grey} {
		var p, j bytes.Buffer
		if err := png.Encode(&p, img); err != nil {
			f.Fatal(err)
		}
		if err := jpeg.Encode(&j, img, nil); err != nil {
			f.Fatal(err)
		}
		f.Add(p.Bytes())
		f.Add(j.Bytes())
	}
	for _, text := range []string{"", "<svg/>", "GIF89a"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		head, _, err := image.DecodeConfig(bytes.NewReader(file))
		if err == nil && head.Width*head.Height > 1<<20 {
			return // large ones take long, and are no other kind
		}
		logo, err := brand.Logo(file)
		if err != nil {
			return
		}
		kept, kind, err := image.DecodeConfig(bytes.NewReader(logo))
		if err != nil || kind != "png" || kept.Width > 600 || kept.Height > 168 || kept.Width < 1 || kept.Height < 1 {
			t.Errorf("kept as %s %dx%d, %v", kind, kept.Width, kept.Height, err)
		}
	})
}
