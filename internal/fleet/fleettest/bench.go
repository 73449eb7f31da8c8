// Package fleettest has what a test of the workflows needs: a simulated box and a
// simulated vault behind TLS, a store, an engine that runs, and time that jumps.
// Each request is held to the official description of the system that it goes to.
package fleettest

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/pbs"
	"codeberg.org/accolade/accolade/internal/poll"
	"codeberg.org/accolade/accolade/internal/proxmox"
	"codeberg.org/accolade/accolade/internal/proxmox/proxmoxtest"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/sim/apispec"
	simpbs "codeberg.org/accolade/accolade/internal/sim/pbs"
	simpve "codeberg.org/accolade/accolade/internal/sim/pve"
	"codeberg.org/accolade/accolade/internal/store"
)

// Start is the instant at which a bench's time begins: the afternoon of an enrolment.
var Start = time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)

// Names and secrets of a bench.
const (
	Node         = "pve1"
	RootPassword = "correct horse battery"
	boxToken     = "root@pam!bootstrap"
	BoxSecret    = "aaaaaaaa-0000-4000-8000-000000000001"
	VaultToken   = "root@pam!accolade"
	VaultSecret  = "bbbbbbbb-0000-4000-8000-000000000002"
	Datastore    = "accolade"
	VaultName    = "central"
	siteName     = "lorient"
)

// Machines are a simulated box and a simulated vault behind TLS, and the adapters
// that reach them.
type Machines struct {
	T      testing.TB
	Clock  *clocktest.Clock
	Keeper *secret.Keeper

	Box                  *simpve.Box
	BoxURL, BoxPrint     string
	Vault                *simpbs.Server
	VaultURL, VaultPrint string
	VaultDown            *Switch // while on, the vault answers nobody

	Wire, VaultWire *proxmoxtest.Wire
	Between         func(http.RoundTripper) http.RoundTripper // further transport between us and the box; nil: none
	Calls           *Calls
	Pace            *poll.Memory // of the clients; nil: each has its own

	near    bool     // reached without a network, see Near
	address *address // of the box; nil if it is near
}

// Bench is a small cooperative: one site, one vault, one box that is not enrolled,
// and a controller's parts.
type Bench struct {
	*Machines
	DB       *store.MemoryDB
	Engine   *operation.Engine
	Registry *fleet.Registry
	Enrol    *enrol.Service
}

// Option changes the box before it is made.
type Option func(*simpve.Config)

// world gives the simulators the bench's time.
type world struct{ clk clock.Clock }

func (w world) Now() time.Time                 { return w.clk.Now() }
func (world) Poke()                            {}
func (world) Real(time.Duration) time.Duration { return 0 }

// NewMachines makes a box that runs "8.4", "9.2" or "7.4", and a vault.
func NewMachines(t testing.TB, clk *clocktest.Clock, version string, opts ...Option) *Machines {
	t.Helper()
	return newMachines(t, clk, version, false, opts)
}

func newMachines(t testing.TB, clk *clocktest.Clock, version string, near bool, opts []Option) *Machines {
	t.Helper()
	m := &Machines{T: t, Clock: clk, VaultDown: &Switch{}, Calls: &Calls{}, near: near}
	description := apispec.PVE92
	if version < "9" {
		description = apispec.PVE84
	}
	m.Wire, m.VaultWire = proxmoxtest.NewWire(t, description), proxmoxtest.NewWire(t, apispec.PBS)
	m.Wire.Seen = m.Calls.add
	m.openVault()
	m.openBox(version, opts)
	var err error
	if near {
		m.Keeper, err = nearKeeper()
	} else {
		m.Keeper, err = secret.OpenKeeper(filepath.Join(t.TempDir(), "key"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// New makes a bench.
func New(t testing.TB, version string, opts ...Option) *Bench {
	t.Helper()
	return on(t, clocktest.Auto(Start), version, opts...)
}

// on makes a bench on a clock that exists already.
func on(t testing.TB, clk *clocktest.Clock, version string, opts ...Option) *Bench {
	t.Helper()
	return bench(NewMachines(t, clk, version, opts...))
}

// bench puts a bench around machines.
func bench(m *Machines) *Bench {
	m.T.Helper()
	b := &Bench{Machines: m, DB: store.Memory()}
	b.Registry = fleet.NewRegistry(b.DB, b.Clock)
	b.Engine = operation.New(b.DB, b.Clock, operation.Options{Log: slog.New(slog.DiscardHandler)})
	b.Enrol = enrol.New(b.Deps())
	if err := b.Found(b.DB); err != nil {
		b.T.Fatal(err)
	}
	return b
}

// Deps are those of an enrolment on this bench.
func (b *Bench) Deps() enrol.Deps {
	return enrol.Deps{DB: b.DB, Engine: b.Engine, Keeper: b.Keeper, Clock: b.Clock, DialBox: b.DialBox, DialVault: b.DialVault}
}

// DialBox is the adapter with the bench's transports.
func (b *Machines) DialBox(box fleet.Box, login fleet.Login) enrol.Host { return b.Client(box, login) }

// Client is DialBox with all methods.
func (b *Machines) Client(box fleet.Box, login fleet.Login) *proxmox.Client {
	return proxmox.New(proxmox.Config{Box: box.Name, URL: box.URL, Fingerprint: box.Fingerprint, Node: box.Node, Login: login, Clock: b.Clock, Pace: b.Pace, Wrap: func(next http.RoundTripper) http.RoundTripper {
		next = b.ToBox(next)
		if b.Between != nil {
			next = b.Between(next)
		}
		return next
	}})
}

// DialVault is the adapter with the bench's transports.
func (b *Machines) DialVault(v fleet.Vault, key secret.Value) enrol.VaultServer {
	return pbs.New(pbs.Config{Vault: v.Name, URL: v.URL, Fingerprint: v.Fingerprint, Datastore: v.Datastore, TokenID: v.TokenID, TokenSecret: key, Clock: b.Clock, Wrap: b.ToVault})
}

// Run runs the engine until the test ends.
func (b *Bench) Run() {
	b.T.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Engine.Run(ctx) }()
	b.T.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.T.Errorf("engine: %v", err)
		}
	})
}

