// Package proxmox speaks to one Proxmox VE box through go-proxmox. It pins the
// box's certificate, turns every failure into a typed error that keeps the words
// of the box, and waits for tasks without a fixed time-out.
//
// It decides nothing: what a box should look like, and when to try again, is for
// the domain rooms. In particular it never repeats a request that changes
// something; only reads are tried again. It supports 8.4 and 9.x.
//
// A path parameter that comes from outside (a storage, a volume, a user) is
// escaped here and nowhere else.
package proxmox

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	gp "github.com/luthermonson/go-proxmox"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/pin"
	"codeberg.org/accolade/accolade/internal/poll"
	"codeberg.org/accolade/accolade/internal/rest"
)

// Config says how to reach one box.
type Config struct {
	Box         string // its name, for errors and logs
	URL         string // https://HOST:8006, without a path
	Fingerprint string // SHA-256 of the leaf certificate, 32 upper-case hex pairs with colons
	Node        string // name of its node; empty while it is not known yet
	Login       fleet.Login
	Clock       clock.Clock
	Log         *slog.Logger                              // nil: none
	Pace        *poll.Memory                              // how long work took, on this box and others; nil: known to this client alone
	Wrap        func(http.RoundTripper) http.RoundTripper // what stands between us and the network, for tests and counters
}

// Client speaks to one box, over connections that it keeps alive.
type Client struct {
	api  *gp.Client
	http *http.Client
	base *http.Transport
	box  string
	url  string
	node string
	clk  clock.Clock
	pace *poll.Memory
}

// New prepares a client; it sends nothing yet.
func New(cfg Config) *Client {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Pace == nil {
		cfg.Pace = &poll.Memory{}
	}
	base := pin.Transport(cfg.Fingerprint)
	var wire http.RoundTripper = base
	if cfg.Wrap != nil {
		wire = cfg.Wrap(wire)
	}
	c := &Client{base: base, box: cfg.Box, url: cfg.URL + "/api2/json", node: cfg.Node, clk: cfg.Clock, pace: cfg.Pace}
	c.http = &http.Client{Transport: &transport{next: wire, cfg: cfg, ticketURL: c.url + "/access/ticket"}}
	c.api = gp.NewClient(c.url, gp.WithHTTPClient(c.http), gp.WithUserAgent("accolade"), gp.WithLogger(rest.Silent{}))
	return c
}

// Close drops the kept connections.
func (c *Client) Close() { c.base.CloseIdleConnections() }

// Node is the name of the box's node, once it is known.
func (c *Client) Node() string { return c.node }

// OnNode says which node the box's calls go to.
func (c *Client) OnNode(name string) { c.node = name }

// path builds /nodes/{node}/… from escaped parts.
func (c *Client) path(parts ...string) string {
	return join(append([]string{"nodes", c.node}, parts...)...)
}

func join(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}

func (c *Client) get(ctx context.Context, path string, query map[string]any, out any) error {
	return plain(c.api.Get(ctx, withQuery(path, query), into(out)))
}

func (c *Client) post(ctx context.Context, path string, params map[string]any, out any) error {
	return plain(c.api.Post(ctx, path, params, into(out)))
}

func (c *Client) put(ctx context.Context, path string, params map[string]any, out any) error {
	return plain(c.api.Put(ctx, path, params, into(out)))
}

func (c *Client) delete(ctx context.Context, path string, query map[string]any, out any) error {
	return plain(c.api.Delete(ctx, withQuery(path, query), into(out)))
}

// into is where the library puts an answer: of Perl, which is not read by the letter.
func into(out any) any {
	if out == nil {
		return nil
	}
	return &rest.Loosely{Out: out}
}

func withQuery(path string, query map[string]any) string {
	if len(query) == 0 {
		return path
	}
	values := url.Values{}
	for k, v := range query {
		values.Set(k, fmt.Sprint(v))
	}
	return path + "?" + values.Encode()
}
