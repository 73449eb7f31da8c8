package paper

import (
	"rsc.io/qr"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
)

// Measures of the QR code for a transfer, in millimetres: a phone reads modules of
// 0.4 mm from paper, with four modules of white around them (ISO/IEC 18004).
const (
	codeSide  = 20.0
	codeQuiet = 3.0
)

// code draws the QR code that a bank's app reads the transfer from (EPC069-12),
// left of the totals, and returns where it ends. An account or amount that the scheme
// does not take leaves it out: the words on payment say all.
func (s invoice) code(top float64) float64 {
	if s.inv.Type == billing.CreditNote || s.inv.Payable() <= 0 || s.inv.Debit != nil {
		return top
	}
	payload, err := sepa.Transfer{Name: s.inv.Seller.Name, IBAN: s.inv.Seller.IBAN, BIC: s.inv.Seller.BIC, Amount: s.inv.Payable(), Text: s.inv.Number}.Payload()
	if err != nil {
		return top
	}
	code, err := qr.Encode(payload, qr.M)
	if err != nil {
		return top
	}
	module := codeSide / float64(code.Size)
	s.pdf.SetFillColor(black[0], black[1], black[2])
	for y := range code.Size {
		for x := 0; x < code.Size; {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				s.pdf.Rect(left+float64(x)*module, top+float64(y)*module, float64(run)*module, module, "F")
			}
			x += run + 1
		}
	}
	for i, words := range s.words.scan {
		s.text(left+codeSide+codeQuiet, top+codeSide-7+float64(i)*small.leading(), small, words)
	}
	return top + codeSide + 4
}
