package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func (s *Server) registerStore() {
	op := s.declare(route{method: http.MethodGet, path: "/store/copy", id: "copy-store", summary: "A consistent copy of the controller's store (sealed secrets stay sealed)", roles: adminOnly})
	op.Responses = map[string]*huma.Response{"200": {Description: "the file, as accoladed restore takes it",
		Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}
	huma.Register(s.api, op, func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: s.copyStore}, nil
	})
}

func (s *Server) copyStore(hc huma.Context) {
	w := &headOnWrite{hc: hc, kind: "application/octet-stream"}
	_, err := s.Store.Copy(w)
	s.streamed(hc, w, "copy of the store", err)
}
