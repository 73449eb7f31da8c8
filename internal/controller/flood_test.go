package controller_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/pin"
)

// held is what the heap and the stacks hold after a collection, in bytes.
func held() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// highest watches what the heap and the stacks hold until it is stopped, and answers by
// how much it grew at most.
func highest() (stop func() int64) {
	before, most := held(), int64(0)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, int64(m.HeapInuse+m.StackInuse))
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond): // real: memory is the machine's
			}
		}
	}()
	return func() int64 {
		close(done)
		<-ended
		return most - before
	}
}

// overSocket is a client of a controller's socket without a library's manners.
func overSocket(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
}

// problemOf sends a request and wants a problem with a sentence and a code; the answer
// is short, whatever was sent.
func problemOf(t *testing.T, c *http.Client, method, path, kind string, body io.Reader, status ...int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://x"+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	res, err := c.Do(req)
	if err != nil {
		t.Errorf("%s %s: no answer: %v", method, path, err)
		return
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
	var p api.Error
	if err := json.Unmarshal(text, &p); err != nil || p.Code == "" || p.Detail == "" || p.Code == api.CodeInternal {
		t.Errorf("%s %s: %d %.300s is no clear answer", method, path, res.StatusCode, text)
	}
	ok := false
	for _, s := range status {
		ok = ok || s == res.StatusCode
	}
	if !ok {
		t.Errorf("%s %s: %d %.300s, want %v", method, path, res.StatusCode, text, status)
	}
	if len(text) > 64<<10 {
		t.Errorf("%s %s: an answer of %d bytes: %.300s", method, path, len(text), text)
	}
}

// endless is a body without an end, and without a length.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	return n, nil
}

func TestOversizedBodies(t *testing.T) {
	conf := settings(t, shortDir(t), nil)
	start(t, conf)
	c := overSocket(conf.Socket)
	defer c.CloseIdleConnections()
	stop := highest()
	for _, call := range []struct{ method, path, kind string }{
		{"POST", "/v1/clients", "application/json"}, {"PATCH", "/v1/clients/x", "application/json"}, {"POST", "/v1/hours/import?name=a.csv", "application/octet-stream"},
		{"POST", "/v1/servers", "application/json"}, {"POST", "/v1/servers/x/users", "application/json"}, {"POST", "/v1/boxes/x/enrol", "application/json"}, {"POST", "/v1/tokens", "application/json"},
	} {
		problemOf(t, c, call.method, call.path, call.kind, io.MultiReader(strings.NewReader(`{"a":"`), &endless{40 << 20}), http.StatusRequestEntityTooLarge)
		problemOf(t, c, call.method, call.path, call.kind, strings.NewReader(`{"a":"`+strings.Repeat("x", 12<<20)+`"}`), http.StatusRequestEntityTooLarge)
	}
	var manyFields strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&manyFields, `"f%d":"x",`, i)
	}
	problemOf(t, c, "POST", "/v1/clients", "application/json", strings.NewReader("{"+manyFields.String()+`"z":1}`), http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge)
	// Beyond what anything takes the connection is cut; the controller stays.
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://x/v1/clients", &endless{200 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if res, err := c.Do(req); err == nil {
		res.Body.Close()
		if res.StatusCode < 400 {
			t.Errorf("a body of 200 MB is answered %d", res.StatusCode)
		}
	}
	problemOf(t, c, "GET", "/v1/nowhere", "application/json", nil, http.StatusNotFound)
	grew := stop()
	t.Logf("memory grew by at most %d MiB", grew>>20)
	if grew > 128<<20 {
		t.Errorf("memory grew by %d MiB for bodies that are refused, want at most 128", grew>>20)
	}
}

func TestInvalidUTF8(t *testing.T) {
	conf := settings(t, shortDir(t), nil)
	start(t, conf)
	c := overSocket(conf.Socket)
	defer c.CloseIdleConnections()
	const bad = "Kerl\xff\xfeann"
	for _, call := range []struct{ method, path, kind, body string }{
		{"POST", "/v1/clients", "application/json", `{"name":"` + bad + `","kind":"school"}`},
		{"POST", "/v1/sites", "application/json", `{"name":"` + bad + `"}`},
		{"POST", "/v1/tokens", "application/json", `{"name":"` + bad + `","role":"tech"}`},
		{"POST", "/v1/hours/import?name=a.csv", "application/octet-stream", "date;client;minutes;kind\n2026-10-06;" + bad + ";90;training\n"},
		{"POST", "/v1/hours/import?name=" + url.QueryEscape(bad), "application/octet-stream", "date;client\n"},
		{"GET", "/v1/clients/" + url.PathEscape(bad), "application/json", ""},
		{"DELETE", "/v1/tokens/" + url.PathEscape(bad), "application/json", ""},
		{"GET", "/v1/hours?client=" + url.QueryEscape(bad), "application/json", ""},
		{"GET", "/v1/nowhere/%zz", "application/json", ""},
	} {
		if strings.HasSuffix(call.path, "%zz") {
			continue // the client's own library refuses to send it
		}
		problemOf(t, c, call.method, call.path, call.kind, strings.NewReader(call.body), http.StatusBadRequest, http.StatusUnprocessableEntity)
	}
}

