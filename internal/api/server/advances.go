package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

func (s *Server) registerAdvances() {
	handle(s, route{method: http.MethodGet, path: "/contracts/{contract}/advances", id: "list-advances", summary: "Deposits that were invoiced on a contract, and what took them off", roles: everyone}, s.listAdvances)
	handle(s, route{method: http.MethodPost, path: "/contracts/{contract}/advances/preview", id: "preview-advance", summary: "What a deposit invoice would say; changes nothing", roles: billers}, s.previewAdvance)
	handle(s, route{method: http.MethodPost, path: "/contracts/{contract}/advances", id: "issue-advance", summary: "Issue a deposit invoice, for good", roles: billers, status: http.StatusCreated, recorded: true}, s.issueAdvance)
}

func (s *Server) listAdvances(_ context.Context, in *ContractPath) (*answer[[]api.Advance], error) {
	k, err := s.Book.Contract(in.Contract)
	if err != nil {
		return nil, err
	}
	all, err := s.Bills.Advances(k.ID)
	return body(listed(all)), err
}

type advanceBody struct {
	ContractPath
	Body api.NewAdvance
}

// advance reads the order of a deposit invoice.
func (s *Server) advance(in *advanceBody) (x billing.AdvanceInput, err error) {
	n := in.Body
	x = billing.AdvanceInput{Text: n.Text, Again: n.Again}
	if x.Net, err = money.ParseCents(n.Amount); err != nil {
		return x, &contract.Invalid{Field: "amount", Value: n.Amount, Allowed: "want euros such as 500 or 49.50"}
	}
	if x.Category, x.Rate, x.Exemption, err = taxed(n.VATChoice); err != nil {
		return x, err
	}
	if n.Due != "" {
		if x.Due, err = calendar.Parse(n.Due); err != nil {
			return x, &contract.Invalid{Field: "due", Value: n.Due, Allowed: "want a day such as 2026-10-14"}
		}
	}
	k, err := s.Book.Contract(in.Contract)
	x.Contract = k.ID
	return x, err
}

func (s *Server) previewAdvance(_ context.Context, in *advanceBody) (*answer[api.Invoice], error) {
	x, err := s.advance(in)
	if err != nil {
		return nil, err
	}
	inv, err := s.Bills.PreviewAdvance(x)
	return body(api.Invoice{Invoice: inv}), err
}

func (s *Server) issueAdvance(ctx context.Context, in *advanceBody) (*answer[api.Invoice], error) {
	x, err := s.advance(in)
	if err != nil {
		return nil, err
	}
	inv, err := s.Bills.IssueAdvance(actor(ctx), x)
	return body(api.Invoice{Invoice: inv}), err
}
