package facturx_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing/facturx"
)

// TestExtract reads back what was attached, also by producers that write it otherwise.
func TestExtract(t *testing.T) {
	inv := invoice(3)
	want, err := facturx.XML(inv)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := facturx.Extract(render(t, inv)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("read back %d bytes of %d (%v)", len(got), len(want), err)
	}
	plain := fmt.Sprintf("%%PDF-1.7\n9 0 obj\n<</Length 10 0 R/Subtype/application#2Fxml/Params<</Size 3>>>>\r\nstream\r\n%s\r\nendstream\nendobj\n", want)
	if got, err := facturx.Extract([]byte(plain)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("not packed: read back %d bytes of %d (%v)", len(got), len(want), err)
	}
	other := strings.Replace(plain, "CrossIndustryInvoice", "Letter", 1)
	if _, err := facturx.Extract([]byte(other)); !errors.Is(err, facturx.ErrNoXML) {
		t.Errorf("another attachment: %v", err)
	}
	for _, bad := range []string{"", "<a/>"} {
		if _, err := facturx.Extract([]byte(bad)); err == nil || !strings.Contains(err.Error(), "no PDF") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzExtract: whatever the file, an error or an invoice's XML.
func FuzzExtract(f *testing.F) {
	f.Add(render(f, invoice(1)))
	f.Add([]byte("%PDF-1.7\n1 0 obj <</Type/EmbeddedFile>> stream\n<CrossIndustryInvoice/>\nendstream"))
	f.Add([]byte("%PDF-1.7\n1 0 obj <</Type/EmbeddedFile/Filter/FlateDecode>> stream\nx\x9c"))
	f.Fuzz(func(t *testing.T, pdf []byte) {
		if xml, err := facturx.Extract(pdf); (err == nil) != bytes.Contains(xml, []byte("CrossIndustryInvoice")) {
			t.Errorf("%q, %v", xml, err)
		}
	})
}
