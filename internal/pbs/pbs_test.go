package pbs_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/pbs"
	"codeberg.org/accolade/accolade/internal/pin"
	"codeberg.org/accolade/accolade/internal/secret"
)

func client(t *testing.T, m *fleettest.Machines, id, key string, change ...func(*pbs.Config)) *pbs.Client {
	t.Helper()
	cfg := pbs.Config{Vault: "central", URL: m.VaultURL, Fingerprint: m.VaultPrint, Datastore: fleettest.Datastore, TokenID: id, TokenSecret: secret.New(key), Clock: m.Clock, Wrap: m.VaultWire.Wrap}
	for _, c := range change {
		c(&cfg)
	}
	c := pbs.New(cfg)
	t.Cleanup(c.Close)
	return c
}

// Every method against the simulated server, each request held to the description.
func TestVault(t *testing.T) {
	m := fleettest.NewMachines(t, clocktest.Auto(fleettest.Start), "9.2")
	c := client(t, m, fleettest.VaultToken, fleettest.VaultSecret)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	version, err := c.Version(ctx)
	must(err)
	status, err := c.Status(ctx)
	must(err)
	if version == "" || status.Total != 4<<40 {
		t.Errorf("version %q, status %+v", version, status)
	}
	must(c.CreateNamespace(ctx, "kiosk"))
	if err := c.CreateNamespace(ctx, "kiosk"); err == nil {
		t.Error("a namespace is made twice")
	}
	if there, err := c.HasNamespace(ctx, "kiosk"); err != nil || !there {
		t.Errorf("the namespace is there: %v, %v", there, err)
	}
	must(c.CreateUser(ctx, "accolade-kiosk@pbs", "box kiosk"))
	if err := c.CreateUser(ctx, "accolade-kiosk@pbs", ""); !errors.Is(err, fleet.ErrExists) {
		t.Errorf("a user made twice: %v", err)
	}
	key, err := c.CreateToken(ctx, "accolade-kiosk@pbs!box", "")
	must(err)
	for _, who := range []string{"accolade-kiosk@pbs", "accolade-kiosk@pbs!box"} {
		must(c.AllowBackup(ctx, who, "kiosk"))
		if may, err := c.MayBackUp(ctx, who, "kiosk"); err != nil || !may {
			t.Errorf("%s may back up: %v, %v", who, may, err)
		}
	}
	if empty, err := c.Empty(ctx, "kiosk"); err != nil || !empty {
		t.Errorf("the namespace is empty: %v, %v", empty, err)
	}
	upid, err := c.Verify(ctx, "kiosk")
	must(err)
	if _, err := c.Task(ctx, upid); err != nil {
		t.Error(err)
	}

	// The box's own token sees its namespace and may do nothing else.
	box := client(t, m, "accolade-kiosk@pbs!box", key.Reveal())
	if _, err := box.Snapshots(ctx, "kiosk"); err != nil {
		t.Errorf("its own snapshots: %v", err)
	}
	for what, err := range map[string]error{"make a namespace": box.CreateNamespace(ctx, "other"), "delete its namespace": box.DeleteNamespace(ctx, "kiosk"),
		"make a user": box.CreateUser(ctx, "x@pbs", ""), "give itself more": box.AllowBackup(ctx, "accolade-kiosk@pbs", "")} {
		if err == nil {
			t.Errorf("the box's token may %s", what)
		}
	}
	must(c.ForbidBackup(ctx, "accolade-kiosk@pbs", "kiosk"))
	must(c.DeleteToken(ctx, "accolade-kiosk@pbs!box"))
	if there, err := c.HasToken(ctx, "accolade-kiosk@pbs!box"); err != nil || there {
		t.Errorf("the token is gone: %v, %v", there, err)
	}
	must(c.DeleteUser(ctx, "accolade-kiosk@pbs"))
	must(c.DeleteNamespace(ctx, "kiosk"))
	if err := c.DeleteUser(ctx, "accolade-kiosk@pbs"); !errors.Is(err, fleet.ErrNotFound) {
		t.Errorf("a user deleted twice: %v", err)
	}
}

func TestFailures(t *testing.T) {
	m := fleettest.NewMachines(t, clocktest.Auto(fleettest.Start), "9.2")
	ctx := t.Context()
	_, err := client(t, m, fleettest.VaultToken, "wrong").Namespaces(ctx)
	if !errors.Is(err, fleet.ErrUnauthorized) || operation.IsTransient(err) || !strings.Contains(operation.Fix(err), "accolade vault edit central --token-file") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("a wrong secret: %v (%s)", err, operation.Fix(err))
	}
	other := strings.Repeat("AA:", 31) + "AA"
	_, err = client(t, m, fleettest.VaultToken, fleettest.VaultSecret, func(c *pbs.Config) { c.Fingerprint = other }).Namespaces(ctx)
	if e, ok := errors.AsType[*pin.Error](err); !ok || e.Want != other || e.Got != m.VaultPrint {
		t.Errorf("a wrong fingerprint: %v", err)
	}
	_, err = client(t, m, fleettest.VaultToken, fleettest.VaultSecret, func(c *pbs.Config) { c.Datastore = "none" }).Status(ctx)
	if !errors.Is(err, fleet.ErrNotFound) {
		t.Errorf("no such datastore: %v", err)
	}
	m.VaultDown.Set(true)
	away := client(t, m, fleettest.VaultToken, fleettest.VaultSecret)
	before := m.VaultWire.Count("GET /version")
	if _, err = away.Version(ctx); !errors.Is(err, fleet.ErrUnreachable) || !operation.IsTransient(err) {
		t.Errorf("a vault that is away: %v", err)
	}
	if n := m.VaultWire.Count("GET /version") - before; n != 3 {
		t.Errorf("a read was sent %d times", n)
	}
	if err = away.CreateNamespace(ctx, "x"); !errors.Is(err, fleet.ErrUnreachable) || m.VaultWire.Count("POST /admin/datastore/{store}/namespace") != 1 {
		t.Errorf("a change on a vault that is away: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err = away.Version(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled call: %v", err)
	}
}
