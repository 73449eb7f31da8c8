package yunohost

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/pin"
	"codeberg.org/accolade/accolade/internal/rest"
	"codeberg.org/accolade/accolade/internal/secret"
)

// httpsDoor is the way through the server's own API.
type httpsDoor struct {
	client   *resty.Client
	user     string
	password secret.Value
	in       bool // logged in
}

// HTTPSConfig says how to reach a server's API.
type HTTPSConfig struct {
	URL      string // https://DOMAIN
	User     string // a member of the group admins
	Password secret.Value
	// Fingerprint is the SHA-256 of the leaf certificate, 32 upper-case hex pairs
	// with colons, as read through the guest agent; empty: the system's authorities.
	Fingerprint string
	Proxy       string                                    // URL of an HTTP proxy; empty: none
	Wrap        func(http.RoundTripper) http.RoundTripper // for tests
}

// newHTTPS prepares the door; it sends nothing yet.
func newHTTPS(c HTTPSConfig) *httpsDoor {
	client := resty.New().SetBaseURL(strings.TrimSuffix(c.URL, "/")+"/yunohost/api").
		SetHeader("X-Requested-With", "accolade").SetHeader("locale", "en").
		SetTimeout(30 * time.Minute).SetRedirectPolicy(resty.NoRedirectPolicy()).SetLogger(rest.Silent{})
	transport := &http.Transport{MaxConnsPerHost: 1, TLSHandshakeTimeout: 10 * time.Second, TLSClientConfig: trust(c.Fingerprint)}
	client.SetTransport(transport)
	if c.Proxy != "" {
		client.SetProxy(c.Proxy)
	}
	if c.Wrap != nil {
		client.SetTransport(c.Wrap(transport))
	}
	return &httpsDoor{client: client, user: c.User, password: c.Password}
}

// trust is the pinned certificate, or the system's authorities where none is pinned.
func trust(fingerprint string) *tls.Config {
	if fingerprint == "" {
		return &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return pin.TLS(fingerprint)
}

// Do sends the calls.
func (h *httpsDoor) Do(ctx context.Context, calls ...Call) []Reply {
	replies := make([]Reply, len(calls))
	for i, c := range calls {
		replies[i].Call = c
		replies[i].Answer, replies[i].Err = h.do(ctx, c)
	}
	return replies
}

// do logs in when needed and sends the call. A session that has ended is renewed
// once.
func (h *httpsDoor) do(ctx context.Context, c Call) (json.RawMessage, error) {
	if c.Method == "" {
		return nil, fmt.Errorf("there is no way to do this over HTTPS")
	}
	public := c.Path == "/postinstall" || c.Path == "/installed"
	for try := 0; ; try++ {
		if !h.in && !public {
			if err := h.login(ctx); err != nil {
				return nil, err
			}
		}
		answer, err := h.send(ctx, c)
		refusal, refused := errors.AsType[*failure](err)
		if !refused || refusal.Status != http.StatusUnauthorized || public || try > 0 {
			return answer, err
		}
		h.in = false
	}
}

func (h *httpsDoor) login(ctx context.Context) error {
	_, err := h.send(ctx, Call{Method: http.MethodPost, Path: "/login", Form: map[string][]string{"credentials": {h.user + ":" + h.password.Reveal()}}})
	if err != nil {
		return fmt.Errorf("log in as %s: %w", h.user, err)
	}
	h.in = true
	return nil
}

func (h *httpsDoor) send(ctx context.Context, c Call) (json.RawMessage, error) {
	request := h.client.R().SetContext(ctx)
	file := c.File.Reveal()
	switch {
	case file != "":
		request.SetFileReader("csvfile", "users.csv", strings.NewReader(file))
		request.SetFormDataFromValues(c.Form)
	case c.Method == http.MethodGet || c.Method == http.MethodDelete:
		request.SetQueryParamsFromValues(c.Form)
	default:
		request.SetFormDataFromValues(c.Form)
	}
	response, err := request.Execute(c.Method, c.Path)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if wrong, other := errors.AsType[*pin.Error](err); other {
			return nil, operation.Permanent(wrong, "another machine answers under that name: see where the domain points")
		}
		return nil, operation.Transient(fmt.Errorf("no answer: %w", err))
	}
	kind, _, err := mime.ParseMediaType(response.Header().Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	body := bytes.TrimSpace(response.Body())
	if response.StatusCode() >= 300 {
		return nil, h.refusal(response.StatusCode(), kind, body)
	}
	if !json.Valid(body) {
		return json.RawMessage("null"), nil
	}
	return body, nil
}

var title = regexp.MustCompile(`(?s)<title>(.*?)</title>`)

// refusal reads the three forms of failure: JSON, plain text, a page of HTML.
func (h *httpsDoor) refusal(status int, kind string, body []byte) error {
	e := &failure{Status: status}
	var answer struct {
		Error string `json:"error"`
		Key   string `json:"error_key"`
		Log   string `json:"log_ref"`
		Trace string `json:"traceback"`
	}
	switch {
	case kind == "application/json" && rest.Decode(body, &answer) == nil:
		e.Text, e.Key, e.Log = clean(answer.Error), answer.Key, answer.Log
		if answer.Error == "" && answer.Trace != "" {
			lines := strings.Split(strings.TrimSpace(answer.Trace), "\n")
			e.Text = "it broke: " + clean(lines[len(lines)-1])
		}
	case bytes.Contains(body, []byte("<html")) || bytes.Contains(body, []byte("<!DOCTYPE")):
		if found := title.FindSubmatch(body); found != nil {
			e.Text = clean(string(found[1]))
		}
	default:
		e.Text = clean(string(body))
	}
	if status >= 502 {
		return operation.Transient(e)
	}
	return refused(e)
}
