package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
)

func (s *Server) registerConfig() {
	handle(s, route{method: http.MethodGet, path: "/config", id: "show-config", summary: "Settings of the controller, and where each comes from", roles: everyone},
		func(context.Context, *struct{}) (*answer[[]api.Setting], error) {
			out := make([]api.Setting, len(s.Origins))
			for i, o := range s.Origins {
				out[i] = api.Setting{Key: o.Key, Value: o.Value, Source: o.Source}
			}
			return body(out), nil
		})
}
