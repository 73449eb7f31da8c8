package contract

import (
	"strings"

	"codeberg.org/accolade/accolade/internal/money"
)

// VATRates are those of French VAT: of the mainland (articles 278 to 281 nonies du CGI), of
// Corsica (297) and of the overseas departments (296). An invoice at any other is rejected
// by every platform (BR-FR-16).
var VATRates = []money.Rate{20_00, 10_00, 5_50, 2_10, 13_00, 90, 8_50, 1_75, 1_05}

// VATRatesText lists them.
func VATRatesText() string {
	var all []string
	for _, r := range VATRates {
		all = append(all, r.Decimal())
	}
	return strings.Join(all, ", ")
}
