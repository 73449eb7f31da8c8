package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
)

func (s *Server) registerVersion() {
	handle(s, route{method: http.MethodGet, path: "/version", id: "show-version", summary: "The controller's version, and who the caller is", roles: everyone},
		func(ctx context.Context, _ *struct{}) (*answer[api.Version], error) {
			id := caller(ctx)
			v := s.self
			v.You, v.Role = id.Name, string(id.Role)
			return body(v), nil
		})
}
