package server

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/store"
)

// route declares one call. GET routes only look; all others are mutating and are
// recorded in the audit, refused ones too.
type route struct {
	method  string // http.MethodGet, …
	path    string // below api.Prefix, such as "/clients/{client}"
	id      string // verb and noun, such as "add-client"; the audit's action
	summary string
	roles   []Role
	status  int   // of success; 0 is 200, or 204 if there is no body
	limit   int64 // largest body in bytes; 0 is bodyLimit
	// discloses says that the answer holds a secret: without its audit record it is not
	// given.
	discloses bool
	// recorded says that the domain keeps the audit record of a success itself, in
	// the transaction of the change. Refusals and failures are always recorded here.
	recorded bool
}

// answer is a handler's result with a JSON body.
type answer[T any] struct{ Body T }

// body wraps v: return body(v), nil.
func body[T any](v T) *answer[T] { return &answer[T]{Body: v} }

// empty is a handler's result without a body (204).
type empty struct{}

// handle registers a route. The input's fields are tagged for package huma (path,
// query, header, Body) and validated before h runs; a path parameter never arrives
// empty. h returns domain errors as they are: problem turns them into documents.
func handle[I, O any](s *Server, r route, h func(context.Context, *I) (*O, error)) {
	huma.Register(s.api, s.declare(r), func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if lost := s.record(ctx, r, err); lost != nil {
			s.log.Error("audit record lost", "action", r.id, "error", lost)
			if r.discloses && err == nil {
				err = lost // nobody is told what the audit does not know of
			}
		}
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// declare turns a route into huma's operation, with the check of its roles.
func (s *Server) declare(r route) huma.Operation {
	s.routes[r.id] = r
	noun, _, _ := strings.Cut(strings.TrimPrefix(r.path, "/"), "/")
	op := huma.Operation{
		OperationID: r.id, Method: r.method, Path: api.Prefix + r.path, Summary: r.summary, Tags: []string{noun},
		DefaultStatus: r.status, MaxBodyBytes: r.limit, BodyReadTimeout: time.Minute,
		Security:   []map[string][]string{{"token": {}}},
		Extensions: map[string]any{"x-roles": r.roles},
		Errors:     []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
	}
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = bodyLimit
	}
	op.Middlewares = huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		note := &noted{action: r.id}
		marked, done := s.clock.Work(context.WithValue(ctx.Context(), notedKey{}, note))
		defer done()
		u := ctx.URL()
		note.object = strings.TrimPrefix(u.Path, api.Prefix+"/")
		if refused := allowed(caller(marked), r); refused != nil {
			if err := s.record(marked, r, refused); err != nil {
				s.log.Error("audit record lost", "action", r.id, "error", err)
			}
			s.refuse(ctx, refused)
			return
		}
		next(huma.WithContext(ctx, marked))
	}}
	return op
}

// refuse answers with a problem from within a middleware.
func (s *Server) refuse(ctx huma.Context, e *api.Error) {
	ctx.SetHeader("Content-Type", "application/problem+json")
	ctx.SetStatus(e.Status)
	if err := s.api.Marshal(ctx.BodyWriter(), "application/json", e); err != nil {
		s.log.Debug("answer not written", "error", err)
	}
}

// Recorded is what the audit learns of a mutating call.
type Recorded struct {
	Who, From string
	Action    string // the route's id
	Object    string // what it was done on, such as clients/kiosk
	Result    string // ok, refused, failed
	Detail    string // code and reason of a refusal, or what the handler noted
}

type notedKey struct{}

type noted struct {
	action string // the route's id

	mu             sync.Mutex
	object, detail string
	kept           bool // the record of the success is in the store
}

// note tells the audit what the call was done on, and more about it. Either may be
// empty. Without it the object is the request's path.
func note(ctx context.Context, object, detail string) {
	n, ok := ctx.Value(notedKey{}).(*noted)
	if !ok {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if object != "" {
		n.object = object
	}
	if detail != "" {
		n.detail = detail
	}
}

// recordTx returns what a service runs in the transaction of its change: it writes the
// audit record of the call's success, so that no crash parts the two.
func (s *Server) recordTx(ctx context.Context) func(store.Tx) error {
	return func(tx store.Tx) error {
		n, ok := ctx.Value(notedKey{}).(*noted)
		if !ok || s.audit == nil {
			return nil
		}
		id := caller(ctx)
		n.mu.Lock()
		rec := Recorded{Who: id.Name, From: id.From, Action: n.action, Object: n.object, Detail: n.detail, Result: "ok"}
		n.mu.Unlock()
		store.OnCommit(tx, func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.kept = true
		})
		return s.audit(tx, rec)
	}
}

// record writes down what came of a mutating call, unless the change itself brought
// the record with it.
func (s *Server) record(ctx context.Context, r route, err error) error {
	if r.method == http.MethodGet || s.audit == nil || r.recorded && err == nil {
		return nil
	}
	id := caller(ctx)
	rec := Recorded{Who: id.Name, From: id.From, Action: r.id, Result: "ok"}
	if n, ok := ctx.Value(notedKey{}).(*noted); ok {
		n.mu.Lock()
		rec.Object, rec.Detail = n.object, n.detail
		kept := n.kept
		n.mu.Unlock()
		if kept && err == nil {
			return nil
		}
	}
	if err != nil {
		p := explain(err)
		rec.Result, rec.Detail = "refused", p.Code+": "+p.Detail
		if p.Status >= http.StatusInternalServerError {
			rec.Result = "failed"
		}
	}
	return s.Store.Update(func(tx store.Tx) error { return s.audit(tx, rec) })
}
