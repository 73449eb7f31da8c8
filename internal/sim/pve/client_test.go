package pve_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/pve"
)

// stillWorld is time that stands until the test moves it; delays take none.
type stillWorld struct{ now time.Time }

func (w *stillWorld) Now() time.Time                   { return w.now }
func (w *stillWorld) Poke()                            {}
func (w *stillWorld) Real(time.Duration) time.Duration { return 0 }

const rootPassword = "hunter22"

// api speaks to a box as one identity, and checks every answer against the official
// description.
type api struct {
	t       testing.TB
	box     *pve.Box
	world   *stillWorld
	server  *httptest.Server
	version string
	token   string // USER@REALM!TOKEN=SECRET
	ticket  string
	csrf    string
}

// newAPI starts a box and speaks to it by root@pam's password.
func newAPI(t testing.TB, version string) *api {
	t.Helper()
	w := &stillWorld{now: time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)}
	a := &api{t: t, world: w, version: version}
	a.box = pve.NewBox(pve.Config{Name: "pve", Version: version, World: w, Seed: 1})
	if err := a.box.SetPassword("root@pam", rootPassword); err != nil {
		t.Fatal(err)
	}
	cert, err := pve.NewCertificate("pve")
	if err != nil {
		t.Fatal(err)
	}
	config, err := cert.Config()
	if err != nil {
		t.Fatal(err)
	}
	a.server = httptest.NewUnstartedServer(a.box.Handler())
	a.server.TLS = config
	a.server.StartTLS()
	t.Cleanup(a.server.Close)
	return a.login("root@pam", rootPassword)
}

func (a *api) with(token string) *api {
	b := *a
	b.token, b.ticket, b.csrf = token, "", ""
	return &b
}

func (a *api) login(user, password string) *api {
	a.t.Helper()
	b := a.with("")
	var out struct{ Ticket, CSRFPreventionToken string }
	b.ok("POST", "/access/ticket", v("username", user, "password", password), &out)
	b.ticket, b.csrf = out.Ticket, out.CSRFPreventionToken
	return b
}

// response is an answer as it came over the wire.
type response struct {
	status int
	reason string
	header http.Header
	body   []byte
	data   json.RawMessage
	errors map[string]string
}

func v(pairs ...string) url.Values {
	out := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		out.Add(pairs[i], pairs[i+1])
	}
	return out
}

func (a *api) spec() *apispec.Spec {
	a.t.Helper()
	spec, err := apispec.Load("pve-" + a.version)
	if err != nil {
		a.t.Fatal(err)
	}
	return spec
}

func (a *api) request(method, path string, kind string, body io.Reader) response {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.server.URL+"/api2/json"+path, body)
	if err != nil {
		a.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if a.token != "" {
		req.Header.Set("Authorization", "PVEAPIToken="+a.token)
	}
	if a.ticket != "" {
		req.Header.Set("Cookie", "PVEAuthCookie="+url.PathEscape(a.ticket))
		req.Header.Set("CSRFPreventionToken", a.csrf)
	}
	client := a.server.Client()
	client.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true
	resp, err := client.Do(req)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	r := response{status: resp.StatusCode, header: resp.Header, reason: strings.TrimPrefix(resp.Status, fmt.Sprint(resp.StatusCode)+" ")}
	if r.body, err = io.ReadAll(resp.Body); err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	var e struct {
		Data   json.RawMessage
		Errors map[string]string
	}
	if json.Unmarshal(r.body, &e) == nil {
		r.data, r.errors = e.Data, e.Errors
	}
	return r
}

// do makes a call with form parameters.
func (a *api) do(method, path string, params url.Values) response {
	a.t.Helper()
	if method == http.MethodPost || method == http.MethodPut {
		return a.request(method, path, "application/x-www-form-urlencoded", strings.NewReader(params.Encode()))
	}
	if len(params) > 0 {
		path += "?" + params.Encode()
	}
	return a.request(method, path, "", nil)
}

// ok makes a call that must succeed, and decodes its data.
func (a *api) ok(method, path string, params url.Values, into any) {
	a.t.Helper()
	r := a.do(method, path, params)
	if r.status != http.StatusOK {
		a.t.Fatalf("%s %s %v: %d %s %v", method, path, params, r.status, r.reason, r.errors)
	}
	plain, _, _ := strings.Cut(path, "?")
	plain, err := url.PathUnescape(plain)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, fault := range apispec.CheckReturn(a.spec(), method, plain, r.data) {
		a.t.Errorf("answer: %s", fault)
	}
	if into != nil {
		if err := json.Unmarshal(r.data, into); err != nil {
			a.t.Fatalf("%s %s: %v in %s", method, path, err, r.data)
		}
	}
}

// refused makes a call that must fail with a status and a reason phrase.
func (a *api) refused(method, path string, params url.Values, status int, reason string) response {
	a.t.Helper()
	r := a.do(method, path, params)
	if r.status != status || r.reason != reason {
		a.t.Errorf("%s %s %v: %d %q %v, want %d %q", method, path, params, r.status, r.reason, r.errors, status, reason)
	}
	return r
}

// bad makes a call that must be refused for one parameter.
func (a *api) bad(method, path string, params url.Values, field, why string) {
	a.t.Helper()
	r := a.refused(method, path, params, http.StatusBadRequest, "Parameter verification failed.")
	if r.errors[field] != why {
		a.t.Errorf("%s %s %v: errors %q, want %s: %q", method, path, params, r.errors, field, why)
	}
}

// raw writes bytes to the box and gives the lines of the answer's head and its body.
func (a *api) raw(text string) (head []string, body string) {
	a.t.Helper()
	conn, err := tls.Dial("tcp", a.server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		a.t.Fatal(err)
	}
	defer conn.Close()
	if p := conn.ConnectionState().NegotiatedProtocol; p != "http/1.1" {
		a.t.Errorf("protocol %q was negotiated, want http/1.1", p)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		a.t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil { // only a failure takes so long
		a.t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			a.t.Fatalf("after %q: %v", head, err)
		}
		if line == "\r\n" {
			break
		}
		head = append(head, strings.TrimSuffix(line, "\r\n"))
	}
	rest, err := io.ReadAll(r)
	if nerr, ok := err.(net.Error); err != nil && !(ok && nerr.Timeout()) {
		return head, string(rest)
	}
	return head, string(rest)
}
