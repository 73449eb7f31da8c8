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
	w := &headOnWrite{hc: hc}
	// The size is not known before, so a copy that breaks off is told by cutting the
	// connection: the client must not take half a file for a whole one.
	if _, err := s.Store.Copy(w); err != nil {
		if !w.begun {
			s.refuse(hc, s.problem(hc.Context(), err))
			return
		}
		s.log.Error("copy of the store broke off", "error", err)
		panic(http.ErrAbortHandler)
	}
}

// headOnWrite sends the headers with the first byte, so that an error before it can
// still be answered.
type headOnWrite struct {
	hc    huma.Context
	begun bool
}

func (h *headOnWrite) Write(p []byte) (int, error) {
	if !h.begun {
		h.begun = true
		h.hc.SetHeader("Content-Type", "application/octet-stream")
		h.hc.SetStatus(http.StatusOK)
	}
	return h.hc.BodyWriter().Write(p)
}
