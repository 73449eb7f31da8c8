package fleettest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/pin"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Addresses of machines that are near.
const (
	nearBox   = "https://box.test:8006"
	nearVault = "https://vault.test:8007"
)

// Near makes machines that are reached without sockets and TLS, for tests that make
// very many of them. They have the same addresses and fingerprints each time, so what
// one Saved knows of them is right for all. That a certificate is pinned they cannot
// show.
func Near(t testing.TB, clk *clocktest.Clock, version string, opts ...Option) *Machines {
	t.Helper()
	return newMachines(t, clk, version, true, opts)
}

// nearPrint is the fingerprint that a near machine goes by.
func nearPrint(host string) string { return pin.Fingerprint([]byte(host)) }

// nearKeeper is one for all near machines: making a key takes longer than a run.
var nearKeeper = sync.OnceValues(func() (keeper *secret.Keeper, err error) {
	dir, err := os.MkdirTemp("", "accolade-keeper-")
	if err != nil {
		return nil, err
	}
	keeper, err = secret.OpenKeeper(filepath.Join(dir, "key"))
	return keeper, errors.Join(err, os.RemoveAll(dir))
})

// ToBox stands between an adapter and the box: it checks each request against the
// box's description.
func (m *Machines) ToBox(next http.RoundTripper) http.RoundTripper {
	if m.near {
		next = direct{m.Box.Handler()}
	}
	return m.Wire.Wrap(next)
}

// ToVault is ToBox for the vault.
func (m *Machines) ToVault(next http.RoundTripper) http.RoundTripper {
	if m.near {
		next = direct{m.VaultDown.guard(m.Vault.Handler())}
	}
	return m.VaultWire.Wrap(next)
}

// direct is a network of one server: the handler answers in the caller's goroutine.
type direct struct{ handler http.Handler }

var errHungUp = io.EOF // what a client sees of a server that hangs up

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(context.WithoutCancel(r.Context())) // a server notices late that its client has gone
	in.RequestURI, in.Host, in.RemoteAddr = r.URL.RequestURI(), r.URL.Host, "192.0.2.1:40000"
	if err := asSent(in, r.Body); err != nil {
		return nil, err
	}
	out := &answer{ResponseRecorder: httptest.NewRecorder()}
	if !d.serve(out, in) {
		return nil, errHungUp
	}
	if out.taken != nil {
		res, err := http.ReadResponse(bufio.NewReader(out.taken), r)
		if err != nil {
			return nil, errHungUp
		}
		return res, nil
	}
	res := out.Result()
	res.Request = r
	return res, nil
}

// asSent gives a request the body and the length that it has behind the wire.
func asSent(in *http.Request, body io.ReadCloser) error {
	in.Body, in.TransferEncoding = http.NoBody, nil
	if body == nil || body == http.NoBody {
		in.ContentLength = 0
		return nil
	}
	b, err := io.ReadAll(body)
	if errors.Is(err, io.ErrUnexpectedEOF) { // the part that arrives before the connection breaks
		in.Body = io.NopCloser(io.MultiReader(bytes.NewReader(b), iotest.ErrReader(err)))
		return body.Close()
	}
	if err := errors.Join(err, body.Close()); err != nil {
		return err
	}
	switch {
	case len(b) == 0:
		in.ContentLength = 0
		return nil
	case in.ContentLength <= 0:
		in.ContentLength, in.TransferEncoding = -1, []string{"chunked"}
	}
	in.Body = io.NopCloser(bytes.NewReader(b))
	return nil
}

// serve tells whether the handler has answered.
func (d direct) serve(w http.ResponseWriter, r *http.Request) (answered bool) {
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler { //nolint:errorlint // net/http compares it like this
				panic(v)
			}
			answered = false
		}
	}()
	d.handler.ServeHTTP(w, r)
	return true
}

// answer is a response, or a connection that the handler took over.
type answer struct {
	*httptest.ResponseRecorder
	taken *wireEnd
}

// Hijack implements http.Hijacker.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.taken = &wireEnd{}
	return a.taken, bufio.NewReadWriter(bufio.NewReader(a.taken), bufio.NewWriter(a.taken)), nil
}

// SetReadDeadline is for http.ResponseController: the request is there in full.
func (a *answer) SetReadDeadline(time.Time) error { return nil }

// wireEnd keeps what is written to it.
type wireEnd struct{ bytes.Buffer }

func (*wireEnd) Close() error                     { return nil }
func (*wireEnd) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*wireEnd) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*wireEnd) SetDeadline(time.Time) error      { return nil }
func (*wireEnd) SetReadDeadline(time.Time) error  { return nil }
func (*wireEnd) SetWriteDeadline(time.Time) error { return nil }
