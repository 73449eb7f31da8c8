// Package brand makes a cooperative's logo and colour fit for its papers, or says why
// they are not.
//
// A logo comes as PNG or JPEG and leaves as a PNG of eight bits, red, green and blue,
// without alpha: what PDF/A takes without a transparency group. It is scaled to the size
// that it is printed at, so that documents stay small; the same file gives the same
// bytes. A colour must be dark enough to be read on white. The package keeps nothing and
// draws nothing.
package brand

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // so that image.Decode knows it
	"image/png"
	"io"
	"os"
	"strings"
)

// Limits of a logo's file.
const (
	mostBytes = 2 << 20
	mostSide  = 4000 // pixels
	leastSide = 48   // pixels of the longer side
)

// Print size of a logo in millimetres, and the pixels that it keeps for it: 300 to the
// inch.
const (
	Width, Height         = 50.0, 14.0
	keptWidth, keptHeight = 600, 168
)

// Allowed is what a logo has to be, in words.
const Allowed = "a PNG or JPEG file of at most 2 MB and 4000 x 4000 pixels, in RGB or grey"

// ReadLogo reads a file and makes it a Logo.
func ReadLogo(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(b) > mostBytes {
		size := "more than 2 MB"
		if info, err := os.Stat(path); err == nil {
			size = fmt.Sprintf("%.1f MB", float64(info.Size())/(1<<20))
		}
		return nil, fmt.Errorf("the file has %s; want %s", size, Allowed)
	}
	return Logo(b)
}

// Logo makes an image fit for paper, or says why it is none that can be.
func Logo(file []byte) ([]byte, error) {
	head, format, err := image.DecodeConfig(bytes.NewReader(file))
	switch {
	case looksLikeSVG(file):
		return nil, fmt.Errorf("the file is an SVG drawing, which PDF cannot hold as it is; export it as PNG, at least 600 pixels wide: want %s", Allowed)
	case err != nil:
		return nil, fmt.Errorf("the file is no image that can be read (%s); want %s", strings.TrimPrefix(err.Error(), "image: "), Allowed)
	case format != "png" && format != "jpeg":
		return nil, fmt.Errorf("the file is a %s image; want %s", format, Allowed)
	case head.ColorModel == color.CMYKModel:
		return nil, fmt.Errorf("the image has the colours of a printing press (CMYK); save it in RGB: want %s", Allowed)
	case head.Width > mostSide || head.Height > mostSide:
		return nil, fmt.Errorf("the image has %d x %d pixels; want %s", head.Width, head.Height, Allowed)
	case max(head.Width, head.Height) < leastSide:
		return nil, fmt.Errorf("the image has %d x %d pixels, too few to print; want at least %d on its longer side", head.Width, head.Height, leastSide)
	}
	img, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("the image is cut off or damaged (%w); want %s", err, Allowed)
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, scaled(img)); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func looksLikeSVG(file []byte) bool {
	start := bytes.ToLower(file[:min(len(file), 1024)])
	return bytes.Contains(start, []byte("<svg")) || bytes.HasPrefix(start, []byte{0x1f, 0x8b}) && bytes.Contains(start, []byte("svg"))
}

// scaled lays an image on white, and makes it as small as it is kept: each pixel is the
// mean of those that fall on it.
func scaled(img image.Image) *image.RGBA {
	b := img.Bounds()
	width, height := b.Dx(), b.Dy()
	if width > keptWidth {
		width, height = keptWidth, max(1, height*keptWidth/width)
	}
	if height > keptHeight {
		width, height = max(1, width*keptHeight/height), keptHeight
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		top, bottom := b.Min.Y+y*b.Dy()/height, b.Min.Y+(y+1)*b.Dy()/height
		for x := range width {
			left, right := b.Min.X+x*b.Dx()/width, b.Min.X+(x+1)*b.Dx()/width
			out.SetRGBA(x, y, mean(img, image.Rect(left, top, right, bottom)))
		}
	}
	return out
}

// mean is the colour of an area on white paper.
func mean(img image.Image, area image.Rectangle) color.RGBA {
	var r, g, b, n uint64
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			pr, pg, pb, pa := img.At(x, y).RGBA() // 16 bits, multiplied by alpha
			white := 0xffff - pa
			r, g, b, n = r+uint64(pr+white), g+uint64(pg+white), b+uint64(pb+white), n+1
		}
	}
	eight := func(sum uint64) uint8 { return uint8((sum/n*255 + 0x7fff) / 0xffff) }
	return color.RGBA{eight(r), eight(g), eight(b), 0xff}
}
