package server

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
)

type MovementPath struct {
	Movement string `path:"movement" doc:"ID, or a beginning of it that no other has"`
}

func (s *Server) registerStatements() {
	handle(s, route{method: http.MethodPost, path: "/statements", id: "import-statement", summary: "Read a statement of the bank, all of it or nothing", roles: billers, limit: sepa.MostStatement + 1<<10, recorded: true}, s.importStatement)
	handle(s, route{method: http.MethodGet, path: "/movements", id: "list-movements", summary: "Movements on the bank account", roles: billers}, s.listMovements)
	handle(s, route{method: http.MethodGet, path: "/movements/proposals", id: "propose-movements", summary: "What each open movement may be about", roles: billers}, s.proposeMovements)
	handle(s, route{method: http.MethodGet, path: "/movements/{movement}", id: "show-movement", summary: "A movement, and what it may be about", roles: billers}, s.showMovement)
	handle(s, route{method: http.MethodPost, path: "/movements/{movement}/confirm", id: "confirm-movement", summary: "Book a movement as what it is", roles: billers, recorded: true}, s.confirmMovement)
	handle(s, route{method: http.MethodPost, path: "/movements/{movement}/ignore", id: "ignore-movement", summary: "Close a movement that is about something else", roles: billers, recorded: true}, s.ignoreMovement)
}

// bankError is what a bank would not take, or what is no file of a bank.
func bankError(err error) *api.Error {
	if e, ok := errors.AsType[*sepa.Invalid](err); ok {
		return &api.Error{Status: http.StatusUnprocessableEntity, Code: api.CodeInvalid, Detail: e.Error()}
	}
	return nil
}

func (s *Server) importStatement(ctx context.Context, in *struct {
	RawBody []byte `contentType:"application/octet-stream"`
}) (*answer[api.Imported], error) {
	got, err := s.Bills.ImportStatement(actor(ctx), bytes.NewReader(in.RawBody))
	return body(got), err
}

func (s *Server) listMovements(_ context.Context, in *struct {
	State string `query:"state" doc:"open, booked, back or ignored; left out: all" enum:"open,booked,back,ignored"`
}) (*answer[[]api.Movement], error) {
	all, err := s.Bills.Movements(billing.State(in.State))
	return body(listed(all)), err
}

func (s *Server) proposeMovements(context.Context, *struct{}) (*answer[[]api.Readings], error) {
	all, err := s.Bills.Propose()
	return body(listed(all)), err
}

func (s *Server) showMovement(_ context.Context, in *MovementPath) (*answer[api.Readings], error) {
	r, err := s.Bills.Reading(in.Movement)
	return body(r), err
}

func (s *Server) confirmMovement(ctx context.Context, in *struct {
	MovementPath
	Body api.Choice
}) (*answer[api.Movement], error) {
	b := in.Body
	m, err := s.Bills.Confirm(actor(ctx), in.Movement, billing.Choice{Invoices: b.Invoices, KeepRest: b.KeepRest, Again: b.Again, Batch: b.Batch, Undo: b.Payment})
	return body(m), err
}

func (s *Server) ignoreMovement(ctx context.Context, in *struct {
	MovementPath
	Body api.Reason
}) (*answer[api.Movement], error) {
	m, err := s.Bills.Ignore(actor(ctx), in.Movement, in.Body.Reason)
	return body(m), err
}
