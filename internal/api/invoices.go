package api

import (
	"context"
	"io"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/platform"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation"
)

// InvoiceRow is an invoice or a credit note in a list. Amounts are integer cents; those of a
// credit note are what it takes back.
type InvoiceRow struct {
	Number   string        `json:"number"`
	Type     billing.Type  `json:"type,omitempty" doc:"credit-note or deposit; absent for an invoice"`
	Corrects string        `json:"corrects,omitempty" doc:"the invoice that a credit note takes back"`
	Date     calendar.Date `json:"date"`
	Due      calendar.Date `json:"due"`
	Client   string        `json:"client"`
	Name     string        `json:"name"`
	Total    money.Cents   `json:"total" doc:"with tax, deposits taken off"`
	Left     money.Cents   `json:"left" doc:"still to pay; below zero: to give back"`
}

// NewCredit asks for a credit note; without lines and amounts it is over all that is left
// of the invoice.
type NewCredit struct {
	Reason  string                 `json:"reason" doc:"as on the paper"`
	Lines   []int                  `json:"lines,omitempty" doc:"lines of the invoice that are taken back, the first is 1"`
	Amounts []billing.CreditAmount `json:"amounts,omitempty" doc:"amounts before tax that are taken off its VAT groups"`
	Replace bool                   `json:"replace,omitempty" doc:"what was billed is billed anew on the next invoice"`
	Again   bool                   `json:"again,omitempty" doc:"though the same was issued lately"`
}

// Invoices lists invoices and credit notes, of one client or all, of one month or all.
func (c *Client) Invoices(ctx context.Context, client, month string) ([]InvoiceRow, error) {
	var out []InvoiceRow
	return out, c.Get(ctx, withQuery("/invoices", "client", client, "month", month), &out)
}

// IssuedBy is the credit note that an operation issued; none before it did.
func (c *Client) IssuedBy(ctx context.Context, operation string) ([]InvoiceRow, error) {
	var out []InvoiceRow
	return out, c.Get(ctx, withQuery("/invoices", "operation", operation), &out)
}

// Invoice shows a finalised invoice.
func (c *Client) Invoice(ctx context.Context, number string) (Invoice, error) {
	var out Invoice
	return out, c.Get(ctx, path("invoices", number), &out)
}

// Paper writes the PDF of an invoice.
func (c *Client) Paper(ctx context.Context, number string, w io.Writer) error {
	return c.Get(ctx, path("invoices", number, "document"), w)
}

// InvoiceXML writes an invoice for machines: as `cii` or `ubl`.
func (c *Client) InvoiceXML(ctx context.Context, number, syntax string, w io.Writer) error {
	return c.Get(ctx, withQuery(path("invoices", number, "xml"), "syntax", syntax), w)
}

// PreviewCredit is what a credit note would say.
func (c *Client) PreviewCredit(ctx context.Context, number string, n NewCredit) (Invoice, error) {
	var out Invoice
	return out, c.Post(ctx, path("invoices", number, "credit", "preview"), n, &out)
}

// CreditInvoice starts the operation that issues a credit note.
func (c *Client) CreditInvoice(ctx context.Context, number string, n NewCredit) (operation.Operation, error) {
	var out operation.Operation
	return out, c.Post(ctx, path("invoices", number, "credit"), n, &out)
}

// Deposit is a document at the approved platform.
type Deposit = platform.Submission

// DepositAnswer is what the platform or the buyer answered.
type DepositAnswer struct {
	State  string `json:"state" doc:"rejected, refused, approved or paid"`
	On     string `json:"on,omitempty" doc:"left out: today"`
	Reason string `json:"reason,omitempty" doc:"of what was rejected or refused"`
}

// DepositInvoice deposits a document with the approved platform.
func (c *Client) DepositInvoice(ctx context.Context, number string) (Deposit, error) {
	var out Deposit
	return out, c.Post(ctx, path("invoices", number, "deposit"), nil, &out)
}

// AnswerDeposit notes an answer to a deposit.
func (c *Client) AnswerDeposit(ctx context.Context, number string, a DepositAnswer) (Deposit, error) {
	var out Deposit
	return out, c.Post(ctx, path("invoices", number, "deposit", "answer"), a, &out)
}
