package server

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
)

type ContractPath struct {
	Contract string `path:"contract" doc:"a contract's ID, or a client's ID or name: its latest"`
}

func (s *Server) registerContracts() {
	handle(s, route{method: http.MethodGet, path: "/contracts", id: "list-contracts", summary: "Contracts", roles: everyone}, s.listContracts)
	handle(s, route{method: http.MethodPost, path: "/contracts", id: "add-contract", summary: "Sign a contract", roles: billers, status: http.StatusCreated, recorded: true}, s.addContract)
	handle(s, route{method: http.MethodGet, path: "/contracts/{contract}", id: "show-contract", summary: "A contract", roles: everyone}, s.showContract)
	handle(s, route{method: http.MethodPost, path: "/contracts/{contract}/headcounts", id: "set-headcount", summary: "Enter a headcount from a day on", roles: writers, recorded: true}, s.setHeadcount)
	handle(s, route{method: http.MethodPost, path: "/contracts/{contract}/end", id: "end-contract", summary: "End a contract", roles: billers, recorded: true}, s.endContract)
	handle(s, route{method: http.MethodPost, path: "/contracts/{contract}/renewals", id: "renew-contract", summary: "Move a contract to the present version of its offer, for another term", roles: billers, recorded: true}, s.renewContract)
}

func (s *Server) renewContract(ctx context.Context, in *struct {
	ContractPath
	Body api.ContractRenewal
}) (*answer[api.Contract], error) {
	from, err := dateOf("from", in.Body.From)
	if err != nil {
		return nil, err
	}
	k, err := s.Book.Contract(in.Contract)
	if err != nil {
		return nil, err
	}
	k, err = s.Book.Renew(actor(ctx), contract.Renew{Contract: k.ID, From: from, ListPrice: in.Body.ListPrice}, in.Body.DryRun)
	return body(k), err
}

func (s *Server) listContracts(_ context.Context, in *struct {
	Client string `query:"client" doc:"ID or name"`
}) (*answer[[]api.Contract], error) {
	all, err := s.Book.Contracts()
	if err != nil {
		return nil, err
	}
	if in.Client != "" {
		c, err := s.Book.Client(in.Client)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(k contract.Contract) bool { return k.Client != c.ID })
	}
	return body(listed(all)), nil
}

func (s *Server) showContract(_ context.Context, in *ContractPath) (*answer[api.Contract], error) {
	k, err := s.Book.Contract(in.Contract)
	return body(k), err
}

func (s *Server) addContract(ctx context.Context, in *struct{ Body api.NewContract }) (*answer[api.Contract], error) {
	n := in.Body
	start, err := dateOf("start", n.Start)
	if err != nil {
		return nil, err
	}
	k, err := s.Book.Sign(actor(ctx), contract.New{Client: n.Client, Offer: n.Offer, Start: start, Employees: n.Employees, Force: n.Force, Note: n.Note})
	return body(k), err
}

func (s *Server) setHeadcount(ctx context.Context, in *struct {
	ContractPath
	Body api.NewHeadcount
}) (*answer[api.Contract], error) {
	h := in.Body
	from, err := dateOf("from", h.From)
	if err != nil {
		return nil, err
	}
	k, err := s.Book.Contract(in.Contract)
	if err != nil {
		return nil, err
	}
	k, err = s.Book.SetHeadcount(actor(ctx), contract.Change{Contract: k.ID, Force: h.Force, Replace: h.Replace,
		Headcount: contract.Headcount{From: from, Count: h.Employees, Note: h.Note}})
	return body(k), err
}

func (s *Server) endContract(ctx context.Context, in *struct {
	ContractPath
	Body api.ContractEnd
}) (*answer[api.Contract], error) {
	on, err := dateOf("on", in.Body.On)
	if err != nil {
		return nil, err
	}
	noticed, err := dateOf("noticed", in.Body.Noticed)
	if err != nil {
		return nil, err
	}
	k, err := s.Book.Contract(in.Contract)
	if err != nil {
		return nil, err
	}
	k, err = s.Book.End(actor(ctx), contract.End{Contract: k.ID, On: on, Noticed: noticed, Early: contract.EarlyEnd(in.Body.Early), Reason: in.Body.Reason, Replace: in.Body.Replace})
	return body(k), err
}

// dateOf reads a date of the input; empty is no date.
func dateOf(field, s string) (calendar.Date, error) {
	var d calendar.Date
	err := d.UnmarshalText([]byte(s))
	return d, badDay(field, err)
}

// monthOf reads a month of the path.
func monthOf(s string) (calendar.Month, error) {
	m, err := calendar.ParseMonth(s)
	return m, badDay("month", err)
}

func badDay(field string, err error) error {
	if bad, ok := errors.AsType[*calendar.Bad](err); ok {
		return &contract.Invalid{Field: field, Value: bad.Text, Allowed: bad.Why}
	}
	return err
}
