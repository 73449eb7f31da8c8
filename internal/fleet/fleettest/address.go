package fleettest

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"

	simpve "codeberg.org/accolade/accolade/internal/sim/pve"
)

// address is a place in the network where a machine answers on TLS over HTTP/1.1, with a
// certificate of its own.
type address struct {
	server *httptest.Server
	host   string

	mu      sync.Mutex
	print   string // fingerprint of the certificate
	conf    *tls.Config
	handler http.Handler
}

func (b *Machines) serve(host string, h http.Handler) *address {
	b.T.Helper()
	a := &address{host: host}
	if err := a.install(h); err != nil {
		b.T.Fatal(err)
	}
	a.server = httptest.NewUnstartedServer(a)
	a.server.TLS = a.conf.Clone()
	a.server.TLS.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.conf, nil
	}
	a.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	a.server.StartTLS()
	b.T.Cleanup(a.server.Close)
	return a
}

// install puts a machine there, with a certificate that nobody has seen.
func (a *address) install(h http.Handler) error {
	cert, err := simpve.NewCertificate(a.host)
	if err != nil {
		return err
	}
	conf, err := cert.Config()
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.print, a.conf, a.handler = cert.Fingerprint(), conf, h
	return nil
}

// ServeHTTP implements http.Handler.
func (a *address) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	h := a.handler
	a.mu.Unlock()
	h.ServeHTTP(w, r)
}

// Reinstall has another machine answer at the box's address from now on, as after a
// fresh installation: with a certificate of its own, whose fingerprint it returns. Every
// connection to the one before is broken. The box must not be near.
func (b *Machines) Reinstall(h http.Handler) (fingerprint string) {
	b.T.Helper()
	if err := b.address.install(h); err != nil {
		b.T.Fatal(err)
	}
	b.address.server.CloseClientConnections()
	return b.address.print
}
