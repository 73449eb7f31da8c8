package billing

import (
	"errors"
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// Seller is who invoices: all that the law wants on the paper (articles L441-9 and
// R123-237 du Code de commerce, 242 nonies A de l'annexe II du CGI). The keys are
// those of `seller:` in the configuration.
type Seller struct {
	Name          string   `yaml:"name" json:"name"`
	LegalForm     string   `yaml:"legal_form" json:"legal_form"` // `SCIC SA`
	Capital       string   `yaml:"capital" json:"capital"`       // as on the letterhead: `18 500 €`, `capital variable`
	Address       []string `yaml:"address" json:"address"`       // lines, the last one post code and town
	SIREN         string   `yaml:"siren" json:"siren"`
	RCS           string   `yaml:"rcs" json:"rcs"`               // town of the register: `Lorient`
	VATRegime     Regime   `yaml:"vat_regime" json:"vat_regime"` // normal or franchise
	VATNumber     string   `yaml:"vat_number" json:"vat_number,omitempty"`
	VATOnDebits   bool     `yaml:"vat_on_debits" json:"vat_on_debits,omitempty"`
	IBAN          string   `yaml:"iban" json:"iban"`
	BIC           string   `yaml:"bic" json:"bic,omitempty"`
	ICS           string   `yaml:"ics" json:"ics,omitempty"`                       // creditor identifier, for direct debits
	LateRate      string   `yaml:"late_rate" json:"late_rate"`                     // `trois fois le taux d'intérêt légal`, `12 %`
	EarlyDiscount string   `yaml:"early_discount" json:"early_discount,omitempty"` // a sentence; empty: none, and said so
	// In English, for documents in that language; empty: as above.
	LateRateEN      string `yaml:"late_rate_en" json:"late_rate_en,omitempty"`
	EarlyDiscountEN string `yaml:"early_discount_en" json:"early_discount_en,omitempty"`
	Mail            string `yaml:"mail" json:"mail,omitempty"`
	Phone           string `yaml:"phone" json:"phone,omitempty"`
	// The looks of the papers: a colour such as `#0f626a`, and the SHA-256 of the logo,
	// which the store keeps from the first document on that carries it (KeepLogo). Image
	// is the logo itself, a PNG by package brand; it is no part of what is frozen.
	Colour string `yaml:"colour" json:"colour,omitempty"`
	Logo   string `yaml:"-" json:"logo,omitempty"`
	Image  []byte `yaml:"-" json:"-"`
}

// Regime is the seller's VAT regime.
type Regime string

// The VAT regimes.
const (
	Normal    Regime = "normal"
	Franchise Regime = "franchise"
)

// Missing are the keys without which no invoice may be issued.
func (s Seller) Missing() []string {
	var keys []string
	for _, k := range []struct{ key, value string }{
		{"name", s.Name}, {"legal_form", s.LegalForm}, {"capital", s.Capital}, {"address", strings.Join(s.Address, "")},
		{"siren", s.SIREN}, {"rcs", s.RCS}, {"vat_regime", string(s.VATRegime)}, {"vat_number", s.VATNumber},
		{"iban", s.IBAN}, {"late_rate", s.LateRate},
	} {
		if strings.TrimSpace(k.value) == "" && (k.key != "vat_number" || s.VATRegime == Normal) {
			keys = append(keys, "seller."+k.key)
		}
	}
	return keys
}

// Check refuses values that cannot be right; what is missing is no fault until an
// invoice is issued.
func (s Seller) Check() error {
	if s.SIREN != "" {
		if err := contract.CheckSIREN(spaceless(s.SIREN)); err != nil {
			return fmt.Errorf("seller.%w", err)
		}
	}
	if s.VATRegime != "" && s.VATRegime != Normal && s.VATRegime != Franchise {
		return fmt.Errorf("seller.vat_regime %s is refused: want normal or franchise", s.VATRegime)
	}
	if s.VATNumber != "" {
		if err := contract.CheckVAT(spaceless(s.VATNumber), spaceless(s.SIREN)); err != nil {
			if bad, ok := errors.AsType[*contract.Invalid](err); ok {
				bad.Field = "vat_number" // as the configuration calls it
			}
			return fmt.Errorf("seller.%w", err)
		}
	}
	for _, k := range []struct {
		value string
		parse func(string) (string, error)
	}{{s.IBAN, sepa.ParseIBAN}, {s.BIC, sepa.ParseBIC}, {s.ICS, sepa.ParseICS}} {
		if k.value == "" {
			continue
		}
		if _, err := k.parse(k.value); err != nil {
			return fmt.Errorf("seller.%w", err)
		}
	}
	return nil
}

// VAT is the category and rate of a line sold at an offer's rate.
func (s Seller) VAT(offer money.Rate) (Category, money.Rate) {
	switch {
	case s.VATRegime == Franchise:
		return Exempt, 0
	case offer == 0:
		return ZeroRate, 0
	}
	return Standard, offer
}

func spaceless(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }
