package main

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/api/server"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/config"
	"codeberg.org/accolade/accolade/internal/version"
)

// other is the socket of a controller of another version.
func other(t *testing.T) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := server.New(server.Options{Clock: clock.Real(), Log: slog.New(slog.DiscardHandler), Version: "v0.0.1-old", Services: server.Services{Settings: noSettings{}}})
	srv := &http.Server{Handler: s.Handler(), ConnContext: server.ConnContext}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return socket
}

type noSettings struct{}

func (noSettings) Origins() []config.Origin         { return nil }
func (noSettings) Reload() ([]config.Change, error) { return nil, nil }

func TestVersionsDiffer(t *testing.T) {
	socket := other(t)
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"version"}, exitTrouble, "the controller is v0.0.1-old, this program is " + version.String()},
		{[]string{"config"}, exitOK, "note: the controller is v0.0.1-old"},
	} {
		var out, errOut bytes.Buffer
		e := newEnv(strings.NewReader(""), &out, &errOut, func(string) string { return "" })
		code := run(t.Context(), append(tc.args, "--socket", socket), e)
		if code != tc.code || !strings.Contains(errOut.String(), tc.want) || strings.Count(errOut.String(), "v0.0.1-old") != 1 {
			t.Errorf("%v: code %d, wanted is %d; it says\n%s", tc.args, code, tc.code, errOut.String())
		}
	}
}
