package sepa

import (
	"slices"

	"codeberg.org/accolade/accolade/internal/calendar"
)

// Mandate is a debtor's signed leave to collect from an account. Another account, or
// another debtor, is another mandate: amended ones are not written.
type Mandate struct {
	ID     string        `json:"id"` // RUM, at most 35 characters
	Signed calendar.Date `json:"signed"`
	Debtor string        `json:"debtor"` // holder of the account
	IBAN   string        `json:"iban"`
	BIC    string        `json:"bic,omitempty"`
}

// Tidy brings the fields into their plain form, or refuses with an *Invalid. today
// bounds the day of signature.
func (m Mandate) Tidy(today calendar.Date) (Mandate, error) {
	if err := checkIdentifier("mandate", m.ID); err != nil {
		return m, err
	}
	switch {
	case m.Signed.IsZero():
		return m, invalid("signed", "", "want the day on which the mandate was signed, such as 2026-09-15")
	case m.Signed.After(today):
		return m, invalid("signed", m.Signed, "a mandate is signed before it is entered; today is %s", today)
	case m.Signed.Before(firstMandates):
		return m, invalid("signed", m.Signed, "there are no mandates of SEPA from before %s", firstMandates)
	}
	var err error
	if m.Debtor, err = name("debtor", m.Debtor); err != nil {
		return m, err
	}
	given := m.IBAN
	if m.IBAN, err = ParseIBAN(m.IBAN); err != nil {
		return m, err
	}
	if slices.Contains(outsideEEA, m.IBAN[:2]) {
		return m, invalid("iban", given, "direct debits are collected within the European Economic Area, where no address of the debtor is asked for")
	}
	if m.BIC != "" {
		m.BIC, err = ParseBIC(m.BIC)
	}
	return m, err
}

// firstMandates were signed when direct debits of SEPA began; older national ones that
// migrated bear that day (EPC016-06).
var firstMandates = calendar.NewDate(2009, 11, 1)
