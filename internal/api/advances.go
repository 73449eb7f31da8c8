package api

import (
	"context"

	"codeberg.org/accolade/accolade/internal/billing"
)

// Advance is a deposit that was invoiced before the service, and what took it off.
type Advance = billing.Advance

// NewAdvance asks for the deposit invoice of an advance.
type NewAdvance struct {
	Amount string `json:"amount" doc:"euros before tax" example:"500.00"`
	Text   string `json:"text" doc:"what it is for, as on the invoice"`
	Due    string `json:"due,omitempty" doc:"last day to pay; empty: in 30 days" example:"2026-10-14"`
	Again  bool   `json:"again,omitempty" doc:"though the same was issued lately"`
	VATChoice
}

// Advances are a contract's, in the order in which they were issued.
func (c *Client) Advances(ctx context.Context, contract string) ([]Advance, error) {
	var out []Advance
	return out, c.Get(ctx, path("contracts", contract, "advances"), &out)
}

// PreviewAdvance is what the deposit invoice would say.
func (c *Client) PreviewAdvance(ctx context.Context, contract string, n NewAdvance) (Invoice, error) {
	var out Invoice
	return out, c.Post(ctx, path("contracts", contract, "advances", "preview"), n, &out)
}

// IssueAdvance issues the deposit invoice.
func (c *Client) IssueAdvance(ctx context.Context, contract string, n NewAdvance) (Invoice, error) {
	var out Invoice
	return out, c.Post(ctx, path("contracts", contract, "advances"), n, &out)
}
