package fault_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/sim/fault"
)

// On either side of the wire, half of the body arrives, and then no more.
func TestResetMiddle(t *testing.T) {
	for name, between := range map[string]bool{"server": false, "client": true} {
		var s fault.Set
		came := make(chan string, 1)
		var h http.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: the body ended with %v", name, err)
			}
			came <- string(body)
		})
		if !between {
			h = s.Wrap("pve1", h, nil)
		}
		srv := httptest.NewServer(h)
		client := srv.Client()
		if between {
			client.Transport = &fault.Between{Set: &s, Next: client.Transport, Target: func(*http.Request) string { return "pve1" }}
		}
		if _, err := s.Add(fault.Rule{Target: "pve1", Kind: fault.ResetMiddle}); err != nil {
			t.Fatal(err)
		}
		half := strings.Repeat("x", 8<<10)
		res, err := client.Post(srv.URL, "text/plain", strings.NewReader(half+half))
		if err == nil {
			res.Body.Close()
			t.Errorf("%s: answered %s", name, res.Status)
		}
		if got := <-came; got != half {
			t.Errorf("%s: %d bytes came, want %d", name, len(got), len(half))
		}
		srv.Close()
	}
}