func TestSheetsOfAHundredThousandRows(t *testing.T) {
	conf := settings(t, shortDir(t), nil)
	start(t, conf)
	c := overSocket(conf.Socket)
	defer c.CloseIdleConnections()
	const rows = 100_000
	stop := highest()
	hours := "date;client;minutes;kind\n" + strings.Repeat("2026-10-06;kerlann;90;training\n", rows)
	problemOf(t, c, "POST", "/v1/hours/import?name=hours.csv", "application/octet-stream", strings.NewReader(hours), http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge)
	wrong := "date;client;minutes;kind\n" + strings.Repeat("x\n", rows/2-1)
	problemOf(t, c, "POST", "/v1/hours/import?name=wrong.csv", "application/octet-stream", strings.NewReader(wrong), http.StatusUnprocessableEntity)
	for name, sheet := range map[string]string{
		"long":  "username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\n" + strings.Repeat("maelle.legall;Maëlle;Le Gall;;maelle.legall@horizon.example;0;;;\n", rows),
		"short": "username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\n" + strings.Repeat("a\n", rows),
	} {
		users, err := json.Marshal(map[string]any{"name": "users.csv", "text": sheet})
		if err != nil {
			t.Fatal(err)
		}
		problemOf(t, c, "POST", "/v1/servers/x/users", "application/json", bytes.NewReader(users), http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge, http.StatusNotFound)
		order, err := json.Marshal(map[string]any{"name": "horizon", "client": "x", "box": "y", "blueprint": map[string]any{"name": "b.yaml", "text": "domain: horizon.example\n"}, "users": map[string]any{"name": name, "text": sheet}})
		if err != nil {
			t.Fatal(err)
		}
		problemOf(t, c, "POST", "/v1/servers/plan", "application/json", bytes.NewReader(order), http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge, http.StatusNotFound)
	}
	grew := stop()
	t.Logf("memory grew by at most %d MiB", grew>>20)
	if grew > 256<<20 {
		t.Errorf("memory grew by %d MiB, want at most 256", grew>>20)
	}
}

// A thousand idle connections at either door hold little, and nobody waits for them.
func TestAThousandIdleConnections(t *testing.T) {
	conf := settings(t, shortDir(t), map[string]string{"listen": "127.0.0.1:0"})
	_, log := start(t, conf)
	address, fingerprint := logged(t, log, "address="), logged(t, log, "fingerprint=")
	for _, door := range []struct {
		name string
		dial func() (net.Conn, error)
		ask  api.Options
	}{
		{"socket", func() (net.Conn, error) { return net.Dial("unix", conf.Socket) }, api.Options{Socket: conf.Socket}},
		{"TLS", func() (net.Conn, error) { return tls.Dial("tcp", address, pin.TLS(fingerprint)) }, api.Options{URL: "https://" + address, Token: "x", Fingerprint: fingerprint}},
	} {
		t.Run(door.name, func(t *testing.T) {
			before := held()
			conns := make([]net.Conn, 1000)
			var wg sync.WaitGroup
			for i := range conns {
				c, err := door.dial()
				if err != nil {
					t.Fatalf("connection %d: %v", i, err)
				}
				conns[i] = c
				defer c.Close()
				wg.Go(func() {
					// Each has made a call, so that the server holds all that it holds for one.
					if _, err := fmt.Fprintf(c, "GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
						t.Error(err)
					}
					if n, err := c.Read(make([]byte, 4096)); err != nil || n == 0 {
						t.Errorf("no answer: %v", err)
					}
				})
			}
			wg.Wait()
			grew := held() - before
			t.Logf("1,000 idle connections hold %d KiB each, both ends", grew/1000>>10)
			if grew > 64<<20 {
				t.Errorf("1,000 idle connections hold %d MiB, want at most 64", grew>>20)
			}
			_, err := client(t, door.ask).Version(t.Context())
			if _, answered := errors.AsType[*api.Error](err); err != nil && !answered { // an answer, be it a refusal of the token
				t.Errorf("beside them nobody is answered: %v", err)
			}
		})
	}
}
