package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
)

func (s *Server) registerSchedule() {
	handle(s, route{method: http.MethodGet, path: "/schedule", id: "list-schedule", summary: "What runs regularly: last and next time", roles: everyone}, s.listSchedule)
}

func (s *Server) listSchedule(context.Context, *struct{}) (*answer[[]api.Scheduled], error) {
	list, err := s.Schedule.List()
	if err != nil {
		return nil, err
	}
	out := make([]api.Scheduled, len(list))
	for i, e := range list {
		out[i] = api.Scheduled(e)
	}
	return body(out), nil
}
