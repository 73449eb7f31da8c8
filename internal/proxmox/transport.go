package proxmox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/pin"
	"codeberg.org/accolade/accolade/internal/rest"
	"codeberg.org/accolade/accolade/internal/secret"
)

// transport logs in, tries reads again, and turns every answer that is no success
// into a typed error, before go-proxmox loses its words.
type transport struct {
	next      http.RoundTripper
	cfg       Config
	ticketURL string
	count     atomic.Int64

	mu     sync.Mutex
	ticket ticket
}

// ticket is a login by password. Proxmox lets it live for two hours; ours is
// renewed after one.
type ticket struct {
	Ticket secret.Value `json:"ticket"`
	CSRF   secret.Value `json:"CSRFPreventionToken"`
	until  time.Time
}

// RoundTrip answers with a response only when the call succeeded.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, call := req.Context(), strings.TrimPrefix(req.URL.Path, "/api2/json")
	if err := t.login(req); err != nil {
		return nil, t.mark(err)
	}
	var res *http.Response
	err := rest.Try(ctx, t.cfg.Clock, req.Method, func() (err error) { res, err = t.once(req, call); return err }, //nolint:bodyclose // the caller closes it
		func(err error) bool { return errors.Is(err, fleet.ErrUnreachable) && !wrongCertificate(err) })
	switch {
	case err == nil:
		return res, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, t.mark(err)
}

func wrongCertificate(err error) bool {
	_, wrong := errors.AsType[*pin.Error](err)
	return wrong
}

// once sends the request and logs the exchange, without query, headers and body:
// those hold secrets.
func (t *transport) once(req *http.Request, call string) (*http.Response, error) {
	number, began := t.count.Add(1), clock.Real().Now() // how long an answer took is the machine's matter
	res, err := t.next.RoundTrip(req)
	status := 0
	if err == nil {
		status = res.StatusCode
		err = failure(res, req.Method, call)
	} else {
		err = &fleet.Unanswered{Method: req.Method, Call: call, Err: err}
	}
	t.cfg.Log.LogAttrs(req.Context(), slog.LevelDebug, "proxmox call", slog.String("box", t.cfg.Box), slog.Int64("request", number),
		slog.String("method", req.Method), slog.String("path", call), slog.Int("status", status), slog.Duration("took", clock.Real().Now().Sub(began)))
	if err != nil {
		return nil, err
	}
	return res, nil
}

// failure reads an answer that is no success; it is nil for one that is.
func failure(res *http.Response, method, call string) error {
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return nil
	}
	defer res.Body.Close()
	reason := strings.TrimSpace(strings.TrimPrefix(res.Status, strconv.Itoa(res.StatusCode)))
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return &fleet.Unanswered{Method: method, Call: call, Err: err}
	}
	var answer struct {
		Errors  map[string]string `json:"errors"`
		Message string            `json:"message"`
	}
	if rest.Decode(body, &answer) != nil {
		answer.Message = "" // some answers are no JSON
	}
	message := strings.TrimSpace(answer.Message)
	if message != "" && (reason == "" || reason == http.StatusText(res.StatusCode)) {
		reason = message // a proxy in between has put its own words there, or none
	}
	switch res.StatusCode {
	case http.StatusBadRequest:
		return &paramError{Method: method, Call: call, Params: answer.Errors, Message: cmp.Or(message, reason)}
	case http.StatusForbidden:
		return refused(method, call, reason)
	}
	if reason == "" {
		reason = "status " + strconv.Itoa(res.StatusCode)
	}
	return &failed{Method: method, Call: call, Status: res.StatusCode, Reason: reason}
}

// login puts the credential on the request, fetching a ticket when there is none.
func (t *transport) login(req *http.Request) error {
	cred := t.cfg.Login
	switch {
	case cred.TokenID != "":
		req.Header.Set("Authorization", "PVEAPIToken="+cred.TokenID+"="+cred.Secret.Reveal())
	case cred.Password():
		tk, err := t.fetchTicket(req.Context())
		if err != nil {
			return err
		}
		req.Header.Set("Cookie", "PVEAuthCookie="+tk.Ticket.Reveal())
		if req.Method != http.MethodGet {
			req.Header.Set("CSRFPreventionToken", tk.CSRF.Reveal())
		}
	}
	return nil
}

func (t *transport) fetchTicket(ctx context.Context) (ticket, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.cfg.Clock.Now()
	if now.Before(t.ticket.until) {
		return t.ticket, nil
	}
	body := url.Values{"username": {t.cfg.Login.User}, "password": {t.cfg.Login.Secret.Reveal()}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.ticketURL, strings.NewReader(body))
	if err != nil {
		return ticket{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := t.once(req, "/access/ticket")
	if err != nil {
		return ticket{}, err
	}
	defer res.Body.Close()
	var fresh ticket
	if err := readData(res.Body, &fresh); err != nil {
		return ticket{}, fmt.Errorf("read the ticket: %w", err)
	}
	fresh.until = now.Add(time.Hour)
	t.ticket = fresh
	return t.ticket, nil
}

// readData reads an answer that the library does not see.
func readData(body io.Reader, out any) error {
	return json.NewDecoder(body).Decode(&struct {
		Data *rest.Loosely `json:"data"`
	}{&rest.Loosely{Out: out}})
}

// passing tells of what lasts until something else is mended or ends, and then is as if
// it had not been: a box or storage that is away, another task's lock.
func passing(err error) bool {
	return errors.Is(err, fleet.ErrUnreachable) || errors.Is(err, fleet.ErrStorageAway) || errors.Is(err, fleet.ErrLocked)
}

// mark names the box, and says whether trying again can help and else what does.
func (t *transport) mark(err error) error {
	wrapped := fmt.Errorf("box %s: %w", t.cfg.Box, err)
	switch _, missing := errors.AsType[*Refused](err); {
	case wrongCertificate(err):
		return operation.Permanent(wrapped, "another machine answers at "+t.cfg.URL+", or the box has a new certificate: compare with `pvenode cert info` on its console before you trust it, then accolade box enrol "+t.cfg.Box+" --repair --fingerprint …")
	case passing(err):
		return operation.Away(wrapped)
	case errors.Is(err, fleet.ErrLockTimeout):
		return operation.Transient(wrapped)
	case errors.Is(err, fleet.ErrUnauthorized):
		return operation.Permanent(wrapped, "the box does not know this login: check it, or make ours anew with `accolade box enrol "+t.cfg.Box+" --repair`")
	case missing:
		return operation.Permanent(wrapped, "a right is missing on the box: `accolade box enrol "+t.cfg.Box+" --repair` writes ours anew")
	default:
		return wrapped
	}
}
