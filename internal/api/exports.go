package api

import (
	"context"
	"io"
	"strconv"

	"codeberg.org/accolade/accolade/internal/billing/export"
	"codeberg.org/accolade/accolade/internal/operation"
)

// Manifest tells what an export holds.
type Manifest = export.Manifest

// Export tells what an export of a finalised period holds: `2026-09` or `2026`.
func (c *Client) Export(ctx context.Context, period, format string, decimalComma bool) (Manifest, error) {
	var out Manifest
	return out, c.Get(ctx, withQuery(path("exports", period, format), "decimal_comma", strconv.FormatBool(decimalComma)), &out)
}

// ExportFile writes a file of an export.
func (c *Client) ExportFile(ctx context.Context, m Manifest, name string, w io.Writer) error {
	return c.Get(ctx, withQuery(path("exports", m.Period, string(m.Format), name), "decimal_comma", strconv.FormatBool(m.DecimalComma)), w)
}

// SendMonth says how a month's invoices are brought into Dolibarr.
type SendMonth struct {
	Invoices string `json:"invoices,omitempty" enum:"draft,validated" doc:"left there as drafts, or validated under our numbers; absent: as the configuration says"`
}

// SendMonth starts the operation that brings a finalised month's invoices into Dolibarr.
func (c *Client) SendMonth(ctx context.Context, month string, in SendMonth) (operation.Operation, error) {
	var out operation.Operation
	return out, c.Post(ctx, path("exports", month, "dolibarr"), in, &out)
}
