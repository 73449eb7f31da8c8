package rest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/rest"
)

var errAway, errNo = errors.New("away"), errors.New("no")

func TestTry(t *testing.T) {
	for name, test := range map[string]struct {
		method  string
		answers []error
		want    error
		sent    int
		took    time.Duration
	}{
		"answered":              {http.MethodGet, []error{nil}, nil, 1, 0},
		"answered at last":      {http.MethodGet, []error{errAway, errAway, nil}, nil, 3, 4 * time.Second},
		"never":                 {http.MethodGet, []error{errAway, errAway, errAway}, errAway, 3, 4 * time.Second},
		"refused":               {http.MethodGet, []error{errAway, errNo}, errNo, 2, 800 * time.Millisecond},
		"a change is sent once": {http.MethodPost, []error{errAway}, errAway, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
			clk := clocktest.Auto(start)
			sent := 0
			err := rest.Try(t.Context(), clk, test.method, func() error { sent++; return test.answers[sent-1] }, func(err error) bool { return err == errAway })
			if !errors.Is(err, test.want) || sent != test.sent || clk.Now().Sub(start) != test.took {
				t.Errorf("%v after %d requests and %s, want %v after %d and %s", err, sent, clk.Now().Sub(start), test.want, test.sent, test.took)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := rest.Try(ctx, clocktest.Auto(time.Now()), http.MethodGet, func() error { cancel(); return errAway }, func(error) bool { return true })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("given up by the caller: %v", err)
	}
}
