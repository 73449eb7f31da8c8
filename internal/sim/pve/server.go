package pve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
)

// Handler answers the box's API (port 8006). It wants HTTP/1.1: the reason phrases
// that carry the errors do not exist in HTTP/2.
func (b *Box) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !b.Up() {
			hangUp(w)
			return
		}
		r := b.serve(req)
		if r.status == http.StatusUnauthorized {
			b.delay(req.Context(), unauthorizedDelay)
		}
		r.send(w, req)
	})
}

// unauthorizedDelay is what the server waits before it answers 401.
const unauthorizedDelay = 3 * time.Second

// delay waits for a time of the simulated world, at wall pace.
func (b *Box) delay(ctx context.Context, d time.Duration) {
	if w, ok := b.world.(interface {
		Real(time.Duration) time.Duration
	}); ok {
		d = w.Real(d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (b *Box) serve(req *http.Request) reply {
	switch req.Method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete:
	default:
		return reply{status: http.StatusNotImplemented, reason: fmt.Sprintf("method '%s' not available", req.Method)}
	}
	if len(req.TransferEncoding) > 0 {
		return plain(http.StatusNotImplemented, "chunked transfer encoding not supported")
	}
	path := req.URL.Path
	rest, ok := strings.CutPrefix(path, "/api2/")
	if !ok {
		return page(path)
	}
	format, below, _ := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	if format == "" {
		return plain(http.StatusNotImplemented, "no such uri")
	}
	rel := "/" + below
	who, err := b.authenticate(req, rel)
	if err != nil {
		var f *failure
		if errors.As(err, &f) && f.Status != http.StatusUnauthorized {
			return reply{status: f.Status, reason: f.Reason}
		}
		return reply{status: http.StatusUnauthorized, reason: err.Error()}
	}
	params, file, refused := readParams(req, rel)
	if refused != nil {
		return *refused
	}
	if format != "json" && format != "extjs" {
		return plain(http.StatusNotImplemented, fmt.Sprintf("no formatter for uri %s, %s", rel, format))
	}
	data, err := b.call(req.Method, rel, who, params, file)
	if err != nil {
		return failed(format, failureOf(err))
	}
	r := success(format, data)
	if b.report != nil && format == "json" {
		b.checkAnswer(req.Method, rel, r.body)
	}
	return r
}

// checkAnswer tells how an answer differs from the API description.
func (b *Box) checkAnswer(verb, rel string, body []byte) {
	spec, err := b.spec()
	if err != nil {
		b.report(err.Error())
		return
	}
	var e struct{ Data json.RawMessage }
	if err := json.Unmarshal(body, &e); err != nil {
		b.report(err.Error())
		return
	}
	for _, fault := range apispec.CheckReturn(spec, verb, rel, e.Data) {
		b.report(fmt.Sprintf("pve %s: %s", b.version, fault))
	}
}

// page is what the server shows to browsers outside of its API.
func page(path string) reply {
	if path == "/" {
		return reply{status: http.StatusOK, kind: "text/html", body: []byte("<!DOCTYPE html><html><head><title>Proxmox Virtual Environment (simulated)</title></head><body></body></html>")}
	}
	return plain(http.StatusInternalServerError, fmt.Sprintf("no such file '%s'", path))
}

// failureOf gives any error its place on the wire.
func failureOf(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	var invalid *apispec.Invalid
	if errors.As(err, &invalid) {
		return &failure{Status: http.StatusBadRequest, Reason: "Parameter verification failed.", Errors: invalid.Errors}
	}
	return &failure{Status: http.StatusInternalServerError, Reason: err.Error()}
}

// spec is the API description of the box's version; an old box has the oldest.
func (b *Box) spec() (*apispec.Spec, error) {
	if b.version >= "9" {
		return apispec.Load(apispec.PVE92)
	}
	return apispec.Load(apispec.PVE84)
}

// call does one method: it is found, the permissions are checked on the parameters
// as they came, then the parameters by their rules, then it is done.
func (b *Box) call(verb, rel string, who identity, params map[string]any, file *uploadFile) (any, error) {
	spec, err := b.spec()
	if err != nil {
		return nil, err
	}
	if verb == http.MethodGet && strings.Trim(rel, "/") == "" { // the description leaves the root out
		return subdirs("subdir", "version", "cluster", "nodes", "storage", "access", "pools"), nil
	}
	m, inPath, ok := spec.Find(verb, rel)
	if !ok {
		return nil, &failure{Status: http.StatusNotImplemented, Reason: fmt.Sprintf("Method '%s %s' not implemented", verb, rel)}
	}
	given := make(map[string]any, len(params)+len(inPath))
	for name, value := range inPath {
		given[name] = value
	}
	for name, value := range params {
		if inURI, ok := inPath[name]; ok && value != inURI {
			return nil, badParam(name, "duplicate parameter (already defined in URI) with conflicting values!")
		}
		given[name] = value
	}
	if who.Token != "" && m.NoToken {
		return nil, permissionDenied(fmt.Sprintf("URI '%s' not available with API token, need proper ticket.\n", rel))
	}
	b.mu.Lock()
	defer b.world.Poke()
	defer b.mu.Unlock()
	now := b.world.Now()
	b.advance(now)
	b.forgetRights()
	if err := b.permitted(m, who, given); err != nil {
		return nil, err
	}
	if err := b.otherNode(m, given); err != nil {
		return nil, err
	}
	do, ok := handlers[m.Sig()]
	if !ok {
		return nil, &failure{Status: http.StatusNotImplemented, Reason: fmt.Sprintf("Method '%s' is not simulated", m.Sig())}
	}
	p, err := m.Validate(given)
	if err != nil {
		return nil, err
	}
	return do(&call{box: b, spec: m, auth: who, p: p, now: now, file: file})
}

// otherNode refuses calls that another node of the cluster would have to do: of a
// box's cluster only the box itself is there.
func (b *Box) otherNode(m *apispec.Method, given map[string]any) error {
	if m.ProxyTo == "" {
		return nil
	}
	node, _ := given[m.ProxyTo].(string)
	switch {
	case node == b.name || node == "localhost":
		return nil
	case b.knowsNode(node):
		return &failure{Status: 595, Reason: "No route to host"}
	}
	return failf("hostname lookup '%s' failed - failed to get address info for: %s: Name or service not known", node, node)
}

func (b *Box) knowsNode(node string) bool {
	for _, other := range b.machine.OtherNodes {
		if other == node {
			return true
		}
	}
	return false
}

// authValue gives what stands behind a key in a Cookie or Authorization header, up to
// a semicolon, percent-decoded: "PVEAPIToken=…", "a=b; PVEAuthCookie=…".
func authValue(header, key string) string {
	m := authForms[key].FindStringSubmatch(header)
	if m == nil {
		return ""
	}
	return apispec.Unescape(m[1])
}

var authForms = map[string]*regexp.Regexp{
	"PVEAuthCookie": regexp.MustCompile(`(?:^|\s)PVEAuthCookie(?:=| )([^;]*)`),
	"PVEAPIToken":   regexp.MustCompile(`(?:^|\s)PVEAPIToken(?:=| )([^;]*)`),
}
