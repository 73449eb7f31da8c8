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
