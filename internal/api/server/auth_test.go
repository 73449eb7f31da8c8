package server

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/store"
)

// tokenTable is a TokenBook whose tokens are "token-ROLE".
type tokenTable struct{}

func (tokenTable) Authenticate(_ context.Context, token, _ string) (string, Role, error) {
	role, ok := strings.CutPrefix(token, "token-")
	if !ok || !slices.Contains(roles, Role(role)) {
		return "", "", errBadToken
	}
	return role + "-person", Role(role), nil
}

type auditLog struct {
	mu   sync.Mutex
	list []Recorded
}

func (a *auditLog) add(_ store.Tx, r Recorded) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, r)
	return nil
}

func (a *auditLog) all() []Recorded {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.list)
}

func newTestServer(t *testing.T, services Services) (*Server, *auditLog) {
	t.Helper()
	records := &auditLog{}
	if services.Store == nil {
		services.Store = store.Memory()
	}
	return New(Options{Services: services, Clock: clock.Real(), Log: slog.New(slog.DiscardHandler), Version: "v1-test", Tokens: tokenTable{}, Audit: records.add}), records
}

type endpoint struct {
	method, path, id string
	roles            []Role
}

// operations reads every route from the OpenAPI document as the server serves it.
func operations(t *testing.T, h http.Handler) []endpoint {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("/openapi.json: %d", w.Code)
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Roles       []Role `json:"x-roles"`
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Errorf("OpenAPI version is %q, wanted is 3.1", doc.OpenAPI)
	}
	var ops []endpoint
	for path, methods := range doc.Paths {
		for method, op := range methods {
			ops = append(ops, endpoint{strings.ToUpper(method), path, op.OperationID, op.Roles})
		}
	}
	slices.SortFunc(ops, func(a, b endpoint) int {
		return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.method, b.method))
	})
	return ops
}

var placeholder = regexp.MustCompile(`\{[^}]+\}`)

// request asks for the route in a way that no handler accepts: the role is checked
// before the input, so that 422 says that the role was enough.
func (o endpoint) request(token string) *http.Request {
	r := httptest.NewRequest(o.method, placeholder.ReplaceAllString(o.path, "x")+"?no-such-parameter=1", nil)
	r.RemoteAddr = "192.0.2.1:1234"
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// Every route, without a token, with a wrong one, and with each role.
func TestRoles(t *testing.T) {
	s, records := newTestServer(t, Services{})
	h := s.Handler()
	ops := operations(t, h)
	if len(ops) == 0 {
		t.Fatal("no routes")
	}
	if len(ops) != len(s.routes) {
		t.Errorf("the document has %d routes, the server %d", len(ops), len(s.routes))
	}
	for _, op := range ops {
		t.Run(op.method+" "+op.path, func(t *testing.T) {
			if !strings.HasPrefix(op.path, api.Prefix+"/") {
				t.Errorf("the path does not start with %s", api.Prefix)
			}
			if len(op.roles) == 0 || !slices.Contains(op.roles, Admin) {
				t.Errorf("x-roles is %v, wanted is a list with admin", op.roles)
			}
			if op.method != http.MethodGet && slices.Contains(op.roles, Reader) {
				t.Error("a reader changes nothing")
			}
			for token, want := range map[string]int{"": 401, "wrong": 401, "token-king": 401, "token-admin": 0, "token-tech": 0, "token-billing": 0, "token-reader": 0} {
				role, _ := strings.CutPrefix(token, "token-")
				if want == 0 {
					want = http.StatusForbidden
					if slices.Contains(op.roles, Role(role)) {
						want = http.StatusUnprocessableEntity
					}
				}
				s.failures = newFailures()
				before := len(records.all())
				w := httptest.NewRecorder()
				h.ServeHTTP(w, op.request(token))
				if w.Code != want {
					t.Errorf("token %q: %d, wanted is %d\n%s", token, w.Code, want, w.Body)
				}
				checkProblem(t, w)
				after := records.all()[before:]
				if want == http.StatusForbidden && op.method != http.MethodGet {
					if len(after) != 1 || after[0].Action != op.id || after[0].Result != "refused" || after[0].Who != role+"-person" || after[0].From != "192.0.2.1" {
						t.Errorf("refusal of %s is recorded as %+v", token, after)
					}
				} else if len(after) != 0 {
					t.Errorf("token %q: recorded %+v, nothing happened", token, after)
				}
			}
		})
	}
}

// Beside the routes there is nothing to be had, and the document is for everybody.
func TestNoOtherDoors(t *testing.T) {
	s, _ := newTestServer(t, Services{})
	ask := func(method, path, token string) *httptest.ResponseRecorder {
		s.failures = newFailures()
		r := httptest.NewRequest(method, "http://x"+path, nil)
		if token != "" {
			r.Header.Set("Authorization", token)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w
	}
	for _, path := range []string{"/", "/v1", "/v1/", "//v1/version", "/v1/../v1/version", "/V1/version", "/v1/version/", "/docs", "/schemas/Version.json", "/metrics", "/debug/pprof/",
		"/openapi", "/openapi.json/", "/openapi.yaml", "/openapi-3.0.json", "/openapi-3.0.yaml", "/.well-known/x"} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodTrace, "PROPFIND"} {
			if w := ask(method, path, ""); w.Code != http.StatusUnauthorized {
				t.Errorf("%s %s without a token: %d", method, path, w.Code)
			}
		}
	}
	for _, token := range []string{"token-admin", "Basic token-admin", "bearer", "Bearer ", "Bearer  token-admin", "Bearer token-admin,", "Bearer token-Admin"} {
		if w := ask(http.MethodGet, "/v1/version", token); w.Code != http.StatusUnauthorized {
			t.Errorf("Authorization: %q is answered %d", token, w.Code)
		}
	}
	if w := ask(http.MethodGet, "/openapi.json", ""); w.Code != http.StatusOK {
		t.Errorf("the document: %d", w.Code)
	}
}

