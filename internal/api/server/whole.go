package server

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// streamed ends an answer that was written as it came. Its size is not known before,
// so one that breaks off is told by cutting the connection: the client must not take
// half a file for a whole one.
func (s *Server) streamed(hc huma.Context, w *headOnWrite, what string, err error) {
	switch {
	case err == nil:
	case !w.begun:
		s.refuse(hc, s.problem(hc.Context(), err))
	default:
		s.log.Error(what+" broke off", "error", err)
		panic(http.ErrAbortHandler)
	}
}

// headOnWrite sends the headers with the first byte, so that an error before it can
// still be answered.
type headOnWrite struct {
	hc    huma.Context
	kind  string // content type
	begun bool
}

func (h *headOnWrite) Write(p []byte) (int, error) {
	if !h.begun {
		h.begun = true
		h.hc.SetHeader("Content-Type", h.kind)
		h.hc.SetStatus(http.StatusOK)
	}
	return h.hc.BodyWriter().Write(p)
}
