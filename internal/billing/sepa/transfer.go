package sepa

import (
	"strings"

	"codeberg.org/accolade/accolade/internal/money"
)

// Transfer is a credit transfer that a client's phone reads from a QR code.
type Transfer struct {
	Name   string // who is paid
	IBAN   string
	BIC    string // optional within the EEA
	Amount money.Cents
	Text   string // what the payer's bank passes on: the invoice's number
}

// mostQR is the most that a code may hold, in bytes, so that it stays readable.
const mostQR = 331

// Payload is the text of the QR code by EPC069-12, version 002, UTF-8. The code's error
// correction has to be level M.
func (t Transfer) Payload() (string, error) {
	holder, iban, bic := strings.Join(strings.Fields(t.Name), " "), "", ""
	if holder == "" {
		return "", invalid("name", "", "want who is paid")
	}
	var err error
	if iban, err = ParseIBAN(t.IBAN); err != nil {
		return "", err
	}
	if t.BIC != "" {
		if bic, err = ParseBIC(t.BIC); err != nil {
			return "", err
		}
	}
	if err := CheckAmount(t.Amount); err != nil {
		return "", err
	}
	text := strings.Join(strings.Fields(t.Text), " ")
	if n := len([]rune(text)); n > longestRemittance {
		return "", invalid("text", t.Text, "at most %d characters, this has %d", longestRemittance, n)
	}
	if r := []rune(holder); len(r) > longestName {
		holder = strings.TrimSpace(string(r[:longestName]))
	}
	payload := strings.Join([]string{"BCD", "002", "1", "SCT", bic, holder, iban, "EUR" + t.Amount.Decimal(), "", "", text}, "\n")
	payload = strings.TrimRight(payload, "\n")
	if len(payload) > mostQR {
		return "", invalid("text", t.Text, "the QR code may hold %d bytes, this makes %d", mostQR, len(payload))
	}
	return payload, nil
}
