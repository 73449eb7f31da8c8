// Package pbs speaks to one Proxmox Backup Server. It pins the server's
// certificate and turns every failure into a typed error that keeps the server's
// words.
//
// It decides nothing and never repeats a request that changes something. Backups
// themselves do not pass through it: boxes send those.
package pbs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-resty/resty/v2"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/pin"
	"codeberg.org/accolade/accolade/internal/rest"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Config says how to reach one vault.
type Config struct {
	Vault       string // its name, for errors and logs
	URL         string // https://HOST:8007, without a path
	Fingerprint string // SHA-256 of the leaf certificate, 32 upper-case hex pairs with colons
	Datastore   string
	TokenID     string // USER@REALM!TOKEN
	TokenSecret secret.Value
	Clock       clock.Clock
	Log         *slog.Logger                              // nil: none
	Wrap        func(http.RoundTripper) http.RoundTripper // what stands between us and the network, for tests
}

// Client speaks to one vault, over a connection that it keeps alive.
type Client struct {
	rest *resty.Client
	base *http.Transport
	cfg  Config
}

// New prepares a client; it sends nothing yet.
func New(cfg Config) *Client {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	base := pin.Transport(cfg.Fingerprint)
	var wire http.RoundTripper = base
	if cfg.Wrap != nil {
		wire = cfg.Wrap(wire)
	}
	client := resty.NewWithClient(&http.Client{Transport: wire}).
		SetBaseURL(cfg.URL+"/api2/json").
		SetHeader("User-Agent", "accolade").
		SetLogger(rest.Silent{})
	return &Client{rest: client, base: base, cfg: cfg}
}

// Close drops the kept connection.
func (c *Client) Close() { c.base.CloseIdleConnections() }

// call sends one request; reads are tried again while the vault gives no answer.
// Parameters go into the query of GET and DELETE, else into a JSON body.
func (c *Client) call(ctx context.Context, method, path string, params map[string]any, out any) error {
	err := rest.Try(ctx, c.cfg.Clock, method, func() error { return c.once(ctx, method, path, params, out) }, func(err error) bool {
		_, wrong := errors.AsType[*pin.Error](err)
		return !wrong && errors.Is(err, fleet.ErrUnreachable)
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return c.mark(err)
}

func (c *Client) once(ctx context.Context, method, path string, params map[string]any, out any) error {
	var answer struct {
		Data any `json:"data"`
	}
	if out != nil {
		answer.Data = &rest.Loosely{Out: out}
	}
	req := c.rest.R().SetContext(ctx).SetResult(&answer).ForceContentType("application/json").
		SetHeader("Authorization", "PBSAPIToken="+c.cfg.TokenID+":"+c.cfg.TokenSecret.Reveal())
	if method == http.MethodGet || method == http.MethodDelete {
		values := url.Values{}
		for k, v := range params {
			values.Set(k, fmt.Sprint(v))
		}
		req.SetQueryParamsFromValues(values)
	} else if len(params) > 0 {
		req.SetBody(params)
	}
	began := clock.Real().Now() // how long an answer took is the machine's matter
	res, err := req.Execute(method, path)
	status := 0
	if res != nil {
		status = res.StatusCode()
	}
	c.cfg.Log.LogAttrs(ctx, slog.LevelDebug, "pbs call", slog.String("vault", c.cfg.Vault), slog.String("method", method),
		slog.String("path", path), slog.Int("status", status), slog.Duration("took", clock.Real().Now().Sub(began)))
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return &fleet.Unanswered{Method: method, Call: path, Err: err}
	}
	return failure(res, method, path)
}

// failure reads an answer that is no success. The words of the server stand in the
// body as plain text.
func failure(res *resty.Response, method, call string) error {
	if res.IsSuccess() {
		return nil
	}
	reason := strings.TrimSpace(res.String())
	if reason == "" || strings.HasPrefix(reason, "{") {
		reason = strings.TrimSpace(strings.TrimPrefix(res.Status(), strconv.Itoa(res.StatusCode())))
	}
	return &failed{Method: method, Call: call, Status: res.StatusCode(), Reason: reason}
}

// mark names the vault, and says whether trying again can help and else what does.
func (c *Client) mark(err error) error {
	wrapped := fmt.Errorf("vault %s: %w", c.cfg.Vault, err)
	switch _, wrong := errors.AsType[*pin.Error](err); {
	case wrong:
		return operation.Permanent(wrapped, "another machine answers at "+c.cfg.URL+", or the vault has a new certificate: compare with `proxmox-backup-manager cert info` on its console before you trust it")
	case errors.Is(err, fleet.ErrUnreachable):
		return operation.Away(wrapped)
	case errors.Is(err, fleet.ErrUnauthorized), errors.Is(err, fleet.ErrRefused):
		return operation.Permanent(wrapped, "the vault does not accept our token "+c.cfg.TokenID+" for this: give it one of an administrator with `accolade vault edit "+c.cfg.Vault+" --token-file FILE`")
	default:
		return wrapped
	}
}

func join(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}
