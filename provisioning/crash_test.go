package provisioning_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/proxmox"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/secret"
	simpve "codeberg.org/accolade/accolade/internal/sim/pve"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/yunohost"
	"codeberg.org/accolade/accolade/provisioning"
)

// world is a bench taken over from one whose box was enrolled, and on which perhaps a
// server was made, in a life before the one that crashes.
type world struct {
	*bench
	saved *fleettest.Saved
}

// lifeBefore is a world's past: an enrolled box, and a server if one is made.
func lifeBefore(t *testing.T, at string, server bool) *fleettest.Saved {
	t.Helper()
	return fleettest.Save(t, "9.2", func(b *fleettest.Bench) error {
		w := &world{bench: &bench{Bench: b, images: at, relay: true}}
		w.box = b.Enrolled()
		if !server {
			return nil
		}
		w.assemble(b.DB, b.Clock, b.Engine, func(next http.RoundTripper) http.RoundTripper { return next })
		if op := w.provision(0); op.State != operation.Done {
			return fmt.Errorf("provision: %+v", op.Problem)
		}
		return nil
	}, downloads(at))
}

func downloads(at string) fleettest.Option { return func(c *simpve.Config) { c.Downloads = at } }

func newWorld(t testing.TB, clk *clocktest.Clock, at string, saved *fleettest.Saved) *world {
	m := fleettest.Near(t, clk, "9.2", downloads(at))
	return &world{bench: &bench{Bench: &fleettest.Bench{Machines: m}, images: at, relay: true}, saved: saved}
}

// prepare takes the machines and the records over.
func (w *world) prepare(ctx context.Context, db store.DB) error {
	var err error
	if w.box, w.root, err = w.Resume(ctx, w.saved, db); err != nil {
		return err
	}
	return w.saved.DB.View(func(from store.Tx) error {
		result, err := provisioning.Results.Get(from, "kerlann")
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return db.Update(func(to store.Tx) error { return provisioning.Results.Put(to, "kerlann", result) })
	})
}

// controller is one life: everything over the store and the network of that life.
func (w *world) controller(c *crashtest.Controller) error {
	w.assemble(c.DB, c.Clock, c.Engine, c.Wrap)
	return nil
}

func (w *world) assemble(db store.DB, clk clock.Clock, engine *operation.Engine, wrap func(http.RoundTripper) http.RoundTripper) {
	log := slog.New(slog.DiscardHandler)
	registry := fleet.NewRegistry(db, clk)
	dial := func(box fleet.Box) *proxmox.Client {
		key, err := w.Keeper.Open(box.TokenSecret)
		if err != nil {
			w.T.Error(err)
		}
		return proxmox.New(proxmox.Config{Box: box.Name, URL: box.URL, Fingerprint: box.Fingerprint, Node: box.Node, Clock: clk,
			Login: fleet.Login{TokenID: box.TokenID, User: fleet.BoxUser, Secret: key},
			Wrap:  func(next http.RoundTripper) http.RoundTripper { return wrap(w.ToBox(next)) }})
	}
	links := map[string]*proxmox.Client{}
	connect := func(box fleet.Box) *proxmox.Client {
		if links[box.Name] == nil {
			links[box.Name] = dial(box)
		}
		return links[box.Name]
	}
	w.backups = backup.New(backup.Parts{
		DB: db, Clock: clk, Engine: engine, Scheduler: schedule.New(db, clk, log), Fleet: registry, Log: log, Policy: backup.DefaultPolicy(),
		Connect: func(box fleet.Box) (backup.Hypervisor, error) { return connect(box), nil }, ReadLog: proxmox.ParseVzdump,
	})
	w.service = provisioning.New(provisioning.Parts{
		DB: db, Engine: engine, Fleet: registry, Keeper: w.Keeper, Backups: w.backups,
		Connect: func(box fleet.Box) (provisioning.Hypervisor, error) { return connect(box), nil },
		Enter: func(hv provisioning.Hypervisor, vmid int, run string) provisioning.Guest {
			return yunohost.New(hv, vmid, clk, run)
		},
		Relay: func() (fleet.Relay, secret.Value, bool) {
			return fleet.Relay{Enabled: true, Host: "relay.example.org", Port: 587, User: "accolade"}, secret.New("relay secret"), true
		},
		HTTP:    &http.Client{Transport: wrap(http.DefaultTransport)},
		Options: provisioning.Options{PlainHTTP: w.images},
	})
}

