package api

import (
	"context"

	"codeberg.org/accolade/accolade/internal/billing"
)

// Extra is a one-off line or a discount on a contract.
type Extra = billing.Extra

// NewExtra puts a one-off line, or a discount, on a contract.
type NewExtra struct {
	Kind   string `json:"kind" enum:"charge,discount"`
	Amount string `json:"amount" doc:"euros before tax" example:"150.00"`
	Text   string `json:"text" doc:"what was sold, or why it costs less: as on the invoice"`
	Month  string `json:"month,omitempty" doc:"not before this one; empty: the present" example:"2026-10"`
	Again  bool   `json:"again,omitempty" doc:"though the same was entered lately"`
	VATChoice
}

// VATChoice says how something is taxed; empty: as the contract's own lines.
type VATChoice struct {
	Category      string `json:"category,omitempty" doc:"of VAT: S, Z, E, AE or O; empty: as the contract's own lines; not of discounts"`
	VAT           string `json:"vat,omitempty" doc:"percent, with category S"`
	Exemption     string `json:"exemption,omitempty" doc:"why it bears no tax, as on the invoice; needed with category E"`
	ExemptionCode string `json:"exemption_code,omitempty" doc:"the same by the list VATEX, with category E" example:"VATEX-FR-CGI261-4"`
}

// Extras are a contract's one-off lines and discounts, in the order of entry.
func (c *Client) Extras(ctx context.Context, contract string) ([]Extra, error) {
	var out []Extra
	return out, c.Get(ctx, path("contracts", contract, "extras"), &out)
}

// AddExtra puts a one-off line or a discount on a contract.
func (c *Client) AddExtra(ctx context.Context, contract string, x NewExtra) (Extra, error) {
	var out Extra
	return out, c.Post(ctx, path("contracts", contract, "extras"), x, &out)
}

// RemoveExtra takes away an extra that no invoice carries yet.
func (c *Client) RemoveExtra(ctx context.Context, id string) error {
	return c.Delete(ctx, path("extras", id))
}
