package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"codeberg.org/accolade/accolade/internal/clock"
)

// sender writes one event. id is what a follower that reconnects comes back with.
type sender func(id, name string, data any) error

// stream registers a route of server-sent events. h runs until the follower hangs
// up (ctx ends) or nothing more will come, and then returns; an error before the
// first event becomes a problem document. While h runs its ctx carries a mark of
// work: it waits for events under clock.Idle. event documents the data's type.
func stream[I any, E any](s *Server, r route, h func(ctx context.Context, in *I, send sender) error) {
	op := s.declare(r)
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[E](), true, r.id)
	op.Responses = map[string]*huma.Response{"200": {Description: "events, until nothing more will come",
		Content: map[string]*huma.MediaType{"text/event-stream": {Schema: schema}}}}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			ctx, cancel := context.WithCancel(hc.Context())
			defer cancel()
			defer context.AfterFunc(s.stopping, cancel)()
			w := &eventWriter{hc: hc}
			w.noReadDeadline()
			if err := h(ctx, in, w.send); err != nil && !w.begun {
				s.refuse(hc, s.problem(ctx, err))
			} else if err != nil && ctx.Err() == nil {
				s.log.Warn("event stream ended early", "route", r.id, "error", err)
			}
		}}, nil
	})
}

// eventWriteTimeout is how long a follower may leave an event unread.
const eventWriteTimeout = 30 * time.Second

type eventWriter struct {
	hc    huma.Context
	begun bool
}

// noReadDeadline lifts the server's limit on reading a request, which would cut a
// stream that lives longer.
func (e *eventWriter) noReadDeadline() {
	if w, ok := e.hc.BodyWriter().(http.ResponseWriter); ok {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // only test recorders have none
	}
}

func (e *eventWriter) send(id, name string, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("event %s: %w", name, err)
	}
	w, ok := e.hc.BodyWriter().(http.ResponseWriter)
	if !ok {
		return fmt.Errorf("event %s: the connection cannot stream", name)
	}
	control := http.NewResponseController(w)
	if !e.begun {
		e.begun = true
		e.hc.SetHeader("Content-Type", "text/event-stream")
		e.hc.SetHeader("Cache-Control", "no-store")
		e.hc.SetStatus(http.StatusOK)
	}
	if err := control.SetWriteDeadline(clock.Real().Now().Add(eventWriteTimeout)); err != nil {
		return fmt.Errorf("event %s: %w", name, err)
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	if _, err := io.WriteString(w, id+"event: "+name+"\ndata: "+string(b)+"\n\n"); err != nil {
		return err
	}
	return control.Flush()
}
