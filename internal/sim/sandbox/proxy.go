package sandbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/pve"
	"codeberg.org/accolade/accolade/internal/sim/yunohost"
)

// proxy is the way to the simulated servers by HTTPS: the control address takes an
// HTTP CONNECT to DOMAIN:443 and leads to the VM whose YunoHost serves that domain,
// if its site can be reached.
type proxy struct {
	sandbox *Sandbox
	server  *http.Server
	queue   chan net.Conn
	done    chan struct{}
	once    sync.Once

	mu   sync.Mutex
	apis map[target]*yunohost.API
}

type target struct {
	box  *pve.Box
	vmid int
}

// tunnel is a connection that a CONNECT opened.
type tunnel struct {
	net.Conn
	to target
}

type tunnelKey struct{}

func newProxy(s *Sandbox) *proxy {
	p := &proxy{sandbox: s, queue: make(chan net.Conn), done: make(chan struct{}), apis: map[target]*yunohost.API{}}
	p.server = &http.Server{
		Handler:           http.HandlerFunc(p.serve),
		ReadHeaderTimeout: 30 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0),
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: p.certificate},
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1 only
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if over, ok := c.(*tls.Conn); ok {
				c = over.NetConn()
			}
			return context.WithValue(ctx, tunnelKey{}, c)
		},
	}
	return p
}

// or serves CONNECT, and everything else by h.
func (p *proxy) or(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			p.connect(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func (p *proxy) connect(w http.ResponseWriter, r *http.Request) {
	domain, port, err := net.SplitHostPort(r.Host)
	if err != nil || port != "443" {
		http.Error(w, "the sandbox leads to port 443 of its servers only", http.StatusForbidden)
		return
	}
	to, ok := p.find(domain)
	if !ok {
		http.Error(w, fmt.Sprintf("no server that can be reached serves %s", domain), http.StatusBadGateway)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil || buffered.Reader.Buffered() > 0 {
		_ = conn.Close() // gone, or too fast for a client that waits for the answer
		return
	}
	select {
	case p.queue <- &tunnel{conn, to}:
	case <-p.done:
		_ = conn.Close() // the sandbox ends
	}
}

func (p *proxy) find(domain string) (target, bool) {
	for _, box := range p.sandbox.boxes {
		if id, ok := box.ServerVM(domain); ok {
			return target{box, id}, true
		}
	}
	return target{}, false
}

// certificate is what the server's nginx shows for the name that a client wants.
func (p *proxy) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	t, ok := hello.Conn.(*tunnel)
	if !ok {
		return nil, errors.New("not through a tunnel")
	}
	var pair tls.Certificate
	err := errors.New("the server is off")
	t.to.box.WithServer(t.to.vmid, func(_ time.Time, s *yunohost.State) {
		if s == nil {
			return
		}
		name := hello.ServerName
		if !s.HasDomain(name) {
			name = s.MainDomain
		}
		pair, err = s.KeyPair(name)
	})
	return &pair, err
}

// serve answers a request that came through a tunnel. There is one API a server: what
// requests do to each other, they do across connections.
func (p *proxy) serve(w http.ResponseWriter, r *http.Request) {
	t, ok := r.Context().Value(tunnelKey{}).(*tunnel)
	if !ok {
		http.Error(w, "not through a tunnel", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	api := p.apis[t.to]
	if api == nil {
		api = yunohost.NewAPI(func(do func(time.Time, *yunohost.State)) { t.to.box.WithServer(t.to.vmid, do) }, nil)
		api.Report(func(what string) {
			p.sandbox.opts.Log.Warn("a request that YunoHost does not know, or ignores a part of", "request", what)
			if p.sandbox.opts.Report != nil {
				p.sandbox.opts.Report(what)
			}
		})
		p.apis[t.to] = api
	}
	p.mu.Unlock()
	api.ServeHTTP(w, r)
}

// The proxy's own listener: connections come from the control address.

func (p *proxy) Accept() (net.Conn, error) {
	select {
	case c := <-p.queue:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *proxy) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *proxy) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
