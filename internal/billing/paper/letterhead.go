package paper

import (
	"bytes"
	"strings"

	"codeberg.org/go-pdf/fpdf"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/brand"
)

// Where the logo stands: above the address, clear of a window envelope.
const (
	logoTop = 12.0
	logoGap = 4.5 // to the baseline of the name below
)

// colours are the seller's, or the house's. A colour that cannot be read was refused when
// it was set, so that one here is of a seller whom nobody checked.
func colours(s billing.Seller) (accent, wash ink) {
	c, err := brand.ParseColour(s.Colour)
	if err != nil {
		return ours, oursWash
	}
	w := c.Wash()
	return ink{int(c.R), int(c.G), int(c.B)}, ink{int(w.R), int(w.G), int(w.B)}
}

// head is the seller's letterhead and what the document is. s.y is then below it.
func (s *sheet) head() {
	y, name := top+4, style{15, true, s.accent}
	if height := s.logo(); height > 0 {
		y, name = logoTop+height+logoGap, style{9, true, s.accent}
	}
	word := style{15, false, black}
	number := s.fit(70, 7, style{10.5, true, black}, s.number)
	beside := s.width(s.printable(s.number))
	s.set(word)
	width := right - left - 8 - max(beside, s.width(s.printable(s.word)))
	name = s.fit(width, 9, name, s.seller.Name)
	y = s.paragraph(left, y, width, name, s.seller.Name) - name.leading() + 0.2*name.size + 2
	for _, line := range append(append([]string{}, s.seller.Address...), contactLine(s.seller)...) {
		s.text(left, y, small, line)
		y += 3.6
	}
	s.textRight(right, top+4, word, s.word)
	s.textRight(right, top+9.5, number, s.number)
	s.y = y
}

// logo draws the seller's logo as large as its place allows, and returns its height; 0
// without one.
func (s *sheet) logo() float64 {
	if s.seller.Image == nil {
		return 0
	}
	options := fpdf.ImageOptions{ImageType: "PNG"}
	info := s.pdf.RegisterImageOptionsReader("logo", options, bytes.NewReader(s.seller.Image))
	if s.pdf.Err() {
		return 0 // Output says why
	}
	scale := min(brand.Width/info.Width(), brand.Height/info.Height())
	width, height := info.Width()*scale, info.Height()*scale
	s.pdf.ImageOptions("logo", left, logoTop, width, height, false, options, 0, "")
	return height
}

func contactLine(s billing.Seller) []string {
	var parts []string
	for _, p := range []string{s.Phone, s.Mail} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if parts == nil {
		return nil
	}
	return []string{strings.Join(parts, " · ")}
}
