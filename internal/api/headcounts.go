package api

import (
	"context"

	"codeberg.org/accolade/accolade/internal/contract"
)

// SeenHeadcount is what was seen of a contract on its client's servers, and what is billed.
type SeenHeadcount struct {
	contract.Compared
	Unseen string `json:"unseen,omitempty" doc:"why the servers could not be asked just now"`
}

// HeadcountAnswer decides a proposal.
type HeadcountAnswer struct {
	From   string `json:"from,omitempty" doc:"of a yes: the present count from this day on; empty: each count from the first day it was seen"`
	Force  bool   `json:"force,omitempty" doc:"allow more than 25"`
	Note   string `json:"note,omitempty" doc:"why more than 25 is right"`
	Reason string `json:"reason,omitempty" doc:"of a no"`
}

// LeftOut names the accounts of a contract's client that are no employees.
type LeftOut struct {
	Accounts []string `json:"accounts" doc:"all of them: it replaces what was said before" maxItems:"100"`
}

// AccountGroup says which group of a server holds a contract's accounts; both empty: none.
type AccountGroup = contract.AccountGroup

// Headcounts are what the last look saw, by contract.
func (c *Client) Headcounts(ctx context.Context) ([]SeenHeadcount, error) {
	var out []SeenHeadcount
	return out, c.Get(ctx, "/headcounts", &out)
}

// CheckHeadcounts asks the servers now: of one client, or of all.
func (c *Client) CheckHeadcounts(ctx context.Context, client string) ([]SeenHeadcount, error) {
	var out []SeenHeadcount
	return out, c.Post(ctx, withQuery("/headcounts/check", "client", client), nil, &out)
}

// AcceptHeadcount books what was seen.
func (c *Client) AcceptHeadcount(ctx context.Context, contract string, a HeadcountAnswer) (Contract, error) {
	var out Contract
	return out, c.Post(ctx, path("headcounts", contract, "accept"), a, &out)
}

// DismissHeadcount says that what is billed is right.
func (c *Client) DismissHeadcount(ctx context.Context, contract string, a HeadcountAnswer) (SeenHeadcount, error) {
	var out SeenHeadcount
	return out, c.Post(ctx, path("headcounts", contract, "dismiss"), a, &out)
}

// LeaveOut says which accounts are no employees.
func (c *Client) LeaveOut(ctx context.Context, contract string, l LeftOut) (Contract, error) {
	var out Contract
	return out, c.Put(ctx, path("headcounts", contract, "left-out"), l, &out)
}

// GroupAccounts says which group of a shared server holds a contract's accounts.
func (c *Client) GroupAccounts(ctx context.Context, contract string, g AccountGroup) (Contract, error) {
	var out Contract
	return out, c.Put(ctx, path("headcounts", contract, "group"), g, &out)
}
