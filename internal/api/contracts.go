package api

import (
	"context"
	"io"
	"strconv"

	"codeberg.org/accolade/accolade/internal/billing/agreement"
	"codeberg.org/accolade/accolade/internal/contract"
)

// Contract is what a client signed.
type Contract = contract.Contract

// NewContract asks for a contract. Dates are `2026-09-15`.
type NewContract struct {
	Client    string `json:"client" doc:"ID or name"`
	Offer     string `json:"offer"`
	Start     string `json:"start" doc:"first day"`
	Employees int    `json:"employees,omitempty" doc:"or seats; none for offers without a monthly price"`
	Force     bool   `json:"force,omitempty" doc:"allow more than 25"`
	Note      string `json:"note,omitempty" doc:"why more than 25 is right"`
}

// NewHeadcount says how many employees count from a day on.
type NewHeadcount struct {
	Employees int    `json:"employees"`
	From      string `json:"from"`
	Replace   bool   `json:"replace,omitempty" doc:"of one with the same day"`
	Force     bool   `json:"force,omitempty"`
	Note      string `json:"note,omitempty"`
}

// ContractEnd ends a contract.
type ContractEnd struct {
	On      string `json:"on" doc:"the last day"`
	Early   string `json:"early,omitempty" doc:"bill or waive what is left until the term and the end of the notice period; empty: as the offer says"`
	Reason  string `json:"reason,omitempty" doc:"why what is left is waived; needed where the offer bills it"`
	Noticed string `json:"noticed,omitempty" doc:"the day on which notice was given; empty: today"`
	Replace bool   `json:"replace,omitempty" doc:"of an end that was entered before"`
}

// ContractRenewal moves a contract to the present version of its offer.
type ContractRenewal struct {
	From      string `json:"from,omitempty" doc:"an anniversary after the term; empty: the first in a month that has not passed"`
	ListPrice bool   `json:"list_price,omitempty" doc:"the price list's price in spite of an indexation that was agreed"`
	DryRun    bool   `json:"dry_run,omitempty" doc:"answer with the contract as it would be, and keep nothing"`
}

// Contracts lists contracts; of one client, if it is not empty.
func (c *Client) Contracts(ctx context.Context, client string) ([]Contract, error) {
	var out []Contract
	return out, c.Get(ctx, withQuery("/contracts", "client", client), &out)
}

// Contract finds a contract by its ID, or by its client: the latest.
func (c *Client) Contract(ctx context.Context, ref string) (Contract, error) {
	var out Contract
	return out, c.Get(ctx, path("contracts", ref), &out)
}

// AddContract signs a contract.
func (c *Client) AddContract(ctx context.Context, n NewContract) (Contract, error) {
	var out Contract
	return out, c.Post(ctx, "/contracts", n, &out)
}

// SetHeadcount enters a headcount from a day on.
func (c *Client) SetHeadcount(ctx context.Context, ref string, h NewHeadcount) (Contract, error) {
	var out Contract
	return out, c.Post(ctx, path("contracts", ref, "headcounts"), h, &out)
}

// EndContract ends a contract.
func (c *Client) EndContract(ctx context.Context, ref string, e ContractEnd) (Contract, error) {
	var out Contract
	return out, c.Post(ctx, path("contracts", ref, "end"), e, &out)
}

// RenewContract moves a contract to the present version of its offer, for another term.
func (c *Client) RenewContract(ctx context.Context, ref string, r ContractRenewal) (Contract, error) {
	var out Contract
	return out, c.Post(ctx, path("contracts", ref, "renewals"), r, &out)
}

// ContractPaper is the latest paper of a contract, and what one of today would say
// differently.
type ContractPaper = agreement.Made

// PaperRequest has a contract have its paper.
type PaperRequest struct {
	Anew bool `json:"anew,omitempty" doc:"make the next version, which says what has changed"`
}

// MakeContractPaper makes the first paper of a contract, or the next version, or finds the
// one that there is.
func (c *Client) MakeContractPaper(ctx context.Context, ref string, r PaperRequest) (ContractPaper, error) {
	var out ContractPaper
	return out, c.Post(ctx, path("contracts", ref, "papers"), r, &out)
}

// ContractDocument writes the PDF of a version of a contract's paper; 0 is the latest.
func (c *Client) ContractDocument(ctx context.Context, ref string, version int, w io.Writer) error {
	return c.Get(ctx, withQuery(path("contracts", ref, "document"), "version", strconv.Itoa(version)), w)
}
