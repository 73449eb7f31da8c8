package server

import (
	"context"
	"net/http"
	"strconv"

	"codeberg.org/accolade/accolade/internal/operation"
)

func (s *Server) registerOperations() {
	handle(s, route{method: http.MethodGet, path: "/operations", id: "list-operations", summary: "Operations, newest first", roles: everyone}, s.listOperations)
	handle(s, route{method: http.MethodGet, path: "/operations/{id}", id: "show-operation", summary: "One operation with its steps", roles: everyone}, s.showOperation)
	handle(s, route{method: http.MethodPost, path: "/operations/{id}/cancel", id: "cancel-operation", summary: "End an operation; what was done is undone", roles: writers}, s.cancelOperation)
	handle(s, route{method: http.MethodPost, path: "/operations/{id}/retry", id: "retry-operation", summary: "Have an operation that failed go on", roles: writers}, s.retryOperation)
	stream[operationFollow, operation.Event](s, route{method: http.MethodGet, path: "/operations/{id}/events", id: "follow-operation", summary: "What happens to an operation, until it has ended", roles: everyone}, s.followOperation)
}

// operationPage is how many operations a list holds at most.
const operationPage = 500

type operationFilter struct {
	Subject string `query:"subject" doc:"such as server/horizon"`
	Kind    string `query:"kind" doc:"such as server.provision"`
	All     bool   `query:"all" doc:"those that ended too"`
	Limit   int    `query:"limit" minimum:"0" maximum:"500" doc:"0 is 500"`
}

func (s *Server) listOperations(_ context.Context, in *operationFilter) (*answer[[]operation.Operation], error) {
	f := operation.Filter{Subject: in.Subject, Kind: in.Kind, Limit: in.Limit, Open: !in.All}
	if f.Limit == 0 {
		f.Limit = operationPage
	}
	list, err := s.Operations.List(f)
	if list == nil {
		list = []operation.Operation{}
	}
	return body(list), err
}

type operationID struct {
	ID string `path:"id" example:"000042"`
}

func (s *Server) showOperation(_ context.Context, in *operationID) (*answer[operation.Operation], error) {
	op, err := s.Operations.Get(in.ID)
	return body(op), err
}

func (s *Server) cancelOperation(ctx context.Context, in *operationID) (*answer[operation.Operation], error) {
	if err := s.Operations.Cancel(in.ID, operationActor(ctx)); err != nil {
		return nil, err
	}
	op, err := s.Operations.Get(in.ID)
	return body(op), err
}

func (s *Server) retryOperation(ctx context.Context, in *operationID) (*answer[operation.Operation], error) {
	op, err := s.Operations.Retry(in.ID, operationActor(ctx))
	return body(op), err
}

// operationActor is the caller as operations name them.
func operationActor(ctx context.Context) operation.Actor {
	id := caller(ctx)
	return operation.Actor{By: id.Name, From: id.From}
}

type operationFollow struct {
	ID    string `path:"id" example:"000042"`
	After string `header:"Last-Event-ID" doc:"number of the last event seen"`
}

func (s *Server) followOperation(ctx context.Context, in *operationFollow, send sender) error {
	after, err := strconv.ParseUint(in.After, 10, 64)
	if err != nil {
		after = 0 // a number that is not ours: begin with the state now
	}
	for ev, err := range s.Operations.Follow(ctx, in.ID, after) {
		if err != nil {
			return err
		}
		if err := send(strconv.FormatUint(ev.Seq, 10), string(ev.Kind), ev); err != nil {
			return err
		}
	}
	return nil
}
