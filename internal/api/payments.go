package api

import (
	"context"
	"strconv"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/money"
)

// Payment is money that a client paid. Amounts are integer cents.
type Payment = billing.Payment

// Receivable is what an invoice is still due.
type Receivable struct {
	billing.Receivable
	Left money.Cents `json:"left" doc:"still to pay; below zero: to give back"`
	Late int         `json:"late" doc:"days since it was due; zero or less: it is not due"`
}

// Mismatch is what was wrong with what an invoice is due.
type Mismatch = billing.Mismatch

// NewPayment is what is told of a payment.
type NewPayment struct {
	Invoices []string     `json:"invoices" doc:"of one client, paid in this order" minItems:"1"`
	Amount   *money.Cents `json:"amount,omitempty" doc:"left out: what the invoices are due"`
	On       string       `json:"on,omitempty" doc:"left out: today"`
	How      string       `json:"how,omitempty" doc:"transfer (unless told), cheque, card, cash or debit"`
	Note     string       `json:"note,omitempty"`
	KeepRest bool         `json:"keep_rest,omitempty" doc:"what is more than is due waits for another invoice of the client"`
	Again    bool         `json:"again,omitempty" doc:"though the same was recorded lately"`
}

// Reason says why something is undone.
type Reason struct {
	Reason string `json:"reason"`
}

// PaymentUse gives what is left of a payment to an invoice.
type PaymentUse struct {
	Invoice string `json:"invoice"`
}

// Ageing is what is open, by how late it is.
type Ageing struct {
	On      string        `json:"on"`
	Clients []billing.Age `json:"clients"`
	Total   billing.Age   `json:"total"`
}

// ClientAccount is the statement of a client.
type ClientAccount = billing.ClientAccount

// Payments lists payments, of one client or all.
func (c *Client) Payments(ctx context.Context, client string) ([]Payment, error) {
	var out []Payment
	return out, c.Get(ctx, withQuery("/payments", "client", client), &out)
}

// Payment shows a payment.
func (c *Client) Payment(ctx context.Context, id string) (Payment, error) {
	var out Payment
	return out, c.Get(ctx, path("payments", id), &out)
}

// AddPayment records a payment.
func (c *Client) AddPayment(ctx context.Context, p NewPayment) (Payment, error) {
	var out Payment
	return out, c.Post(ctx, "/payments", p, &out)
}

// UsePayment gives what is left of a payment to an invoice.
func (c *Client) UsePayment(ctx context.Context, id, invoice string) (Payment, error) {
	var out Payment
	return out, c.Post(ctx, path("payments", id, "use"), PaymentUse{invoice}, &out)
}

// UndoPayment makes a payment count no longer.
func (c *Client) UndoPayment(ctx context.Context, id, reason string) (Payment, error) {
	var out Payment
	return out, c.Post(ctx, path("payments", id, "undo"), Reason{reason}, &out)
}

// Receivables lists what is open, with all also what is paid.
func (c *Client) Receivables(ctx context.Context, client string, all bool) ([]Receivable, error) {
	var out []Receivable
	return out, c.Get(ctx, withQuery("/receivables", "client", client, "all", strconv.FormatBool(all)), &out)
}

// Reckon adds up what invoices are due, and mends what is wrong.
func (c *Client) Reckon(ctx context.Context) ([]Mismatch, error) {
	var out []Mismatch
	return out, c.Post(ctx, "/receivables/reckon", nil, &out)
}

// Ageing shows what is open by how late it is.
func (c *Client) Ageing(ctx context.Context) (Ageing, error) {
	var out Ageing
	return out, c.Get(ctx, "/ageing", &out)
}

// ClientAccount is the statement of a client from a day on, or from the beginning.
func (c *Client) ClientAccount(ctx context.Context, client, from string) (ClientAccount, error) {
	var out ClientAccount
	return out, c.Get(ctx, withQuery(path("clients", client, "account"), "from", from), &out)
}
