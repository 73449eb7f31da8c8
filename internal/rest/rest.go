// Package rest is what our clients of foreign REST APIs do alike: they are silent, they
// ask again when a question had no answer, and they read answers by what is meant. It
// knows no API, and never repeats what changes something.
package rest

import (
	"context"
	"net/http"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
)

// Silent is a logger that says nothing: libraries would log requests and their bodies,
// which hold secrets.
type Silent struct{}

// Errorf says nothing.
func (Silent) Errorf(string, ...any) {}

// Warnf says nothing.
func (Silent) Warnf(string, ...any) {}

// Infof says nothing.
func (Silent) Infof(string, ...any) {}

// Debugf says nothing.
func (Silent) Debugf(string, ...any) {}

const (
	readTries  = 3
	firstPause = 200 * time.Millisecond // then four times as long
)

// Try sends a request: a GET up to three times while there is no answer, any other once,
// for an answer that was lost may have been a success. unanswered tells an error without
// an answer from others. The error is the last one, or that of the context.
func Try(ctx context.Context, clk clock.Clock, method string, send func() error, unanswered func(error) bool) (err error) {
	tries := 1
	if method == http.MethodGet {
		tries = readTries
	}
	for try := range tries {
		if try > 0 {
			if err := clk.Sleep(ctx, firstPause<<(2*try)); err != nil {
				return err
			}
		}
		err = send()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !unanswered(err):
			return err
		}
	}
	return err
}
