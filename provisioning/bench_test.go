package provisioning_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/proxmox"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/secret"
	simpve "codeberg.org/accolade/accolade/internal/sim/pve"
	"codeberg.org/accolade/accolade/internal/yunohost"
	"codeberg.org/accolade/accolade/provisioning"
)

const imageName = "debian-12-genericcloud-amd64-20260901-2224.qcow2"

// images serves a cloud image and its checksums.
func images(t testing.TB) string {
	t.Helper()
	image := append([]byte("QFI\xfb\x00\x00\x00\x03"), bytes.Repeat([]byte{0}, 4088)...)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path.Base(r.URL.Path) {
		case imageName:
			_, _ = w.Write(image)
		case "SHA512SUMS":
			fmt.Fprintf(w, "%x  other.qcow2\n%x  %s\n", sha512.Sum512(nil), sha512.Sum512(image), imageName)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// bench is an enrolled box with all that makes servers on it.
type bench struct {
	*fleettest.Bench
	images  string
	box     fleet.Box
	root    *proxmox.Client
	service *provisioning.Service
	backups *backup.Service
	relay   bool
}

func newBench(t testing.TB, version string, opts ...fleettest.Option) *bench {
	t.Helper()
	at := images(t)
	b := &bench{images: at, relay: true}
	b.Bench = fleettest.New(t, version, append(opts, func(c *simpve.Config) { c.Downloads = at })...)
	log := slog.New(slog.DiscardHandler)
	b.backups = backup.New(backup.Parts{
		DB: b.DB, Clock: b.Clock, Engine: b.Engine, Scheduler: schedule.New(b.DB, b.Clock, log), Fleet: b.Registry, Log: log, Policy: backup.DefaultPolicy(),
		Connect: func(box fleet.Box) (backup.Hypervisor, error) { return b.Ours(box), nil }, ReadLog: proxmox.ParseVzdump,
	})
	b.service = provisioning.New(provisioning.Parts{
		DB: b.DB, Engine: b.Engine, Fleet: b.Registry, Keeper: b.Keeper, Backups: b.backups,
		Connect: func(box fleet.Box) (provisioning.Hypervisor, error) { return b.Ours(box), nil },
		Enter: func(hv provisioning.Hypervisor, vmid int, run string) provisioning.Guest {
			return yunohost.New(hv, vmid, b.Clock, run)
		},
		Relay: func() (fleet.Relay, secret.Value, bool) {
			return fleet.Relay{Enabled: true, Host: "relay.example.org", Port: 587, User: "accolade"}, secret.New("relay secret"), b.relay
		},
		HTTP: http.DefaultClient, Options: provisioning.Options{PlainHTTP: at},
	})
	b.Run()
	b.box = b.Enrolled()
	b.root = b.Client(b.box, b.Password())
	t.Cleanup(b.root.Close)
	return b
}

func (b *bench) blueprint() string {
	return `size: {cores: 2, memory: 4G, disk: 64G}
image:
  url: ` + b.images + `/20260901/` + imageName + `
domain: kerlann.bzh
admin: {username: camille, fullname: Camille Le Goff}
relay: true
apps:
  - {id: nextcloud, label: Fichiers}
  - {id: dolibarr}
`
}

func users(n int) []byte {
	var b strings.Builder
	b.WriteString("username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\n")
	for i := range n {
		fmt.Fprintf(&b, "user%d;Prenom;Nom;;user%d@kerlann.bzh;0;;;\n", i, i)
	}
	return []byte(b.String())
}

func (b *bench) request(n int) provisioning.Request {
	q := provisioning.Request{Client: "kerlann", Box: "kiosk", BlueprintName: "kerlann.yaml", BlueprintText: []byte(b.blueprint()), By: "anne", From: "test"}
	if n > 0 {
		q.UsersName, q.UsersText = "users.csv", users(n)
	}
	return q
}

func (b *bench) provision(n int) operation.Operation {
	b.T.Helper()
	op, err := b.service.Start(b.T.Context(), b.request(n))
	if err != nil {
		b.T.Fatal(err)
	}
	return b.Wait(op.ID)
}

// inside runs a command in the server, as root.
func (b *bench) inside(argv ...string) string {
	b.T.Helper()
	ctx, done := b.Clock.Work(context.Background())
	defer done()
	server, err := b.Registry.Server("kerlann")
	if err != nil {
		b.T.Fatal(err)
	}
	out, err := (&yunohost.Guest{Agent: b.root, VMID: server.VMID, Clock: b.Clock}).Exec(ctx, argv, nil)
	if err != nil || out.ExitCode != 0 {
		b.T.Fatalf("%v: %v, status %d: %s", argv, err, out.ExitCode, out.Err)
	}
	return string(out.Out)
}
