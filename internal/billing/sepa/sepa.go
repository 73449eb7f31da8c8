// Package sepa speaks with the bank in its own formats: direct-debit orders
// (pain.008), account statements and returned debits (camt.053, camt.054), the text of
// the QR code for a credit transfer (EPC069-12), and the checks of what stands in
// them: IBAN, BIC, creditor identifier, mandate, the days on which banks work.
//
// Everything here is pure: the same order gives the same bytes, and nothing is read but
// what is handed over. The package holds no store, knows no invoice but its number, and
// never sends a file anywhere.
//
// Rules come from the EPC's SEPA Core Direct Debit rulebook and its implementation
// guidelines (EPC016-06, EPC130-08), from ISO 13616 (IBAN), ISO 9362 (BIC) and the ISO
// 20022 schemas. The business scheme (B2B) is not served.
package sepa

import (
	"errors"
	"fmt"

	"codeberg.org/accolade/accolade/internal/money"
)

// Invalid refuses one field: which, what it held, what is allowed.
type Invalid struct {
	Field   string // `iban`, `debit F2026-0001: amount`
	Value   string // empty when it was missing
	Allowed string // what is allowed, or why it is not
}

func (e *Invalid) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("%s is missing: %s", e.Field, e.Allowed)
	}
	return fmt.Sprintf("%s %s is refused: %s", e.Field, e.Value, e.Allowed)
}

func invalid(field string, value any, allowed string, args ...any) error {
	return &Invalid{Field: field, Value: shown(fmt.Sprint(value)), Allowed: fmt.Sprintf(allowed, args...)}
}

// shown keeps a refused value on one line of a sentence.
func shown(value string) string {
	if r := []rune(value); len(r) > 60 {
		value = string(r[:60]) + "…"
	}
	for _, r := range value {
		if r < ' ' {
			return fmt.Sprintf("%q", value)
		}
	}
	return value
}

// of puts what a field belongs to before its name.
func of(owner string, err error) error {
	if e, ok := errors.AsType[*Invalid](err); ok {
		return &Invalid{Field: owner + ": " + e.Field, Value: e.Value, Allowed: e.Allowed}
	}
	return err
}

// The scheme's limits of one amount (EPC130-08, AT-06).
const (
	leastAmount = money.Cents(1)
	mostAmount  = money.Cents(999_999_999_99)
)

// CheckAmount wants what one debit or transfer can carry.
func CheckAmount(c money.Cents) error {
	if c < leastAmount || c > mostAmount {
		return invalid("amount", c.Decimal(), "a payment is between %s and %s", leastAmount, mostAmount)
	}
	return nil
}
