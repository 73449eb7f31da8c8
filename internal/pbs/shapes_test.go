package pbs_test

import (
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/pbs"
	"codeberg.org/accolade/accolade/internal/rest/resttest"
)

// Whatever shape a vault gives to its answers, the same is read.
func TestShapesOfAnswers(t *testing.T) {
	said := map[string]string{
		"/snapshots": `{"data":[{"backup-type":"vm","backup-id":"100","backup-time":1790000000,"size":5,"owner":"a@pbs!b","protected":true,"comment":"","files":[{"filename":"index.json.blob","size":1}],"verification":{"state":"ok","upid":"UPID:x"}},` +
			`{"backup-type":"vm","backup-id":"101","backup-time":1790000001,"protected":false,"files":[]}]}`,
		"/namespace": `{"data":[{"ns":""},{"ns":"2026"}]}`,
		"/status":    `{"data":{"total":1,"used":0,"avail":1}}`,
		"/users":     `{"data":[{"userid":"a@pbs","enable":true,"tokens":[{"tokenid":"a@pbs!b","enable":1}]},{"userid":"c@pbs","tokens":[]}]}`,
	}
	read := func(shape string) map[string]any {
		c := pbs.New(pbs.Config{Vault: "central", URL: "https://vault.example:8007", Datastore: "main", Clock: clocktest.Auto(fleettest.Start),
			Wrap: func(http.RoundTripper) http.RoundTripper {
				return resttest.As(shape, answers(func(r *http.Request) (*http.Response, error) {
					body := said[r.URL.Path[strings.LastIndexByte(r.URL.Path, '/'):]]
					return &http.Response{StatusCode: 200, Status: "200 OK", Proto: "HTTP/1.1", Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
				}))
			}})
		ctx, all := t.Context(), map[string]any{}
		for name, one := range map[string]func() (any, error){
			"Snapshots": func() (any, error) { return c.Snapshots(ctx, "") }, "Namespaces": func() (any, error) { return c.Namespaces(ctx) }, "Status": func() (any, error) { return c.Status(ctx) },
			"Users": func() (any, error) { return c.Users(ctx) }, "HasToken": func() (any, error) { return c.HasToken(ctx, "a@pbs!b") },
		} {
			got, err := one()
			if err != nil {
				t.Errorf("%s: %s: %v", shape, name, err)
			}
			all[name] = got
		}
		return all
	}
	want := map[string]any{
		"Snapshots":  []pbs.Snapshot{{Type: "vm", ID: "100", Time: time.Unix(1790000000, 0).UTC(), Size: 5, Owner: "a@pbs!b", Protected: true, Verified: "ok"}, {Type: "vm", ID: "101", Time: time.Unix(1790000001, 0).UTC()}},
		"Namespaces": []string{"", "2026"}, "Status": pbs.Status{Total: 1, Avail: 1}, "Users": []string{"a@pbs", "c@pbs"}, "HasToken": true,
	}
	for shape := range resttest.Shapes {
		if got := read(shape); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: it is read as\n%+v, want\n%+v", shape, got, want)
		}
	}
}
