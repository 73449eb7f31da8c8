package enrol_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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

// An enrolment survives a controller that dies at any instant: one token whose
// secret we have, one of each storage, one job, and no bootstrap token left.
func TestCrashEnrol(t *testing.T) {
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		m := fleettest.Near(t, clk, "9.2")
		return enrolWorld(m, found(m), m.Input(), m.Token())
	})
}

// So does one that wipes the disk first: it is wiped once.
func TestCrashEnrolWipe(t *testing.T) {
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		m := fleettest.Near(t, clk, "8.4", func(c *simpve.Config) {
			c.Disks = []simpve.HostDisk{simpve.SystemSSD(480 << 30), simpve.UsedHDD(2 << 40)}
		})
		in := m.Input()
		in.WipeDisk = "WD-WCC4M0HXC1ZK"
		return enrolWorld(m, found(m), in, m.Password())
	})
}

// So does a repair of a box on which much was changed and removed.
func TestCrashRepair(t *testing.T) {
	saved := fleettest.Save(t, "9.2", func(b *fleettest.Bench) error { return damage(b, b.Enrolled()) })
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		m := fleettest.Near(t, clk, "9.2")
		in := m.Input()
		in.Repair = true
		return enrolWorld(m, func(ctx context.Context, db store.DB) error {
			return errors.Join(m.TakeOver(ctx, saved), saved.KeepBoxes(db))
		}, in, m.Password())
	})
}

// found stores the site and the vault.
func found(m *fleettest.Machines) func(context.Context, store.DB) error {
	return func(_ context.Context, db store.DB) error { return m.Found(db) }
}

// enrolWorld runs an enrolment on machines.
func enrolWorld(m *fleettest.Machines, prepare func(context.Context, store.DB) error, in enrol.Input, login fleet.Login) crashtest.World {
	services := map[*crashtest.Controller]*enrol.Service{}
	return crashtest.World{
		Prepare: prepare,
		Controller: func(c *crashtest.Controller) error {
			services[c] = enrol.New(enrol.Deps{DB: c.DB, Engine: c.Engine, Keeper: m.Keeper, Clock: c.Clock,
				DialBox: func(b fleet.Box, l fleet.Login) enrol.Host {
					return proxmox.New(proxmox.Config{Box: b.Name, URL: b.URL, Fingerprint: b.Fingerprint, Node: b.Node, Login: l, Clock: c.Clock,
						Wrap: func(next http.RoundTripper) http.RoundTripper { return c.Wrap(m.ToBox(next)) }})
				},
				DialVault: func(v fleet.Vault, key secret.Value) enrol.VaultServer {
					return pbs.New(pbs.Config{Vault: v.Name, URL: v.URL, Fingerprint: v.Fingerprint, Datastore: v.Datastore, TokenID: v.TokenID, TokenSecret: key, Clock: c.Clock,
						Wrap: func(next http.RoundTripper) http.RoundTripper { return c.Wrap(m.ToVault(next)) }})
				}})
			return nil
		},
		Begin: func(c *crashtest.Controller) (operation.Operation, error) {
			op, _, err := services[c].Start(c.Context, in, login, "anne", "test")
			return op, err
		},
		State: func(ctx context.Context, db store.DB) (any, error) { return endState(ctx, m, db) },
	}
}

// endState is what is there in the end, on the box, on the vault and in the store.
func endState(ctx context.Context, m *fleettest.Machines, db store.DB) (any, error) {
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
	findings, err := m.Doctor(ctx, db, nil)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"doctor": findings,
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

// damage changes and removes what an enrolment made, on the box and on its vault.
func damage(b *fleettest.Bench, box fleet.Box) error {
	ctx := context.Background()
	root := b.Client(box, b.Password())
	defer root.Close()
	vault := b.DialVault(fleet.Vault{Name: fleettest.VaultName, URL: b.VaultURL, Fingerprint: b.VaultPrint, Datastore: fleettest.Datastore, TokenID: fleettest.VaultToken}, secret.New(fleettest.VaultSecret))
	defer vault.Close()
	role := fleet.RoleFor(fleet.PathPool, box.Version)
	role.Privs = slices.DeleteFunc(role.Privs, func(p string) bool { return p == "VM.Backup" })
	hdd := fleet.StorageConfig{Name: "hdd", Content: []string{"backup", "iso"}, Disabled: true, Nodes: []string{box.Node}}
	return errors.Join(
		root.DeleteJob(ctx, box.Job.ID),
		root.UpdateRole(ctx, role),
		root.UpdateDir(ctx, hdd),
		root.DeleteStorage(ctx, box.Storages.Vault),
		root.DeleteToken(ctx, box.TokenID),
		root.Grant(ctx, fleet.Grant{Path: "/", Role: "Administrator", Who: fleet.BoxUser, Propagate: true}),
		vault.DeleteUser(ctx, "accolade-kiosk@pbs"),
		vault.DeleteNamespace(ctx, box.Namespace),
	)
}
