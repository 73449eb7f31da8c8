package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/clock"
)

// recovered logs each call, and turns a panic into an internal error of this one
// call: a bug in one handler must not stop the nightly backups.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(api.VersionHeader, s.self.Version)
		seen := &statusWriter{ResponseWriter: w}
		start := clock.Real().Now() // how long an answer took is a matter of the machine, never of simulated time
		defer func() {
			if p := recover(); p != nil {
				if p == any(http.ErrAbortHandler) { //nolint:errorlint // net/http compares it so
					panic(p) // the standard way to cut a connection
				}
				s.log.Error("panic in a handler", "method", r.Method, "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				if seen.status == 0 {
					writeProblem(seen, s.problem(r.Context(), fmt.Errorf("panic: %v", p)))
				}
			}
			s.log.Debug("call", "method", r.Method, "path", r.URL.Path, "status", seen.status, "took", clock.Real().Now().Sub(start))
		}()
		next.ServeHTTP(seen, r)
	})
}

// limited bounds time for calls that are no streams. Bodies are bounded per route.
func (s *Server) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > hardBodyLimit {
			writeProblem(w, &api.Error{Status: http.StatusRequestEntityTooLarge, Code: api.CodeTooLarge, Detail: fmt.Sprintf("a body of %d bytes is larger than anything this API takes (%d)", r.ContentLength, hardBodyLimit)})
			return
		}
		if !utf8.ValidString(r.URL.Path) || !validQuery(r.URL.RawQuery) {
			writeProblem(w, &api.Error{Status: http.StatusBadRequest, Code: api.CodeInvalid, Detail: "the address is not UTF-8", Fix: "send names in UTF-8, percent-encoded"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, hardBodyLimit)
		if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// drained reads what a call left of its body, within the limits on size and time: a
// caller who still sends when the connection is closed never sees why it was refused.
func drained(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := r.Body
		r.Body = io.NopCloser(body) // package huma closes it
		next.ServeHTTP(w, r)
		_, _ = io.Copy(io.Discard, body) // the answer is given already
	})
}

// validQuery tells whether names and values of a query are UTF-8.
func validQuery(raw string) bool {
	text, err := url.QueryUnescape(raw)
	return err != nil || utf8.ValidString(text) // what is no query at all is refused later
}

// hardBodyLimit holds for every route, in bytes.
const hardBodyLimit = 64 << 20

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// stalled is how long a caller may leave a part of an answer unread. Without a limit
// one that stops reading would hold its call, and what that holds, for ever: a copy of
// the store keeps the store's old pages.
const stalled = time.Minute

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(clock.Real().Now().Add(stalled)) // only test recorders have none
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection (flush, deadlines).
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
