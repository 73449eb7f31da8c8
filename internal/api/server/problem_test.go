package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Typed errors become documents whose code and status are stable, however deep they
// are wrapped.
func TestExplain(t *testing.T) {
	for name, tc := range map[string]struct {
		err    error
		status int
		code   string
		detail string
	}{
		"not found":  {&store.NotFoundError{Kind: "box", ID: "kiosk"}, http.StatusNotFound, api.CodeNotFound, `no box "kiosk"`},
		"exists":     {&store.ExistsError{Kind: "box", ID: "kiosk"}, http.StatusConflict, api.CodeExists, "exists already"},
		"refused":    {&operation.Refused{Why: "the box is full", Fix: "take another"}, http.StatusConflict, api.CodeRefused, "the box is full"},
		"invalid":    {&contract.Invalid{Field: "siren", Value: "1", Allowed: "nine digits"}, http.StatusUnprocessableEntity, api.CodeInvalid, "siren 1 is refused: nine digits"},
		"full store": {&store.FullError{Path: "/x", Err: syscall.ENOSPC}, http.StatusServiceUnavailable, api.CodeUnavailable, "disk that holds the controller's state is full; nothing was changed"},
		"full disk":  {syscall.ENOSPC, http.StatusServiceUnavailable, api.CodeUnavailable, "is full"},
		"stopping":   {context.Canceled, http.StatusServiceUnavailable, api.CodeUnavailable, "stopped"},
		"closed":     {store.ErrClosed, http.StatusServiceUnavailable, api.CodeUnavailable, "stopping"},
		"unknown":    {errors.New("secret"), http.StatusInternalServerError, api.CodeInternal, "something went wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			got := explain(fmt.Errorf("add: %w", fmt.Errorf("x: %w", tc.err)))
			if got.Status != tc.status || got.Code != tc.code || !strings.Contains(got.Detail, tc.detail) {
				t.Errorf("got %d %s %q", got.Status, got.Code, got.Detail)
			}
		})
	}
}
