package enrol_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"testing"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/pbs"
	"codeberg.org/accolade/accolade/internal/proxmox"
	"codeberg.org/accolade/accolade/internal/secret"
	simpve "codeberg.org/accolade/accolade/internal/sim/pve"
	"codeberg.org/accolade/accolade/internal/store"
)

var allCrashes = flag.Bool("all-crashes", false, "also cut off the variants of the enrolment, at each of their points")

// An enrolment survives a controller that dies at any instant: one token whose
// secret we have, one of each storage, one job, and no bootstrap token left.
func TestCrashEnrol(t *testing.T) { crashtest.Run(t, crashWorld("9.2", nil)) }

// So does one that wipes the disk first: it is wiped once.
func TestCrashEnrolWipe(t *testing.T) {
	if !*allCrashes && os.Getenv("ACCOLADE_CRASH") != "all" {
		t.Skip("much the same as TestCrashEnrol: make crash runs it, or -all-crashes")
	}
	crashtest.Run(t, crashWorld("8.4", func(c *simpve.Config) {
		c.Disks = []simpve.HostDisk{simpve.SystemSSD(480 << 30), simpve.UsedHDD(2 << 40)}
	}))
}

// keptHost and keptVault outlive the steps that use them.
type (
	keptHost  struct{ *proxmox.Client }
	keptVault struct{ *pbs.Client }
)

func (keptHost) Close()  {}
func (keptVault) Close() {}

func crashWorld(version string, opt fleettest.Option) crashtest.Build {
	return func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		var opts []fleettest.Option
		if opt != nil {
			opts = append(opts, opt)
		}
		m := fleettest.NewMachines(t, clk, version, opts...)
		services := map[*crashtest.Controller]*enrol.Service{}
		in, login := m.Input(), m.Token()
		if opt != nil {
			in.WipeDisk, login = "WD-WCC4M0HXC1ZK", m.Password()
		}
		return crashtest.World{
			Prepare: m.Found,
			Controller: func(c *crashtest.Controller) error {
				hosts := map[string]keptHost{} // one connection for each login, not one for each step
				vault := keptVault{pbs.New(pbs.Config{Vault: fleettest.VaultName, URL: m.VaultURL, Fingerprint: m.VaultPrint, Datastore: fleettest.Datastore,
					TokenID: fleettest.VaultToken, TokenSecret: secret.New(fleettest.VaultSecret), Clock: c.Clock,
					Wrap: func(next http.RoundTripper) http.RoundTripper { return c.Wrap(m.VaultWire.Wrap(next)) }})}
				services[c] = enrol.New(enrol.Deps{DB: c.DB, Engine: c.Engine, Keeper: m.Keeper, Clock: c.Clock,
					DialBox: func(b fleet.Box, l fleet.Login) enrol.Host {
						key := l.TokenID + l.Secret.Reveal()
						if _, ok := hosts[key]; !ok {
							hosts[key] = keptHost{proxmox.New(proxmox.Config{Box: b.Name, URL: b.URL, Fingerprint: b.Fingerprint, Node: b.Node, Login: l, Clock: c.Clock,
								Wrap: func(next http.RoundTripper) http.RoundTripper { return c.Wrap(m.Wire.Wrap(next)) }})}
						}
						hosts[key].OnNode(b.Node)
						return hosts[key]
					},
					DialVault: func(fleet.Vault, secret.Value) enrol.VaultServer { return vault }})
				return nil
			},
			Begin: func(c *crashtest.Controller) (operation.Operation, error) {
				op, _, err := services[c].Start(c.Context, in, login, "anne", "test")
				return op, err
			},
			State:  func(db store.DB) (any, error) { return endState(m, db) },
			Engine: operation.Options{Log: slog.New(slog.DiscardHandler)},
		}
	}
}

// endState is what is there in the end, on the box, on the vault and in the store.
func endState(m *fleettest.Machines, db store.DB) (any, error) {
	ctx := context.Background()
	box, err := fleet.NewRegistry(db, m.Clock).Box("kiosk")
	if err != nil {
		return nil, err
	}
	root := m.Client(box, m.Password())
	defer root.Close()
	jobs, err := root.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	configs, err := root.StorageConfigs(ctx)
	if err != nil {
		return nil, err
	}
	for i := range configs { // the key is made anew in each run; that it is ours is compared below
		if configs[i].KeyPrint == box.KeyPrint {
			configs[i].KeyPrint = "ours"
		}
		configs[i].Fingerprint, configs[i].Port = "", 0
	}
	pools, err := root.Pools(ctx)
	if err != nil {
		return nil, err
	}
	roles, err := root.Roles(ctx)
	if err != nil {
		return nil, err
	}
	tokens, err := root.Tokens(ctx, fleet.BoxUser)
	if err != nil {
		return nil, err
	}
	bootstrap, err := root.Tokens(ctx, "root@pam")
	if err != nil {
		return nil, err
	}
	grants, err := root.Grants(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(grants, func(a, b fleet.Grant) int { return cmpString(fmt.Sprint(a), fmt.Sprint(b)) })
	dirs, err := root.Directories(ctx)
	if err != nil {
		return nil, err
	}
	for i := range dirs {
		dirs[i].Device = ""
	}
	ours := m.Ours(box)
	defer ours.Close()
	if _, err := ours.Permissions(ctx); err != nil {
		return nil, fmt.Errorf("our own token: %w", err)
	}
	vault := m.DialVault(fleet.Vault{Name: fleettest.VaultName, URL: m.VaultURL, Fingerprint: m.VaultPrint, Datastore: fleettest.Datastore, TokenID: fleettest.VaultToken}, secret.New(fleettest.VaultSecret))
	defer vault.Close()
	namespaces, err := vault.Namespaces(ctx)
	if err != nil {
		return nil, err
	}
	users, err := vault.Users(ctx)
	if err != nil {
		return nil, err
	}
	may := map[string]bool{}
	for _, who := range []string{"accolade-kiosk@pbs", "accolade-kiosk@pbs!box"} {
		if may[who], err = vault.MayBackUp(ctx, who, "kiosk"); err != nil {
			return nil, err
		}
	}
	return map[string]any{
		"record": fmt.Sprint(box.State, box.Node, box.Version, box.Storages, box.Job, box.VaultToken, box.VaultPassed, box.TokenID, len(box.VaultKey) > 0),
		"jobs":   jobs, "storages": configs, "pools": pools, "roles": roles, "tokens": tokens, "bootstrap": bootstrap, "grants": grants, "directories": dirs,
		"namespaces": namespaces, "vault users": users, "may back up": may,
		"wiped": m.Wire.Count("PUT /nodes/{node}/disks/wipedisk"), "formatted": m.Wire.Count("POST /nodes/{node}/disks/directory"),
	}, nil
}

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
