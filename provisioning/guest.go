package provisioning

import (
	"context"
	"net/url"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/poll"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Guest is the inside of one VM: a machine that runs commands as root, and the
// YunoHost on it. Actions of YunoHost look first, and read back what they did.
type Guest interface {
	// Exec runs a command and waits for its end.
	Exec(ctx context.Context, argv []string, input []byte) (fleet.Exec, error)
	// Once does so for a command that must not run twice: asked again, it gives
	// the first result. One that failed may run again.
	Once(ctx context.Context, name string, argv []string, input []byte, work poll.Work) (fleet.Exec, error)
	// Fresh says that nothing of what is going to be asked for was begun before.
	Fresh()

	PostInstall(ctx context.Context, domain, username, fullName string, password secret.Value) error
	SetRelay(ctx context.Context, relay fleet.Relay, password secret.Value) error
	Domains(ctx context.Context) (all []string, main string, err error)
	SetMainDomain(ctx context.Context, domain string) error
	// Domain reads all that is to be known of a domain.
	Domain(ctx context.Context, domain string) (fleet.Domain, error)
	InstallCertificate(ctx context.Context, domain string) error
	Users(ctx context.Context) (map[string]fleet.Account, error)
	// ImportUsers makes the n users of a CSV and reads back who is there; refusal is
	// what the import itself had to say.
	ImportUsers(ctx context.Context, name string, csv secret.Value, n int) (there map[string]fleet.Account, refusal, err error)
	InstallApp(ctx context.Context, id, label string, args url.Values) error
	Diagnose(ctx context.Context) ([]fleet.Finding, error)
}

// Access is what it takes to speak HTTPS to a server that can be reached.
type Access struct {
	Domain      string
	Fingerprint string // SHA-256 of its certificate, as read on the server itself
	User        string
	Password    secret.Value
}