// Input is the enrolment of the bench's box under the name kiosk.
func (b *Machines) Input() enrol.Input {
	return enrol.Input{Name: "kiosk", Site: siteName, Client: "kerlann", URL: b.BoxURL, Fingerprint: b.BoxPrint, Vault: VaultName}
}

// Token is the bootstrap credential as a token, Password as root's password.
func (b *Machines) Token() fleet.Login {
	return fleet.Login{TokenID: boxToken, User: "root@pam", Secret: secret.New(BoxSecret)}
}

// Password is root's login.
func (b *Machines) Password() fleet.Login {
	return fleet.Login{User: "root@pam", Secret: secret.New(RootPassword)}
}

// Wait waits until an operation has ended.
func (b *Bench) Wait(id string) operation.Operation {
	b.T.Helper()
	ctx, done := b.Clock.Work(b.T.Context())
	defer done()
	op, err := b.Engine.Wait(ctx, id)
	if err != nil {
		b.T.Fatal(err)
	}
	return op
}

// Enrolled enrols the box; the engine must run.
func (b *Bench) Enrolled() fleet.Box {
	b.T.Helper()
	op, _, err := b.Enrol.Start(b.T.Context(), b.Input(), b.Token(), "anne", "test")
	if err != nil {
		b.T.Fatal(err)
	}
	if op = b.Wait(op.ID); op.State != operation.Done {
		b.T.Fatalf("enrolment %s: %+v", op.State, op.Problem)
	}
	box, err := b.Registry.Box("kiosk")
	if err != nil {
		b.T.Fatal(err)
	}
	return box
}

// Ours is a client with the token that the enrolment made.
func (b *Machines) Ours(box fleet.Box) *proxmox.Client {
	b.T.Helper()
	value, err := b.Keeper.Open(box.TokenSecret)
	if err != nil {
		b.T.Fatal(err)
	}
	return b.Client(box, fleet.Login{TokenID: box.TokenID, User: fleet.BoxUser, Secret: value})
}

// Found stores the site and the vault.
func (b *Machines) Found(db store.DB) error {
	registry := fleet.NewRegistry(db, b.Clock)
	if _, err := registry.AddSite(fleet.Site{Name: siteName, Address: "12 quai des Indes, 56100 Lorient", Travel: fleet.Bike, Minutes: 15}); err != nil {
		return err
	}
	sealed, err := b.Keeper.Seal(secret.New(VaultSecret))
	if err != nil {
		return err
	}
	_, err = registry.AddVault(fleet.Vault{Name: VaultName, URL: b.VaultURL, Fingerprint: b.VaultPrint, Datastore: Datastore, TokenID: VaultToken, TokenSecret: sealed})
	return err
}

func (b *Machines) openVault() {
	b.Vault = simpbs.New(simpbs.Config{World: world{b.Clock}, Seed: 2, Report: b.report})
	b.Vault.AddDatastore(Datastore, 4<<40)
	if err := b.Vault.AddToken("root@pam", "accolade", VaultSecret, "Admin"); err != nil {
		b.T.Fatal(err)
	}
	b.VaultURL, b.VaultPrint = nearVault, nearPrint("vault")
	if !b.near {
		vault := b.serve("vault", b.VaultDown.guard(b.Vault.Handler()))
		b.VaultURL, b.VaultPrint = vault.server.URL, vault.print
	}
	u, err := url.Parse(b.VaultURL)
	if err != nil {
		b.T.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		b.T.Fatal(err)
	}
	b.Vault.Listens(u.Hostname(), port, b.VaultPrint)
}

func (b *Machines) openBox(version string, opts []Option) {
	cfg := simpve.Config{Name: Node, Version: version, World: world{b.Clock}, Seed: 1, Vaults: network{b}, Report: b.report}
	for _, o := range opts {
		o(&cfg)
	}
	b.Box = simpve.NewBox(cfg)
	if err := b.Box.SetPassword("root@pam", RootPassword); err != nil {
		b.T.Fatal(err)
	}
	if err := b.Box.AddToken("root@pam", "bootstrap", BoxSecret, false); err != nil {
		b.T.Fatal(err)
	}
	b.BoxURL, b.BoxPrint = nearBox, nearPrint("box")
	if !b.near {
		b.address = b.serve("box", b.Box.Handler())
		b.BoxURL, b.BoxPrint = b.address.server.URL, b.address.print
	}
}

// report fails the test for an answer of a simulator that differs from the official
// API description.
func (b *Machines) report(fault string) { b.T.Errorf("simulated answer: %s", fault) }
