// Package dolibarr brings finalised documents into a Dolibarr through its REST API, and
// does it once: third parties are matched by SIREN, invoices by ref_client, which is our
// number. What is there already is compared and left as it is.
//
// Dolibarr computes amounts anew from lines. The package sends lines from which it gets
// those of the document, looks at the result, and lets no invoice be validated whose
// total differs. Validated invoices bear our number there too: an invoice has one. It
// changes nothing that somebody wrote in Dolibarr, and deletes nothing.
package dolibarr

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/rest"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Config says how to reach a Dolibarr.
type Config struct {
	URL   string       // of its start page: https://dolibarr.example
	Key   secret.Value // DOLAPIKEY of a user of its own
	Clock clock.Clock
	Log   *slog.Logger                              // nil: none
	Wrap  func(http.RoundTripper) http.RoundTripper // what stands between us and the network, for tests
}

// Client speaks to one Dolibarr.
type Client struct {
	rest *resty.Client
	base *http.Transport
	cfg  Config
}

// answerTime is how long a request may take: a Dolibarr on a small machine needs
// seconds for an invoice.
const answerTime = 2 * time.Minute

// New prepares a client; it sends nothing yet.
func New(cfg Config) *Client {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	base := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second, MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second}
	var wire http.RoundTripper = base
	if cfg.Wrap != nil {
		wire = cfg.Wrap(wire)
	}
	client := resty.NewWithClient(&http.Client{Transport: wire, Timeout: answerTime}).
		SetBaseURL(strings.TrimSuffix(cfg.URL, "/")+"/api/index.php").
		SetHeader("User-Agent", "accolade").SetHeader("Accept", "application/json").
		SetRedirectPolicy(resty.NoRedirectPolicy()). // the key goes to no other place
		SetLogger(rest.Silent{})
	return &Client{rest: client, base: base, cfg: cfg}
}

// Close drops the kept connection.
func (c *Client) Close() { c.base.CloseIdleConnections() }

// get reads, and tries again while there is no answer.
func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	return rest.Try(ctx, c.cfg.Clock, http.MethodGet, func() error { return c.once(ctx, http.MethodGet, path, query, nil, out) },
		func(err error) bool { return errors.Is(err, ErrUnreachable) })
}

// post changes something, and is never repeated: an answer that was lost may have been
// a success.
func (c *Client) post(ctx context.Context, path string, in, out any) error {
	return c.once(ctx, http.MethodPost, path, nil, in, out)
}

func (c *Client) once(ctx context.Context, method, path string, query url.Values, in, out any) error {
	req := c.rest.R().SetContext(ctx).SetHeader("DOLAPIKEY", c.cfg.Key.Reveal()).SetQueryParamsFromValues(query)
	if in != nil {
		req.SetBody(in)
	}
	began := clock.Real().Now() // how long an answer took is the machine's matter
	res, err := req.Execute(method, path)
	status := 0
	if res != nil {
		status = res.StatusCode()
	}
	c.cfg.Log.LogAttrs(ctx, slog.LevelDebug, "dolibarr call", slog.String("method", method), slog.String("path", path), slog.Int("status", status), slog.Duration("took", clock.Real().Now().Sub(began)))
	if err != nil && status == 0 {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return &Unreachable{method, path, err}
	}
	if status != http.StatusOK {
		return failure(method, path, status, res.Body())
	}
	if err := rest.Decode(res.Body(), out); err != nil {
		reason := "the answer is no JSON"
		if json.Valid(res.Body()) {
			reason = "the answer is not what was expected: " + err.Error()
		}
		return &Failed{Method: method, Call: path, Status: status, Foreign: true, Reason: reason}
	}
	return nil
}

// A page of a list has pageSize rows; what we look for never fills mostPages of them.
const (
	pageSize  = 100
	mostPages = 100
)

// list reads all pages of a list. Dolibarr answers 404 where nothing is found.
func list[T any](ctx context.Context, c *Client, path, filter string) ([]T, error) {
	var all []T
	for page := range mostPages {
		var some []T
		err := c.get(ctx, path, url.Values{"sqlfilters": {filter}, "limit": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(page)}, "sortfield": {"t.rowid"}}, &some)
		if errors.Is(err, errNone) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if all = append(all, some...); len(some) < pageSize {
			return all, nil
		}
	}
	return nil, &Failed{Method: http.MethodGet, Call: path, Status: http.StatusOK, Foreign: true, Reason: "the list has no end"}
}
