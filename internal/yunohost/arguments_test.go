package yunohost

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/poll"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/secret/secrettest"
)

// argued is a guest agent that keeps the arguments of each command, which every user
// of the server could see, and lets each command end well.
type argued struct {
	*secrettest.Stream
	last *[]string
}

func (a argued) AgentExec(_ context.Context, _ int, argv []string, _ []byte) (int, error) {
	*a.last = argv
	_, err := a.Write([]byte(strings.Join(argv, "\x00") + "\n"))
	return 1, err
}

func (a argued) AgentWait(context.Context, int, int, poll.Work) (fleet.Exec, error) {
	return ended(*a.last, 0, "{}"), nil
}

// What is secret goes to a command's standard input, never into its arguments.
func TestNoSecretInArguments(t *testing.T) {
	c := secrettest.Watch(t)
	password := secret.New("Far-Breton-22")
	clk := clocktest.Auto(time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC))
	ctx, done := clk.Work(t.Context())
	defer done()
	s := New(argued{c.Stream("arguments in the guest"), new([]string)}, 100, clk, "000001")
	for what, err := range map[string]error{
		"post-install": s.PostInstall(ctx, "a.example", "technique", "Equipe", password),
		"relay":        s.SetRelay(ctx, fleet.Relay{Host: "relay.example", Port: 587, User: "accolade"}, password),
		"app":          s.InstallApp(ctx, "nextcloud", "Nextcloud", url.Values{"domain": {"a.example"}, "password": {password.Reveal()}}),
		"users":        third(s.ImportUsers(ctx, "b1", secret.New("username;password\nmaelle;"+password.Reveal()+"\n"), 1)),
	} {
		c.Error(what, err) // {} is no good answer to most of them; what counts is what was sent
	}
	c.Check(t)
}

func third(_, _ any, err error) error { return err }
