package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing/paper"
)

func (s *Server) registerAgreements() {
	handle(s, route{method: http.MethodPost, path: "/contracts/{contract}/papers", id: "make-contract-paper", summary: "Have a contract have its paper, and tell what has changed since that was made", roles: writers}, s.makePaper)
	handle(s, route{method: http.MethodGet, path: "/contracts/{contract}/document", id: "contract-document", summary: "The PDF of a contract, to sign, as it was made", roles: everyone}, s.contractDocument)
}

func (s *Server) makePaper(ctx context.Context, in *struct {
	ContractPath
	Body api.PaperRequest
}) (*answer[api.ContractPaper], error) {
	k, err := s.Book.Contract(in.Contract)
	if err != nil {
		return nil, err
	}
	made, err := s.Agreements.Make(actor(ctx), k.ID, in.Body.Anew)
	return body(made), err
}

func (s *Server) contractDocument(_ context.Context, in *struct {
	ContractPath
	Version int `query:"version" minimum:"0" doc:"0: the latest"`
}) (*file, error) {
	k, err := s.Book.Contract(in.Contract)
	if err != nil {
		return nil, err
	}
	p, err := s.Agreements.Paper(k.ID, in.Version)
	if err != nil {
		return nil, err
	}
	pdf, err := paper.Contract(p)
	if err != nil {
		return nil, err
	}
	return &file{"application/pdf", `attachment; filename="` + p.Name() + `.pdf"`, pdf}, nil
}
