package controller

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"codeberg.org/accolade/accolade/internal/api/server"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/store"
)

// pipes is a listener in memory.
type pipes struct {
	next chan net.Conn
	done chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.next:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.next <- theirs
	return ours
}

// anyAdmin takes every token for an admin's.
type anyAdmin struct{}

func (anyAdmin) Authenticate(context.Context, string, string) (string, server.Role, error) {
	return "anne", server.Admin, nil
}

// slow serves the API in a bubble of simulated time.
func slow(t *testing.T, db store.DB) *pipes {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	handler := server.New(server.Options{Services: server.Services{Store: db}, Clock: clock.Real(), Log: log, Tokens: anyAdmin{},
		Audit: func(store.Tx, server.Recorded) error { return nil }}).Handler()
	p := &pipes{make(chan net.Conn), make(chan struct{})}
	s := newHTTPServer(handler, log)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(p) }()
	t.Cleanup(func() {
		err := s.Close()
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			t.Errorf("serve: %v", served)
		}
		if err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return p
}

// drip writes a byte each second until the other end hangs up, and says how long that
// took and what was answered.
func drip(t *testing.T, c net.Conn, begin string, bytes string) (time.Duration, string) {
	t.Helper()
	began := time.Now()
	answered := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(c) //nolint:errcheck // ends with the connection
		answered <- string(text)
	}()
	if _, err := io.WriteString(c, begin); err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		if _, err := c.Write([]byte{bytes[i%len(bytes)]}); err != nil {
			break
		}
		time.Sleep(time.Second)
	}
	text := <-answered
	return time.Since(began), text
}

func TestSlowHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took, answer := drip(t, slow(t, store.Memory()).dial(), "GET /v1/version HTTP/1.1\r\nHost: x\r\nX-Long: ", "a")
		if took > 12*time.Second {
			t.Errorf("headers that drip held a connection for %s, want 10 s", took)
		}
		if answer != "" && !strings.Contains(answer, "40") {
			t.Errorf("answered %q", answer)
		}
	})
}

func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took, answer := drip(t, slow(t, store.Memory()).dial(),
			"POST /v1/clients HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{", " ")
		if took > 2*time.Minute+2*time.Second {
			t.Errorf("a body that drips held a call for %s, want at most two minutes", took)
		}
		if !strings.HasPrefix(answer, "HTTP/1.1 4") || !strings.Contains(answer, "application/problem+json") {
			t.Errorf("answered %q, want a problem", answer)
		}
	})
}

// full is a store whose copy is large.
type full struct{ store.DB }

func (full) Copy(w io.Writer) (int64, error) {
	var n int64
	for range 1 << 20 {
		m, err := w.Write(make([]byte, 4096))
		if n += int64(m); err != nil {
			return n, err
		}
	}
	return n, nil
}

// A caller who stops reading an answer does not hold its call for ever.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := slow(t, full{store.Memory()}).dial()
		began := time.Now()
		if _, err := io.WriteString(c, "GET /v1/store/copy HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(c)
		if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, "200") {
			t.Fatalf("answered %q, %v", line, err)
		}
		time.Sleep(10 * time.Minute)
		n, err := io.Copy(io.Discard, r)
		if n >= 1<<32 || time.Since(began) > 11*time.Minute {
			t.Errorf("after ten minutes the rest of the answer still came: %d bytes, %v", n, err)
		}
	})
}

func TestIdleConnectionIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := slow(t, store.Memory()).dial()
		if _, err := io.WriteString(c, "GET /v1/version HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		text, err := io.ReadAll(c)
		if took := time.Since(began); err != nil || took > 2*time.Minute+time.Second || !strings.HasPrefix(string(text), "HTTP/1.1 200") {
			t.Errorf("closed after %s, %v: %.100s", took, err, text)
		}
	})
}
