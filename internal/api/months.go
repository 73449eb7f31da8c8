package api

import (
	"context"
	"strconv"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation"
)

// MonthView is what a month comes to, before or after it was finalised. Amounts are
// integer cents.
type MonthView struct {
	Month     string         `json:"month" example:"2026-09"`
	Finalised *billing.Month `json:"finalised,omitempty" doc:"when, by whom, and which numbers; absent in a preview"`
	SoFar     string         `json:"so_far,omitempty" doc:"the last day looked at, in a month that has not ended"`
	Invoices  []Invoice      `json:"invoices"`
	Net       money.Cents    `json:"net"`
	Tax       money.Cents    `json:"tax"`
	Total     money.Cents    `json:"total"`
	Deposits  []Invoice      `json:"deposit_invoices,omitempty" doc:"deposit invoices that were issued in the month; net, tax and total are without them"`
	Notes     []Invoice      `json:"credit_notes,omitempty" doc:"credit notes that were issued in the month; net, tax and total are of invoices alone"`
	First     string         `json:"first,omitempty" doc:"an earlier month that has to be finalised first"`
	Missing   []string       `json:"missing,omitempty" doc:"keys of the configuration without which the month cannot be finalised"`
	Unready   []string       `json:"unready,omitempty" doc:"what keeps single clients from being invoiced, and what to do about it"`
}

// Invoice is an invoice, or its draft while it has no number.
type Invoice struct {
	billing.Invoice
	Held    money.Cents      `json:"held,omitempty" doc:"credits that wait for an invoice which can carry them"`
	SHA256  string           `json:"sha256,omitempty" doc:"of the PDF"`
	Deposit *Deposit         `json:"deposit,omitempty" doc:"what became of it at the approved platform"`
	Credits []billing.Credit `json:"credits,omitempty" doc:"credit notes that take it back, in full or in part"`
}

// FinalisedMonth is a finalised month in a list.
type FinalisedMonth = billing.Month

// Months lists the finalised months.
func (c *Client) Months(ctx context.Context) ([]FinalisedMonth, error) {
	var out []FinalisedMonth
	return out, c.Get(ctx, "/months", &out)
}

// Month previews a month, or shows it once it is finalised.
func (c *Client) Month(ctx context.Context, month string, soFar bool) (MonthView, error) {
	var out MonthView
	return out, c.Get(ctx, withQuery(path("months", month), "so_far", strconv.FormatBool(soFar)), &out)
}

// Finalise starts the operation that makes a month's drafts invoices.
func (c *Client) Finalise(ctx context.Context, month string) (operation.Operation, error) {
	var out operation.Operation
	return out, c.Post(ctx, path("months", month, "finalise"), nil, &out)
}
