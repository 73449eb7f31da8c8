package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// fixture is a client for a handler that stands where a controller would.
func fixture(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := NewClient(Options{Socket: "unused", Agent: "test"})
	if err != nil {
		t.Fatal(err)
	}
	c.base, c.http = s.URL, s.Client()
	return c
}

// A stream that breaks is taken up again behind the last event; nothing is seen twice
// and nothing is missed.
func TestStreamGoesOnAfterALostConnection(t *testing.T) {
	var asked []string
	c := fixture(t, func(w http.ResponseWriter, r *http.Request) {
		last := r.Header.Get("Last-Event-ID")
		asked = append(asked, last)
		if len(asked) == 2 { // in the middle of a restart
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusServiceUnavailable)
			_ = json.NewEncoder(w).Encode(Error{Status: 503, Code: CodeUnavailable, Detail: "starting"})
			return
		}
		n := 0
		if last != "" {
			fmt.Sscan(last, &n)
		}
		for i := n + 1; i <= n+3; i++ {
			fmt.Fprintf(w, ": comment\nid: %d\nevent: step\ndata: %d\n\n", i, i)
		}
		fmt.Fprint(w, "id: 99\nevent: step\ndata: half an eve") // the connection ends here
	})
	var seen []string
	err := c.Stream(t.Context(), "/operations/x/events", func(e Event) (bool, error) {
		seen = append(seen, e.Name+string(e.Data))
		return len(seen) < 6, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(seen, " "), "step1 step2 step3 step4 step5 step6"; got != want {
		t.Errorf("saw %s, wanted is %s", got, want)
	}
	if got, want := fmt.Sprintf("%q", asked), `["" "3" "3"]`; got != want {
		t.Errorf("asked after %s, wanted is %s", got, want)
	}
}

// What the controller refuses ends the stream at once, as does the caller's own error.
func TestStreamEnds(t *testing.T) {
	c := fixture(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/none") {
			w.WriteHeader(http.StatusNotFound)
			_ = json.NewEncoder(w).Encode(Error{Status: 404, Code: CodeNotFound, Detail: "no operation"})
			return
		}
		fmt.Fprint(w, "data: {}\n\n")
	})
	err := c.Stream(t.Context(), "/none", func(Event) (bool, error) { return true, nil })
	if e, ok := errors.AsType[*Error](err); !ok || e.Code != CodeNotFound {
		t.Errorf("got %v", err)
	}
	mine := errors.New("mine")
	if err := c.Stream(t.Context(), "/x", func(Event) (bool, error) { return true, mine }); !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.Stream(ctx, "/x", func(Event) (bool, error) { cancel(); return true, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNobodyThere(t *testing.T) {
	c, err := NewClient(Options{Socket: "/nonexistent/socket"})
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"call":   c.Get(t.Context(), "/version", nil),
		"stream": c.Stream(t.Context(), "/x", func(Event) (bool, error) { return true, nil }),
	} {
		if u, ok := errors.AsType[*Unreachable](err); !ok || u.Address != "/nonexistent/socket" {
			t.Errorf("%s: %v, wanted is Unreachable", name, err)
		}
	}
}

// A call whose answer is lost is said to be in doubt, and is not sent again.
func TestLostAnswer(t *testing.T) {
	var calls atomic.Int32
	c := fixture(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		panic(http.ErrAbortHandler)
	})
	err := c.Post(t.Context(), "/things", map[string]int{"a": 1}, nil)
	if err == nil || !strings.Contains(err.Error(), "may have been carried out") {
		t.Errorf("got %v", err)
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("the call was sent %d times", n)
	}
}

func TestPathAndQuery(t *testing.T) {
	if got := withQuery(path("clients", "a/b c"), "from", "2026-09-01", "to", ""); got != "/clients/a%2Fb%20c?from=2026-09-01" {
		t.Error(got)
	}
}

func FuzzEvents(f *testing.F) {
	f.Add("id: 1\nevent: x\ndata: {}\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = readEvents(strings.NewReader(text), func(Event) (bool, error) { return true, nil })
	})
}
