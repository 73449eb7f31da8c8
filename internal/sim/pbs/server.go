package pbs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
)

// handler does one API method. It runs with the server's lock held, its state
// advanced to c.now and the parameters validated.
type handler func(c *call) (any, error)

var handlers = map[string]handler{}

// handle registers the handler of a method, "GET /admin/datastore/{store}/status".
func handle(sig string, h handler) bool {
	handlers[sig] = h
	return true
}

// simulated are the signatures of the methods that are simulated, sorted; all others
// answer 501.
func simulated() []string { return slices.Sorted(maps.Keys(handlers)) }

// call is one authenticated request to one method.
type call struct {
	server *Server
	auth   authID
	p      apispec.Params
	now    time.Time
}

// answer is a result with the number of all entries of which data is a part.
type answer struct {
	Data  any
	Total int
}

// Handler answers the server's API (port 8007).
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		data, err := s.serve(req)
		if err == nil {
			s.send(w, req, data)
			return
		}
		var f *failure
		var invalid *apispec.Invalid
		switch {
		case errors.As(err, &invalid):
			f = &failure{Status: http.StatusBadRequest, Text: invalid.PBSText()}
		case !errors.As(err, &f):
			f = &failure{Status: http.StatusBadRequest, Text: err.Error()}
		}
		switch f.Status {
		case http.StatusUnauthorized:
			s.delay(req.Context(), 3*time.Second)
		case http.StatusForbidden:
			s.delay(req.Context(), 500*time.Millisecond)
		}
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(f.Text)))
		w.WriteHeader(f.Status)
		if _, err := io.WriteString(w, f.Text); err != nil {
			return // the client is gone
		}
	})
}

// delay waits for a time of the simulated world, at wall pace.
func (s *Server) delay(ctx context.Context, d time.Duration) {
	if w, ok := s.world.(interface {
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

func (s *Server) send(w http.ResponseWriter, req *http.Request, data any) {
	body := struct {
		Data  any  `json:"data"`
		Total *int `json:"total,omitempty"`
	}{Data: data}
	if a, ok := data.(answer); ok {
		body.Data, body.Total = a.Data, &a.Total
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	text := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	if s.report != nil {
		s.checkAnswer(req, text)
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	if _, err := w.Write(text); err != nil {
		return // the client is gone
	}
}

// checkAnswer tells how an answer differs from the API description.
func (s *Server) checkAnswer(req *http.Request, body []byte) {
	spec, err := apispec.Load(apispec.PBS)
	if err != nil {
		s.report(err.Error())
		return
	}
	var e struct{ Data json.RawMessage }
	if err := json.Unmarshal(body, &e); err != nil {
		s.report(err.Error())
		return
	}
	for _, fault := range apispec.CheckReturn(spec, req.Method, strings.TrimPrefix(req.URL.Path, "/api2/json"), e.Data) {
		s.report("pbs: " + fault)
	}
}

func (s *Server) serve(req *http.Request) (any, error) {
	rel, ok := strings.CutPrefix(req.URL.Path, "/api2/json")
	if !ok {
		return nil, &failure{Status: http.StatusNotFound, Text: "Path not found."}
	}
	who, err := s.authenticate(req, rel)
	if err != nil {
		return nil, err
	}
	params, err := readParams(req)
	if err != nil {
		return nil, err
	}
	return s.call(req.Method, rel, who, params)
}

const maxBody = 64 << 10

// readParams gives the parameters of the query, or of the body: this server takes
// the one or the other.
func readParams(req *http.Request) (map[string]any, error) {
	params := map[string]any{}
	if req.URL.RawQuery != "" {
		params = form(req.URL.RawQuery)
	}
	if req.Body == nil || req.Method == http.MethodGet {
		return params, nil
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	if err != nil {
		return nil, failf("unable to read request body: %v", err)
	}
	if len(body) > maxBody {
		return nil, failf("request body too large")
	}
	if len(body) == 0 {
		return params, nil
	}
	kind, _, _ := strings.Cut(req.Header.Get("Content-Type"), ";")
	switch kind {
	case "application/json":
		given, err := apispec.JSONBody(bytes.NewReader(body))
		if err != nil {
			return nil, failf("%v", err)
		}
		return given, nil
	case "application/x-www-form-urlencoded", "":
		for name, value := range form(string(body)) {
			params[name] = value
		}
		return params, nil
	}
	return nil, failf("unsupported content type %q", kind)
}

// form reads pairs in the standard way, unlike Proxmox VE: only "&" divides, and an
// empty value is a value.
func form(text string) map[string]any {
	out := map[string]any{}
	for name, values := range parseQuery(text) {
		if len(values) == 1 {
			out[name] = values[0]
			continue
		}
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		out[name] = list
	}
	return out
}

// call does one method: it is found, the parameters are checked by their rules, then
// the permissions, then it is done.
func (s *Server) call(verb, rel string, who authID, params map[string]any) (any, error) {
	spec, err := apispec.Load(apispec.PBS)
	if err != nil {
		return nil, err
	}
	m, inPath, ok := spec.Find(verb, rel)
	if !ok {
		return nil, &failure{Status: http.StatusNotFound, Text: fmt.Sprintf("Path '%s' not found.", rel)}
	}
	for name, value := range inPath {
		params[name] = value
	}
	do, ok := handlers[m.Sig()]
	if !ok {
		return nil, &failure{Status: http.StatusNotImplemented, Text: fmt.Sprintf("Method '%s' is not simulated", m.Sig())}
	}
	s.mu.Lock()
	defer s.world.Poke()
	defer s.mu.Unlock()
	now := s.world.Now()
	s.advance(now)
	if err := s.permitted(m, who, inPath); err != nil {
		return nil, err
	}
	p, err := m.ValidatePBS(params)
	if err != nil {
		return nil, err
	}
	if node := p.Str("node"); inPath["node"] != "" && node != "localhost" && node != s.state.Name {
		return nil, failf("parameter verification failed - 'node': no such node '%s'", node)
	}
	return do(&call{server: s, auth: who, p: p, now: now})
}