// end is what must be the same, whenever a controller died.
type end struct {
	VMs          map[int]map[string]string
	Running      map[int]bool
	Volumes      map[string]int // storage and content -> how many
	Server       fleet.Server
	Result       provisioning.Result
	Users        int
	Runs         int
	Counted      int
	Reservations int
	Doctor       []enrol.Finding
}

func (w *world) state(ctx context.Context, db store.DB) (any, error) {
	e := end{VMs: map[int]map[string]string{}, Running: map[int]bool{}, Volumes: map[string]int{}}
	list, err := w.root.VMs(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		vm, err := w.root.VM(ctx, one.VMID)
		if err != nil {
			return nil, err
		}
		for _, key := range []string{"description", "digest", "net0", "smbios1", "vmgenid", "meta"} {
			delete(vm.Config, key)
		}
		e.VMs[one.VMID], e.Running[one.VMID] = vm.Config, vm.Running
	}
	for storage, contents := range map[string][]string{"accolade": {"iso", "import"}, "hdd": {"backup"}, "vault": {"backup"}, "local-lvm": {"images"}} {
		for _, content := range contents {
			volumes, err := w.root.Content(ctx, storage, content, 0)
			if err != nil {
				return nil, err
			}
			e.Volumes[storage+" "+content] = len(volumes)
		}
	}
	err = db.View(func(tx store.Tx) error {
		var err error
		if e.Server, err = fleet.Servers.Get(tx, "kerlann"); err != nil {
			return err
		}
		if e.Result, err = provisioning.Results.Get(tx, "kerlann"); err != nil {
			return err
		}
		runs, err := backup.Runs.List(tx)
		if err != nil {
			return err
		}
		e.Runs = len(runs)
		for _, run := range runs {
			if run.Counts() {
				e.Counted++
			}
		}
		held, err := machine.Reservations.List(tx)
		e.Reservations = len(held)
		return err
	})
	if err != nil {
		return nil, err
	}
	if e.Doctor, err = w.Doctor(ctx, db, nil); err != nil {
		return nil, err
	}
	e.Server.AdminSecret, e.Server.Ready = nil, e.Server.Created
	e.Result.Local, e.Result.Remote = "", ""
	if e.Server.State == fleet.ServerReady {
		e.Users, err = w.users(ctx, e.Server.VMID)
	}
	return e, err
}

func (w *world) users(ctx context.Context, vmid int) (int, error) {
	out, err := (&yunohost.Guest{Agent: w.root, VMID: vmid, Clock: w.Clock}).Exec(ctx, []string{"yunohost", "user", "list", "--output-as", "json"}, nil)
	if err != nil {
		return 0, err
	}
	var list struct {
		Users map[string]fleet.Account `json:"users"`
	}
	err = json.Unmarshal(out.Out, &list)
	return len(list.Users), err
}

func TestCrashProvision(t *testing.T) {
	at := images(t)
	saved := lifeBefore(t, at, false)
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		w := newWorld(t, clk, at, saved)
		return crashtest.World{Prepare: w.prepare, Controller: w.controller, State: w.state,
			Begin: func(c *crashtest.Controller) (operation.Operation, error) {
				return w.service.Start(c.Context, w.request(3))
			}}
	})
}

func TestCrashUserImport(t *testing.T) {
	at := images(t)
	saved := lifeBefore(t, at, true)
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		w := newWorld(t, clk, at, saved)
		return crashtest.World{Prepare: w.prepare, Controller: w.controller,
			State: func(ctx context.Context, db store.DB) (any, error) {
				got, err := w.state(ctx, db)
				if e, ok := got.(end); ok && err == nil && e.Users != 61 {
					t.Errorf("%d users, wanted 60 and the admin", e.Users)
				}
				return got, err
			},
			Begin: func(c *crashtest.Controller) (operation.Operation, error) {
				return w.service.ImportUsers(c.Context, "kerlann", "users.csv", users(60), "anne", "test")
			}}
	})
}
