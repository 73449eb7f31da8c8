package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/operation"
)

type MonthPath struct {
	Month string `path:"month" example:"2026-09"`
}

func (s *Server) registerMonths() {
	handle(s, route{method: http.MethodGet, path: "/months", id: "list-months", summary: "Finalised months", roles: everyone}, s.listMonths)
	handle(s, route{method: http.MethodGet, path: "/months/{month}", id: "show-month", summary: "Preview a month, or show it once it is finalised", roles: everyone}, s.showMonth)
	handle(s, route{method: http.MethodPost, path: "/months/{month}/finalise", id: "finalise-month", summary: "Make a month's drafts invoices, for good", roles: billers, status: http.StatusAccepted, recorded: true}, s.finaliseMonth)
}

func (s *Server) listMonths(context.Context, *struct{}) (*answer[[]api.FinalisedMonth], error) {
	all, err := s.Bills.Months()
	return body(listed(all)), err
}

func (s *Server) showMonth(_ context.Context, in *struct {
	MonthPath
	SoFar bool `query:"so_far" doc:"look at a month that has not ended, up to today"`
}) (*answer[api.MonthView], error) {
	m, err := monthOf(in.Month)
	if err != nil {
		return nil, err
	}
	p, err := s.Bills.Preview(m, in.SoFar)
	if err != nil {
		return nil, err
	}
	v := monthView(p)
	deposits, err := s.Bills.DepositInvoices(m)
	if err != nil {
		return nil, err
	}
	for _, inv := range deposits {
		v.Deposits = append(v.Deposits, api.Invoice{Invoice: inv})
	}
	notes, err := s.Bills.CreditNotes(m)
	for _, note := range notes {
		v.Notes = append(v.Notes, api.Invoice{Invoice: note})
	}
	return body(v), err
}

func monthView(p billing.Preview) api.MonthView {
	v := api.MonthView{Month: p.Month.String(), Finalised: p.Finalised, SoFar: p.SoFar.String(), First: p.First.String(), Invoices: []api.Invoice{}}
	for _, d := range p.Drafts {
		v.Invoices = append(v.Invoices, api.Invoice{Invoice: d.Invoice, Held: d.Held})
	}
	v.Net, v.Tax, v.Total = p.Sums()
	if p.Finalised == nil {
		v.Missing, v.Unready = p.Missing, p.Unready
	}
	return v
}

// finaliseMonth refuses at once what the operation would refuse.
func (s *Server) finaliseMonth(ctx context.Context, in *MonthPath) (*answer[operation.Operation], error) {
	m, err := monthOf(in.Month)
	if err != nil {
		return nil, err
	}
	if err := s.Bills.Check(m); err != nil {
		return nil, err
	}
	op, err := s.Operations.Start(ctx, billing.Request(billing.FinaliseInput{Month: m}, actor(ctx)))
	return body(op), err
}
