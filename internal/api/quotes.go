package api

import (
	"context"
	"io"

	"codeberg.org/accolade/accolade/internal/billing/quote"
)

// Quote is what was offered to a client, or to somebody who may become one.
type Quote struct {
	quote.Quote
	Now quote.State `json:"now" doc:"open, accepted, refused, withdrawn, or expired by today"`
}

// NewQuote asks for a quote. Dates are `2027-01-01`.
type NewQuote struct {
	Client    string       `json:"client,omitempty" doc:"ID or name; or else a prospect"`
	Prospect  *NewProspect `json:"prospect,omitempty" doc:"who becomes a client by accepting"`
	Offer     string       `json:"offer"`
	Employees int          `json:"employees,omitempty" doc:"or seats; none for offers without a monthly price"`
	Why       string       `json:"why,omitempty" doc:"why more than 25 is right"`
	Start     string       `json:"start" doc:"the contract's first day"`
	Valid     string       `json:"valid,omitempty" doc:"the last day to accept; empty: 30 days from today"`
	Charges   []QuoteItem  `json:"charges,omitempty" doc:"one-off lines"`
	Discounts []QuoteItem  `json:"discounts,omitempty" doc:"off the first invoice"`
	Note      string       `json:"note,omitempty" doc:"for the client"`
}

// NewProspect is somebody who is no client yet.
type NewProspect struct {
	ClientFields
	Contact ContactFields `json:"contact,omitzero"`
}

// QuoteItem is a one-off line or a discount of a quote.
type QuoteItem struct {
	Text   string `json:"text" doc:"what is sold, or why it costs less: as on the paper"`
	Amount string `json:"amount" doc:"euros before tax" example:"149.00"`
}

// QuoteFile is a quote as YAML.
type QuoteFile struct {
	Name string `json:"name" doc:"the file's, for errors"`
	Text string `json:"text" maxLength:"65536"`
}

// QuoteAnswer is what the client said to a quote, or why we take it back.
type QuoteAnswer struct {
	On     string `json:"on,omitempty" doc:"of a yes: the day beside the signature; empty: today"`
	Start  string `json:"start,omitempty" doc:"of a yes: the contract's first day; empty: as quoted"`
	Reason string `json:"reason,omitempty" doc:"of a no, or of taking it back"`
}

// Quotes lists quotes, the oldest first; in one state, if it is not empty.
func (c *Client) Quotes(ctx context.Context, state string) ([]Quote, error) {
	var out []Quote
	return out, c.Get(ctx, withQuery("/quotes", "state", state), &out)
}

// Quote finds a quote by its number.
func (c *Client) Quote(ctx context.Context, number string) (Quote, error) {
	var out Quote
	return out, c.Get(ctx, path("quotes", number), &out)
}

// CreateQuote makes a quote.
func (c *Client) CreateQuote(ctx context.Context, n NewQuote) (Quote, error) {
	var out Quote
	return out, c.Post(ctx, "/quotes", n, &out)
}

// ImportQuote makes a quote from a file.
func (c *Client) ImportQuote(ctx context.Context, f QuoteFile) (Quote, error) {
	var out Quote
	return out, c.Post(ctx, "/quotes/import", f, &out)
}

// ExportQuote writes a quote as a file that an equal one can be made from.
func (c *Client) ExportQuote(ctx context.Context, number string, w io.Writer) error {
	return c.Get(ctx, path("quotes", number, "yaml"), w)
}

// QuotePaper writes the PDF of a quote.
func (c *Client) QuotePaper(ctx context.Context, number string, w io.Writer) error {
	return c.Get(ctx, path("quotes", number, "document"), w)
}

// AnswerQuote accepts, refuses or withdraws a quote; verb is one of these.
func (c *Client) AnswerQuote(ctx context.Context, number, verb string, a QuoteAnswer) (Quote, error) {
	var out Quote
	return out, c.Post(ctx, path("quotes", number, verb), a, &out)
}
