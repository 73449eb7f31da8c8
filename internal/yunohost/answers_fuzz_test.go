package yunohost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/poll"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/sharedtest"
)

// answers stands for the network.
type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// says is a guest agent whose commands all end with the same words.
type says struct {
	exit int
	out  string
	argv *[]string // of the last command
}

func (s says) AgentExec(_ context.Context, _ int, argv []string, _ []byte) (int, error) {
	*s.argv = argv
	return 1, nil
}

func (s says) AgentWait(context.Context, int, int, poll.Work) (fleet.Exec, error) {
	return ended(*s.argv, s.exit, s.out), nil
}

var marks = regexp.MustCompile(`echo "(` + mark + `\S+ )\$s"; echo >&2`)

// ended is the end of a script of which each command ends with the same words.
func ended(argv []string, exit int, out string) fleet.Exec {
	var all strings.Builder
	for _, m := range marks.FindAllStringSubmatch(strings.Join(argv, " "), -1) {
		fmt.Fprintf(&all, "%s\n%s%d\n", out, m[1], exit)
	}
	return fleet.Exec{Exited: true, Out: []byte(all.String()), Err: []byte(all.String())}
}

// FuzzAnswers has every call, through both doors, answered by the same arbitrary text.
// Each must come back with a result, or with an error of one line that shows neither a
// secret nor a password hash. A failure is never a result.
func FuzzAnswers(f *testing.F) {
	for _, a := range sharedtest.Answers(f, "yunohost-12.1.25") {
		f.Add(a.Status, a.Body)
	}
	for _, body := range []string{`{"users":{}}`, `{"created":1,"updated":0,"deleted":0,"errors":0}`, `{"domains":["a.example"],"main":"a.example"}`, `null`, `{`, ``, "Success!\n{}", "<html>"} {
		f.Add(200, body)
	}
	f.Add(500, "b'{CRYPT}$6$abc$defghij' in attribute userPassword")
	f.Add(400, `{"error":"There is already a YunoHost operation running","log_ref":"x"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			status = 200
		}
		clk := clocktest.Auto(time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		ctx, done := clk.Work(ctx)
		defer done()
		exit := 0
		if status >= 300 {
			exit = 1
		}
		inside := New(says{exit, body, new([]string)}, 100, clk, "000001")
		outside := New(says{exit, body, new([]string)}, 100, clk, "000001")
		outside.UseHTTPS(HTTPSConfig{URL: "https://a.example", User: "technique", Password: secret.New("0000-SECRET-0000"), Wrap: func(http.RoundTripper) http.RoundTripper {
			return answers(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/login") {
					return &http.Response{StatusCode: 200, Status: "200 OK", Header: http.Header{"Content-Type": {"text/plain"}}, Body: io.NopCloser(strings.NewReader("Logged in")), Request: r}, nil
				}
				kind := "application/json"
				if status%2 == 1 {
					kind = "text/html"
				}
				return &http.Response{StatusCode: status, Status: fmt.Sprintf("%d of the fuzzer", status), Header: http.Header{"Content-Type": {kind}},
					Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: r}, nil
			})
		}})
		only := func(_ any, err error) error { return err }
		for door, s := range map[string]*Server{"agent": inside, "HTTPS": outside} {
			for name, call := range map[string]func() error{
				"Installed": func() error { return only(s.Installed(ctx)) }, "Versions": func() error { return only(s.Versions(ctx)) },
				"Relay": func() error { return only(s.Relay(ctx)) }, "Users": func() error { return only(s.Users(ctx)) },
				"ImportUsers": func() error {
					_, refusal, err := s.ImportUsers(ctx, "b1", secret.New("username;password\na;0000-SECRET-0000\n"), 1)
					return errors.Join(refusal, err)
				},
				"Apps": func() error { return only(s.Apps(ctx)) }, "Diagnose": func() error { return only(s.Diagnose(ctx)) },
				"Domains": func() error { _, _, err := s.Domains(ctx); return err }, "Certificate": func() error { return only(s.Certificate(ctx, "a.example")) },
				"Domain": func() error { return only(s.Domain(ctx, "a.example")) },
				"PostInstall": func() error {
					return s.PostInstall(ctx, "a.example", "technique", "Equipe", secret.New("0000-SECRET-0000"))
				},
			} {
				err := call()
				switch {
				case ctx.Err() != nil:
					t.Fatalf("%s by %s does not come back (status %d, %q)", name, door, status, body)
				case err == nil && status >= 300 && name != "Installed":
					t.Errorf("%s by %s: status %d is taken for a success", name, door, status)
				case err == nil:
				case err.Error() == "" || strings.Contains(err.Error(), "0000-SECRET-0000"):
					t.Errorf("%s by %s: the error says nothing, or too much: %v", name, door, err)
				}
				if refusal, ok := errors.AsType[*failure](err); ok && (strings.ContainsAny(refusal.Text, "\r\n") || hashes.MatchString(refusal.Text)) {
					t.Errorf("%s by %s: %q has more than one line, or a hash", name, door, refusal.Text)
				}
			}
		}
	})
}
