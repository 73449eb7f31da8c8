package proxmoxtest

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
)

// Wire checks requests on their way: each must be a method of the description with
// parameters that it accepts, and one that Calls lists. It goes into Config.Wrap.
type Wire struct {
	t    testing.TB
	spec *apispec.Spec

	mu   sync.Mutex
	seen map[string]int
	// Seen, if set, is told every method that was called, by its signature, and
	// whether with a login of the controller's own.
	Seen func(sig string, own bool)
}

// Speaks changes the description: the system was upgraded.
func (w *Wire) Speaks(description string) {
	w.t.Helper()
	spec, err := apispec.Load(description)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spec = spec
}

// NewWire checks against a description: apispec.PVE84, apispec.PVE92 or apispec.PBS.
func NewWire(t testing.TB, description string) *Wire {
	t.Helper()
	spec, err := apispec.Load(description)
	if err != nil {
		t.Fatal(err)
	}
	return &Wire{t: t, spec: spec, seen: map[string]int{}}
}

// Wrap is for Config.Wrap.
func (w *Wire) Wrap(next http.RoundTripper) http.RoundTripper { return checked{w, next} }

// Count tells how often a method was called.
func (w *Wire) Count(sig string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[sig]
}

// Changes tells how many calls were made that are no reads.
func (w *Wire) Changes() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for sig, count := range w.seen {
		if !strings.HasPrefix(sig, "GET ") && sig != "POST /access/ticket" {
			n += count
		}
	}
	return n
}

type checked struct {
	w    *Wire
	next http.RoundTripper
}

func (c checked) RoundTrip(r *http.Request) (*http.Response, error) {
	c.w.check(r)
	return c.next.RoundTrip(r)
}

func (w *Wire) check(r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api2/json")
	w.mu.Lock()
	spec := w.spec
	w.mu.Unlock()
	params, err := parameters(r)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return // a fault broke it off
	}
	if err != nil {
		w.t.Errorf("%s %s: body cannot be read: %v", r.Method, path, err)
		return
	}
	for _, wrong := range apispec.CheckRequest(spec, r.Method, path, params) {
		w.t.Errorf("a request that %s does not accept: %s", spec.Name, wrong)
	}
	m, _, ok := spec.Find(r.Method, path)
	if !ok {
		return
	}
	w.mu.Lock()
	w.seen[m.Sig()]++
	w.mu.Unlock()
	if spec.Name == apispec.PBS {
		return
	}
	own := strings.HasPrefix(r.Header.Get("Authorization"), "PVEAPIToken=accolade@pve!")
	i := slices.IndexFunc(Calls, func(c Call) bool { return c.Sig == m.Sig() })
	switch {
	case i < 0:
		w.t.Errorf("%s is called and not in proxmoxtest.Calls", m.Sig())
	case own && Calls[i].Enrol:
		w.t.Errorf("%s is called with the controller's token, and proxmoxtest.Calls says that it never is", m.Sig())
	}
	if w.Seen != nil {
		w.Seen(m.Sig(), own)
	}
}

// parameters reads those of query and body, and leaves the body as it was.
func parameters(r *http.Request) (map[string]any, error) {
	params := map[string]any{}
	for name, values := range r.URL.Query() {
		params[name] = values[0]
	}
	if r.Body == nil || r.Body == http.NoBody {
		return params, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), iotest.ErrReader(err)))
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 {
		return params, nil
	}
	kind, attributes, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	var sent map[string]any
	switch kind {
	case "application/json":
		sent, err = apispec.JSONBody(bytes.NewReader(body))
	case "application/x-www-form-urlencoded":
		var form url.Values
		if form, err = url.ParseQuery(string(body)); err == nil {
			sent = map[string]any{}
			for name, values := range form {
				sent[name] = values[0]
			}
		}
	case "multipart/form-data":
		sent, err = multipartFields(multipart.NewReader(bytes.NewReader(body), attributes["boundary"]))
	default:
		err = errors.New("content type " + kind)
	}
	for name, v := range sent {
		params[name] = v
	}
	return params, err
}

// multipartFields takes the file's name from its part, as the server does.
func multipartFields(m *multipart.Reader) (map[string]any, error) {
	out := map[string]any{}
	for {
		part, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" {
			out[part.FormName()] = part.FileName()
			continue
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		out[part.FormName()] = string(value)
	}
}
