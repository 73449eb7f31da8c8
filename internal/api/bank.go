package api

import (
	"bytes"
	"context"
	"io"

	"codeberg.org/accolade/accolade/internal/billing"
)

// Mandate is a client's leave to collect from an account.
type Mandate = billing.SignedMandate

// NewMandate is a mandate that was signed.
type NewMandate struct {
	Client string `json:"client" doc:"ID or name"`
	ID     string `json:"id,omitempty" doc:"reference (RUM), at most 35 characters; left out: made of the client's ID"`
	Signed string `json:"signed" doc:"the day of signature" example:"2026-09-15"`
	Debtor string `json:"debtor,omitempty" doc:"holder of the account; left out: the client"`
	IBAN   string `json:"iban"`
	BIC    string `json:"bic,omitempty"`
	OneOff bool   `json:"one_off,omitempty" doc:"for one debit"`
}

// Revocation ends a mandate.
type Revocation struct {
	Reason    string `json:"reason,omitempty"`
	AfterNext bool   `json:"after_next,omitempty" doc:"with its next debit, which is announced as the last"`
}

// DebitOrder is an order of direct debits.
type DebitOrder = billing.DebitOrder

// DebitPlan is what an order would collect.
type DebitPlan = billing.DebitPlan

// NewDebitOrder asks for an order.
type NewDebitOrder struct {
	On     string `json:"on,omitempty" doc:"day of collection; left out: the next that is possible"`
	Format string `json:"format,omitempty" doc:"pain.008.001.08 (unless told) or pain.008.001.02"`
}

// DebitSettlement says that money of an order has come.
type DebitSettlement struct {
	Batch string `json:"batch,omitempty" doc:"left out: all that wait"`
	On    string `json:"on,omitempty" doc:"left out: the day of collection"`
}

// DebitDrop takes one debit out of an order.
type DebitDrop struct {
	Invoice string `json:"invoice"`
	Reason  string `json:"reason"`
}

// Movement is a movement on the bank account.
type Movement = billing.Movement

// Imported is what a statement file brought.
type Imported = billing.Imported

// Readings are what a movement may be about.
type Readings = billing.Readings

// Choice is what a human says that a movement is: one of invoices, batch and payment.
type Choice struct {
	Invoices []string `json:"invoices,omitempty" doc:"that it pays, in this order"`
	KeepRest bool     `json:"keep_rest,omitempty" doc:"what is more than is due waits for another invoice of the client"`
	Again    bool     `json:"again,omitempty" doc:"though the same payment was recorded by hand"`
	Batch    string   `json:"batch,omitempty" doc:"of direct debits, whose money it is"`
	Payment  string   `json:"payment,omitempty" doc:"that the bank took back with it"`
}

// Mandates lists mandates, of one client or all.
func (c *Client) Mandates(ctx context.Context, client string) ([]Mandate, error) {
	var out []Mandate
	return out, c.Get(ctx, withQuery("/mandates", "client", client), &out)
}

// Mandate shows a mandate.
func (c *Client) Mandate(ctx context.Context, id string) (Mandate, error) {
	var out Mandate
	return out, c.Get(ctx, path("mandates", id), &out)
}

// AddMandate takes in a mandate that was signed.
func (c *Client) AddMandate(ctx context.Context, m NewMandate) (Mandate, error) {
	var out Mandate
	return out, c.Post(ctx, "/mandates", m, &out)
}

// RevokeMandate ends a mandate.
func (c *Client) RevokeMandate(ctx context.Context, id string, r Revocation) (Mandate, error) {
	var out Mandate
	return out, c.Post(ctx, path("mandates", id, "revoke"), r, &out)
}

// DebitOrders lists the orders of direct debits.
func (c *Client) DebitOrders(ctx context.Context) ([]DebitOrder, error) {
	var out []DebitOrder
	return out, c.Get(ctx, "/debits", &out)
}

// DebitOrder shows an order.
func (c *Client) DebitOrder(ctx context.Context, id string) (DebitOrder, error) {
	var out DebitOrder
	return out, c.Get(ctx, path("debits", id), &out)
}

// PlanDebits shows what an order for a day would collect; changes nothing.
func (c *Client) PlanDebits(ctx context.Context, on string) (DebitPlan, error) {
	var out DebitPlan
	return out, c.Get(ctx, withQuery("/debits/preview", "on", on), &out)
}

// OrderDebits makes an order.
func (c *Client) OrderDebits(ctx context.Context, o NewDebitOrder) (DebitOrder, error) {
	var out DebitOrder
	return out, c.Post(ctx, "/debits", o, &out)
}

// DebitFile writes the file of an order, for the bank.
func (c *Client) DebitFile(ctx context.Context, id string, w io.Writer) error {
	return c.Get(ctx, path("debits", id, "file"), w)
}

// CancelDebits takes an order back that the bank has not got.
func (c *Client) CancelDebits(ctx context.Context, id, reason string) (DebitOrder, error) {
	var out DebitOrder
	return out, c.Post(ctx, path("debits", id, "cancel"), Reason{reason}, &out)
}

// SettleDebits records that money of an order has come.
func (c *Client) SettleDebits(ctx context.Context, id string, s DebitSettlement) (DebitOrder, error) {
	var out DebitOrder
	return out, c.Post(ctx, path("debits", id, "settle"), s, &out)
}

// DropDebit takes one debit out of an order.
func (c *Client) DropDebit(ctx context.Context, id string, d DebitDrop) (DebitOrder, error) {
	var out DebitOrder
	return out, c.Post(ctx, path("debits", id, "drop"), d, &out)
}

// ImportStatement reads a file of the bank into the books.
func (c *Client) ImportStatement(ctx context.Context, file []byte) (Imported, error) {
	var out Imported
	return out, c.Post(ctx, "/statements", bytes.NewReader(file), &out)
}

// Movements lists the movements of a state, or all.
func (c *Client) Movements(ctx context.Context, state string) ([]Movement, error) {
	var out []Movement
	return out, c.Get(ctx, withQuery("/movements", "state", state), &out)
}

// Proposals say what each open movement may be about.
func (c *Client) Proposals(ctx context.Context) ([]Readings, error) {
	var out []Readings
	return out, c.Get(ctx, "/movements/proposals", &out)
}

// Reading shows a movement and what it may be about.
func (c *Client) Reading(ctx context.Context, id string) (Readings, error) {
	var out Readings
	return out, c.Get(ctx, path("movements", id), &out)
}

// ConfirmMovement books a movement as what it is.
func (c *Client) ConfirmMovement(ctx context.Context, id string, k Choice) (Movement, error) {
	var out Movement
	return out, c.Post(ctx, path("movements", id, "confirm"), k, &out)
}

// IgnoreMovement closes a movement that is about something else.
func (c *Client) IgnoreMovement(ctx context.Context, id, reason string) (Movement, error) {
	var out Movement
	return out, c.Post(ctx, path("movements", id, "ignore"), Reason{reason}, &out)
}
