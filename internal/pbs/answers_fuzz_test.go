package pbs_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/pbs"
	"codeberg.org/accolade/accolade/internal/secret"
)

// answers stands for the network.
type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// FuzzAnswers has every call of the adapter answered by the same arbitrary text. Each
// must come back with a result, or with an error that says something and shows no
// secret. A status that is no success is never a result.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{`{"data":null}`, `{"data":[]}`, `{"data":{"version":"4.0","release":"11"}}`, `{"data":[{"ns":""},{"ns":"kiosk"}]}`,
		`{"data":[{"backup-type":"vm","backup-id":"100","backup-time":1790000000,"size":5,"protected":false,"files":[{"filename":"index.json.blob"}],"verification":{"state":"ok","upid":"UPID:x"}}]}`,
		`{"data":[{"userid":"accolade-kiosk@pbs","tokens":[{"tokenid":"accolade-kiosk@pbs!box"}]}]}`, `{"data":{"tokenid":"a@pbs!b","value":"00000000-0000-0000-0000-000000000000"}}`,
		`{"data":{"total":1,"used":2,"avail":-1}}`, `{"data":{"status":"stopped","exitstatus":"WARNINGS: 1"}}`, `{"data":`, `<html>`, ``} {
		f.Add(200, body)
	}
	f.Add(400, "parameter verification failed - 'ns': value does not match the regex pattern\n")
	f.Add(403, "permission check failed - missing Datastore.Audit on /datastore/main\n")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			status = 200
		}
		clk := clocktest.Auto(fleettest.Start)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		ctx, done := clk.Work(ctx)
		defer done()
		c := pbs.New(pbs.Config{Vault: "central", URL: "https://vault.example:8007", Datastore: "main", TokenID: "root@pam!a", TokenSecret: secret.New("0000-SECRET-0000"), Clock: clk,
			Wrap: func(http.RoundTripper) http.RoundTripper {
				return answers(func(r *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: status, Status: fmt.Sprintf("%d of the fuzzer", status), Proto: "HTTP/1.1", Header: http.Header{"Content-Type": {"application/json"}},
						Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: r}, nil
				})
			}})
		only := func(_ any, err error) error { return err }
		const user, token, space, upid = "accolade-kiosk@pbs", "accolade-kiosk@pbs!box", "kiosk", "UPID:vault:00001:00002:00003:00004:verify:main:root@pam:"
		for name, call := range map[string]func() error{
			"Version": func() error { return only(c.Version(ctx)) }, "Status": func() error { return only(c.Status(ctx)) }, "Free": func() error { return only(c.Free(ctx)) },
			"Namespaces": func() error { return only(c.Namespaces(ctx)) }, "HasNamespace": func() error { return only(c.HasNamespace(ctx, space)) },
			"CreateNamespace": func() error { return c.CreateNamespace(ctx, space) }, "Snapshots": func() error { return only(c.Snapshots(ctx, space)) },
			"Empty": func() error { return only(c.Empty(ctx, space)) }, "Verify": func() error { return only(c.Verify(ctx, space)) }, "Task": func() error { return only(c.Task(ctx, upid)) },
			"Users": func() error { return only(c.Users(ctx)) }, "HasUser": func() error { return only(c.HasUser(ctx, user)) }, "HasToken": func() error { return only(c.HasToken(ctx, token)) },
			"CreateToken": func() error { return only(c.CreateToken(ctx, token, "")) }, "MayBackUp": func() error { return only(c.MayBackUp(ctx, token, space)) },
		} {
			err := call()
			switch {
			case ctx.Err() != nil:
				t.Fatalf("%s does not come back (status %d, %q)", name, status, body)
			case err == nil && status >= 300 && !strings.HasPrefix(name, "Has"):
				t.Errorf("%s: status %d is taken for a success", name, status)
			case err != nil && (err.Error() == "" || strings.Contains(err.Error(), "0000-SECRET-0000")):
				t.Errorf("%s: the error says nothing, or too much: %v", name, err)
			}
		}
	})
}