func checkProblem(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	var p api.Error
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code == "" || p.Detail == "" || p.Status != w.Code {
		t.Errorf("problem %+v, %v from %s", p, err, w.Body)
	}
}

// After ten failures an address waits, a good token included; others do not.
func TestRateLimit(t *testing.T) {
	s, _ := newTestServer(t, Services{})
	h := s.Handler()
	ask := func(token, from string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/v1/version", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		r.RemoteAddr = from + ":999"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for i := range failureLimit {
		if w := ask("wrong", "192.0.2.7"); w.Code != http.StatusUnauthorized {
			t.Fatalf("attempt %d: %d", i+1, w.Code)
		}
	}
	if w := ask("token-admin", "192.0.2.7"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "60" {
		t.Errorf("after %d failures: %d, Retry-After %q", failureLimit, w.Code, w.Header().Get("Retry-After"))
	}
	if w := ask("token-admin", "192.0.2.8"); w.Code != http.StatusOK {
		t.Errorf("another address: %d", w.Code)
	}
}

// The socket's peer is known by its uid, whatever headers it sends.
func TestSocketPeer(t *testing.T) {
	s, _ := newTestServer(t, Services{})
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: s.Handler(), ConnContext: ConnContext}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	c, err := api.NewClient(api.Options{Socket: path, Agent: "test"})
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if v.Role != string(Admin) || v.Version != "v1-test" || v.You == "" {
		t.Errorf("got %+v", v)
	}
	if os.Getuid() == 0 && v.You != "root" {
		t.Errorf("peer is %q, wanted is root", v.You)
	}
}

// Whoever is in the socket's group gets the configured role; root and our own user
// are admins.
func TestPeerRole(t *testing.T) {
	s := New(Options{Clock: clock.Real(), Log: slog.New(slog.DiscardHandler), SocketRole: Reader})
	for uid, want := range map[uint32]Role{0: Admin, uint32(os.Getuid()): Admin, 4242424: Reader} {
		if got := s.peer(uid).Role; got != want {
			t.Errorf("uid %d is %s, wanted is %s", uid, got, want)
		}
	}
}

// What no type explains stays inside; the log and the answer share a reference.
func TestInternalErrorsStayInside(t *testing.T) {
	var log strings.Builder
	s := New(Options{Clock: clock.Real(), Log: slog.New(slog.NewTextHandler(&log, nil)), Tokens: tokenTable{}})
	handle(s, route{method: http.MethodGet, path: "/broken", id: "broken", roles: everyone}, func(context.Context, *struct{}) (*answer[int], error) {
		return nil, fmt.Errorf("password is hunter2")
	})
	handle(s, route{method: http.MethodGet, path: "/panics", id: "panics", roles: everyone}, func(context.Context, *struct{}) (*answer[int], error) {
		panic("password is hunter3")
	})
	for _, path := range []string{"/v1/broken", "/v1/panics"} {
		log.Reset()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer token-reader")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		var p api.Error
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if p.Code != api.CodeInternal || p.Reference == "" || strings.Contains(w.Body.String(), "hunter") {
			t.Errorf("%s answers %s", path, w.Body)
		}
		if !strings.Contains(log.String(), p.Reference) || !strings.Contains(log.String(), "hunter") {
			t.Errorf("%s logs %s", path, log.String())
		}
	}
}

func TestTooLarge(t *testing.T) {
	s, _ := newTestServer(t, Services{})
	handle(s, route{method: http.MethodPost, path: "/things", id: "add-thing", roles: writers}, func(context.Context, *struct{ Body map[string]string }) (*empty, error) {
		return &empty{}, nil
	})
	r := httptest.NewRequest(http.MethodPost, "/v1/things", strings.NewReader(`{"a":"`+strings.Repeat("x", bodyLimit)+`"}`))
	r.Header.Set("Authorization", "Bearer token-tech")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "larger than this call takes") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	checkProblem(t, w)
}

// A call that changed something is recorded with what the handler noted.
func TestAudit(t *testing.T) {
	s, records := newTestServer(t, Services{})
	handle(s, route{method: http.MethodPut, path: "/things/{name}", id: "edit-thing", roles: techs}, func(ctx context.Context, in *struct {
		Name string `path:"name"`
		Body struct {
			Size int `json:"size" minimum:"1"`
		}
	}) (*empty, error) {
		if in.Body.Size > 9 {
			return nil, &api.Error{Status: 409, Code: api.CodeRefused, Detail: "too big"}
		}
		note(ctx, "", "size is new")
		return &empty{}, nil
	})
	put := func(body string) int {
		r := httptest.NewRequest(http.MethodPut, "/v1/things/a", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer token-tech")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w.Code
	}
	if a, b, c := put(`{"size":1}`), put(`{"size":10}`), put(`{"size":0}`); a != 204 || b != 409 || c != 422 {
		t.Errorf("answers %d, %d, %d", a, b, c)
	}
	want := []Recorded{
		{Who: "tech-person", From: "192.0.2.1", Action: "edit-thing", Object: "things/a", Result: "ok", Detail: "size is new"},
		{Who: "tech-person", From: "192.0.2.1", Action: "edit-thing", Object: "things/a", Result: "refused", Detail: "refused: too big"},
	}
	if got := records.all(); !slices.Equal(got, want) {
		t.Errorf("recorded\n%+v, wanted is\n%+v", got, want)
	}
}
