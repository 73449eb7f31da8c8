package api

import (
	"context"
	"io"

	"codeberg.org/accolade/accolade/internal/billing/margin"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/report"
)

// Margins are what contracts earn, as of a day. Amounts are integer cents before tax.
type Margins struct {
	On        string           `json:"on"`
	Contracts []ContractMargin `json:"contracts"`
	Common    *ContractMargin  `json:"common,omitempty" doc:"what no contract bears; absent where one client was asked for"`
	All       *ContractMargin  `json:"all,omitempty" doc:"the sum; absent where one client was asked for"`
}

// ContractMargin is what one contract earns.
type ContractMargin struct {
	margin.Margin
	Earned     money.Cents `json:"margin" doc:"to date"`
	EndMargin  money.Cents `json:"margin_at_end" doc:"on the last day that the client is committed to"`
	NotRenewed money.Cents `json:"not_renewed" doc:"the same, if the client leaves that day and the machine is never used again"`
}

// MarginOf adds the sums that people look at.
func MarginOf(m margin.Margin) ContractMargin {
	return ContractMargin{m, m.ToDate.Margin(), m.AtEnd.Margin(), m.NotRenewed()}
}

// Hardware is what a machine cost.
type Hardware = report.Hardware

// NewHardware is what is told of a machine.
type NewHardware struct {
	Box       string   `json:"box,omitempty" doc:"that it is"`
	Contracts []string `json:"contracts,omitempty" doc:"that share it; left out: those of the box's clients"`
	Price     string   `json:"price" doc:"euros before tax, as bought" example:"350.00"`
	Age       int      `json:"age" doc:"months since its making, on the day from"`
	From      string   `json:"from,omitempty" doc:"the day on which it came into service" example:"2026-09-15"`
	Until     string   `json:"until,omitempty" doc:"the day on which it was given up"`
}

// Margin shows what contracts earn, of one client or all.
func (c *Client) Margin(ctx context.Context, client string) (Margins, error) {
	var out Margins
	return out, c.Get(ctx, withQuery("/margin", "client", client), &out)
}

// MarginChart writes the picture of a contract's margin, or of all, as SVG.
func (c *Client) MarginChart(ctx context.Context, contract string, w io.Writer) error {
	return c.Get(ctx, withQuery("/margin/chart", "contract", contract), w)
}

// Hardware lists what machines cost.
func (c *Client) Hardware(ctx context.Context) ([]Hardware, error) {
	var out []Hardware
	return out, c.Get(ctx, "/hardware", &out)
}

// SetHardware keeps what a machine cost.
func (c *Client) SetHardware(ctx context.Context, name string, h NewHardware) (Hardware, error) {
	var out Hardware
	return out, c.Put(ctx, path("hardware", name), h, &out)
}

// RemoveHardware forgets a machine.
func (c *Client) RemoveHardware(ctx context.Context, name string) error {
	return c.Delete(ctx, path("hardware", name))
}
