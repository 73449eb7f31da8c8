package dolibarr_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/billing/dolibarr"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/rest/resttest"
	"codeberg.org/accolade/accolade/internal/secret"
)

// through is a client whose answers come by way of wire.
func through(clk clock.Clock, wire http.RoundTripper) *dolibarr.Client {
	return dolibarr.New(dolibarr.Config{URL: "http://dolibarr.example/", Key: secret.New(key), Clock: clk, Wrap: func(http.RoundTripper) http.RoundTripper { return wire }})
}

// Dolibarr is written in PHP: whatever shape it gives to its answers, documents get there,
// and are found there again.
func TestShapesOfAnswers(t *testing.T) {
	for shape := range resttest.Shapes {
		c := through(clock.Real(), resttest.As(shape, wire{newSim()}))
		for _, created := range []bool{true, false} {
			if sent := send(t, c, kerlann(), true); sent.Created != created || !sent.Validated && created {
				t.Errorf("%s: sent %+v, want it created: %t", shape, sent, created)
			}
			if sent := send(t, c, note(), true); sent.Created != created {
				t.Errorf("%s: note sent %+v, want it created: %t", shape, sent, created)
			}
		}
	}
}

// says answers every request alike.
type says struct {
	status int
	body   string
}

func (s says) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: s.status, Status: fmt.Sprintf("%d of the fuzzer", s.status), Proto: "HTTP/1.1", Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(s.body)), ContentLength: -1, Request: r}, nil
}

// FuzzAnswers has every call answered by the same arbitrary text: a document is then sent or
// not, with a reason that shows no secret, and in finite time.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{"[]", "12", `"12"`, "null", "{}", `[{"id":"1","name":"École de Kerlann","idprof1":"732829320"}]`, `{"id":1,"ref":"F2026-0002","statut":"1","total_ttc":"615.72","lines":[]}`,
		`{"id":1,"lines":{"0":{"qty":1}}}`, "<html>", "", "[" + strings.TrimSuffix(strings.Repeat(`{"id":1},`, 100), ",") + "]"} {
		f.Add(200, body)
	}
	f.Add(502, "Bad Gateway")
	f.Add(304, "")
	f.Add(404, `{"error":{"code":404,"message":"Not Found: No invoice found"}}`)
	f.Add(500, `{"error":{"code":500,"message":"x","0":"ErrorFieldRequired","1":5}}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			status = 200
		}
		clk := clocktest.Auto(time.Date(2026, 10, 2, 8, 0, 0, 0, time.UTC))
		ctx, done := clk.Work(t.Context())
		defer done()
		_, err := through(clk, says{status, body}).Send(ctx, kerlann(), true)
		if err != nil && (err.Error() == "" || strings.Contains(err.Error(), key)) {
			t.Errorf("%d %q: the error says nothing, or too much: %v", status, body, err)
		}
		if err == nil && status >= 300 {
			t.Errorf("status %d is taken for a success", status)
		}
	})
}
