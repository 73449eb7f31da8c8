package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing/margin/chart"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/report"
)

func (s *Server) registerMargin() {
	handle(s, route{method: http.MethodGet, path: "/margin", id: "show-margin", summary: "What contracts earn, and what is lost if a client leaves", roles: billers}, s.showMargin)
	handle(s, route{method: http.MethodGet, path: "/margin/chart", id: "margin-chart", summary: "The margin of a contract, or of all, as SVG", roles: billers}, s.marginChart)
	handle(s, route{method: http.MethodGet, path: "/hardware", id: "list-hardware", summary: "What machines cost", roles: billers}, s.listHardware)
	handle(s, route{method: http.MethodPut, path: "/hardware/{hardware}", id: "set-hardware", summary: "Keep what a machine cost, and whom it serves", roles: billers, recorded: true}, s.setHardware)
	handle(s, route{method: http.MethodDelete, path: "/hardware/{hardware}", id: "remove-hardware", summary: "Forget a machine that was entered by mistake", roles: billers, recorded: true}, s.removeHardware)
}

func (s *Server) showMargin(_ context.Context, in *struct {
	Client string `query:"client" doc:"of this client alone"`
}) (*answer[api.Margins], error) {
	var id string
	if in.Client != "" {
		c, err := s.Book.Client(in.Client)
		if err != nil {
			return nil, err
		}
		id = c.ID
	}
	r, err := s.Reports.Margin()
	if err != nil {
		return nil, err
	}
	out := api.Margins{On: r.On.String(), Contracts: []api.ContractMargin{}}
	for _, m := range r.Contracts {
		if id == "" || m.Client == id {
			out.Contracts = append(out.Contracts, api.MarginOf(m))
		}
	}
	if id == "" {
		common, all := api.MarginOf(r.Common), api.MarginOf(r.All)
		out.Common, out.All = &common, &all
	}
	return body(out), nil
}

func (s *Server) marginChart(_ context.Context, in *struct {
	Contract string `query:"contract" doc:"a contract, or a client: its latest; left out: all"`
}) (*file, error) {
	var of contract.Contract
	if in.Contract != "" {
		var err error
		if of, err = s.Book.Contract(in.Contract); err != nil {
			return nil, err
		}
	}
	r, err := s.Reports.Margin()
	if err != nil {
		return nil, err
	}
	title, m := "Tous les contrats", r.All
	for _, one := range r.Contracts {
		if one.Contract == of.ID {
			title, m = one.Name+" ("+one.Contract+")", one
		}
	}
	return &file{"image/svg+xml", `inline; filename="marge.svg"`, chart.SVG(title, m, r.On)}, nil
}

func (s *Server) listHardware(context.Context, *struct{}) (*answer[[]api.Hardware], error) {
	all, err := s.Reports.Hardware()
	return body(listed(all)), err
}

func (s *Server) setHardware(ctx context.Context, in *struct {
	Hardware string `path:"hardware" example:"kerlann"`
	Body     api.NewHardware
}) (*answer[api.Hardware], error) {
	n := in.Body
	h := report.Hardware{Name: in.Hardware, Box: n.Box, Contracts: n.Contracts, Age: n.Age}
	var err error
	if h.Price, err = money.ParseCents(n.Price); err != nil {
		return nil, &contract.Invalid{Field: "price", Value: n.Price, Allowed: "want euros such as 350 or 349.50"}
	}
	for field, day := range map[string]struct {
		text string
		into *calendar.Date
	}{"from": {n.From, &h.From}, "until": {n.Until, &h.Until}} {
		if day.text == "" {
			continue
		}
		if *day.into, err = calendar.Parse(day.text); err != nil {
			return nil, badDay(field, err)
		}
	}
	h, err = s.Reports.SetHardware(actor(ctx), h)
	return body(h), err
}

func (s *Server) removeHardware(ctx context.Context, in *struct {
	Hardware string `path:"hardware"`
}) (*struct{}, error) {
	return nil, s.Reports.RemoveHardware(actor(ctx), in.Hardware)
}
