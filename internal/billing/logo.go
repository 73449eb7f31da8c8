package billing

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/store"
)

// logo is a logo that documents carry: once kept it never changes, so that they are drawn
// to the same bytes after the seller has another.
type logo struct {
	PNG []byte `json:"png"`
}

var logos = store.NewCollection[logo]("logo", 1)

// WithLogo is the seller with a logo on its papers: a PNG by package brand.
func (s Seller) WithLogo(png []byte) Seller {
	s.Image, s.Logo = png, hashOf(png)
	return s
}

// looks are what may change of a seller while the controller runs.
type looks struct {
	colour, logo string
	image        []byte
}

// Dress has documents from now on look as a seller's do: its colour and its logo. All else
// stays.
func (s *Service) Dress(as Seller) { s.looks.Store(&looks{as.Colour, as.Logo, as.Image}) }

// Letterhead is the seller as documents of today show it.
func (s *Service) Letterhead() Seller {
	seller := s.Seller
	if l := s.looks.Load(); l != nil {
		seller.Colour, seller.Logo, seller.Image = l.colour, l.logo, l.image
	}
	return seller
}

// KeepLogo keeps the logo of a seller who is about to be frozen in a document.
func KeepLogo(tx store.Tx, s Seller) error {
	if s.Logo == "" {
		return nil
	}
	known, err := logos.Has(tx, s.Logo)
	if err != nil || known {
		return err
	}
	if hashOf(s.Image) != s.Logo {
		return fmt.Errorf("logo %s: the image is another one", s.Logo)
	}
	return logos.Insert(tx, s.Logo, logo{s.Image})
}

// Letterhead is a frozen seller with the logo that was kept for it.
func Letterhead(tx store.Tx, s Seller) (Seller, error) {
	if s.Logo == "" {
		return s, nil
	}
	kept, err := logos.Get(tx, s.Logo)
	if err != nil {
		return s, fmt.Errorf("the logo of the document: %w", err)
	}
	if hashOf(kept.PNG) != s.Logo {
		return s, fmt.Errorf("logo %s was changed after it was kept; bring back a copy of the store with accoladed restore", s.Logo)
	}
	s.Image = kept.PNG
	return s, nil
}
