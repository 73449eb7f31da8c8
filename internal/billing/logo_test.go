package billing_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
)

// TestLogoIsKept: a document that is drawn again, after the seller has another logo, is
// drawn with the one that it was issued with.
func TestLogoIsKept(t *testing.T) {
	f := newFirm(t)
	f.bills.Render = func(inv billing.Invoice) ([]byte, error) {
		return []byte(inv.Number + " with " + string(inv.Seller.Image)), nil
	}
	f.bills.Seller = f.bills.Seller.WithLogo([]byte("the old logo"))
	f.client("Kerlann", "classic", "2026-09-01", 12)
	f.at("2026-10-02")
	f.finalise("2026-09")
	before, err := f.bills.Paper("F2026-0001")
	f.must(err)
	f.must(os.RemoveAll(f.bills.Documents))
	f.bills.Dress(f.bills.Seller.WithLogo([]byte("the new logo")))
	again, err := f.bills.Paper("F2026-0001")
	if err != nil || !bytes.Equal(before, again) || string(again) != "F2026-0001 with the old logo" {
		t.Errorf("drawn again: %q (%v), before: %q", again, err, before)
	}
	f.at("2026-11-02")
	f.finalise("2026-10")
	if paper, err := f.bills.Paper("F2026-0002"); err != nil || string(paper) != "F2026-0002 with the new logo" {
		t.Errorf("the next invoice: %q, %v", paper, err)
	}
	if papers, err := filepath.Glob(filepath.Join(f.bills.Documents, "*.pdf")); err != nil || len(papers) != 2 {
		t.Errorf("papers: %v, %v", papers, err)
	}
	// An image that is not the one of the hash is not kept under it.
	f.bills.Dress(billing.Seller{Image: []byte("half of it"), Logo: "0000"})
	f.at("2026-12-02")
	_, err = f.bills.Finalise(anne, f.month("2026-11"))
	f.refuses(err, "logo 0000")
	if months, err := f.bills.Months(); err != nil || len(months) != 2 {
		t.Errorf("half a month was finalised: %v, %v", months, err)
	}
}
