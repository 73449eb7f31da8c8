package backup_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/proxmox"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
)

// crashWorld is a box with a server in service and one backup of it, taken over from a
// life before those that crash.
type crashWorld struct {
	*bench
	saved *fleettest.Saved
	point string // the backup
}

// lifeBefore enrols the box, makes the server, and backs it up once.
func lifeBefore(t *testing.T) *fleettest.Saved {
	t.Helper()
	return fleettest.Save(t, "9.2", func(b *fleettest.Bench) error {
		w := &bench{Bench: b, box: b.Enrolled()}
		w.root = b.Client(w.box, b.Password())
		var done func()
		w.ctx, done = b.Clock.Work(b.T.Context())
		defer done()
		w.server()
		upid, err := w.root.Vzdump(w.ctx, fleet.Dump{VMID: 100, Storage: w.box.Storages.Vault})
		if err == nil {
			_, err = w.root.Wait(w.ctx, upid, nil)
		}
		return err
	})
}

// prepare takes the machines and the records over.
func (w *crashWorld) prepare(ctx context.Context, db store.DB) error {
	var err error
	if w.box, w.root, err = w.Resume(ctx, w.saved, db); err != nil {
		return err
	}
	points, err := w.root.Content(ctx, w.box.Storages.Vault, "backup", 100)
	if err != nil {
		return err
	}
	w.point = points[0].ID
	return nil
}

func (w *crashWorld) controller(c *crashtest.Controller) error {
	log := slog.New(slog.DiscardHandler)
	key, err := w.Keeper.Open(w.box.TokenSecret)
	if err != nil {
		return err
	}
	link := proxmox.New(proxmox.Config{Box: w.box.Name, URL: w.box.URL, Fingerprint: w.box.Fingerprint, Node: w.box.Node, Clock: c.Clock,
		Login: fleet.Login{TokenID: w.box.TokenID, User: fleet.BoxUser, Secret: key},
		Wrap:  func(next http.RoundTripper) http.RoundTripper { return c.Wrap(w.ToBox(next)) }})
	w.service = backup.New(backup.Parts{
		DB: c.DB, Clock: c.Clock, Engine: c.Engine, Scheduler: schedule.New(c.DB, c.Clock, log), Fleet: fleet.NewRegistry(c.DB, c.Clock), Log: log, Policy: backup.DefaultPolicy(),
		Connect: func(fleet.Box) (backup.Hypervisor, error) { return link, nil }, ReadLog: proxmox.ParseVzdump,
	})
	return nil
}

// crashEnd is what must be the same, whenever a controller died.
type crashEnd struct {
	VMs           []string
	Remote, Local int
	Runs, Counted int
	Restored      int // VMID
	Same          bool
	Reservations  int
	Doctor        []enrol.Finding
}

func (w *crashWorld) state(ctx context.Context, db store.DB) (any, error) {
	var e crashEnd
	vms, err := w.root.VMs(ctx)
	if err != nil {
		return nil, err
	}
	for _, vm := range vms {
		e.VMs = append(e.VMs, vm.Name+" "+vm.Lock)
	}
	for storage, count := range map[string]*int{w.box.Storages.Vault: &e.Remote, w.box.Storages.Backup: &e.Local} {
		points, err := w.root.Content(ctx, storage, "backup", 0)
		if err != nil {
			return nil, err
		}
		*count = len(points)
	}
	err = db.View(func(tx store.Tx) error {
		runs, err := backup.Runs.List(tx)
		if err != nil {
			return err
		}
		e.Runs = len(runs)
		for _, run := range runs {
			if run.Counts() && run.UPID != "" {
				e.Counted++
			}
		}
		made, err := backup.Restores.List(tx)
		if err != nil {
			return err
		}
		for _, one := range made {
			e.Restored = one.VMID
		}
		held, err := machine.Reservations.List(tx)
		e.Reservations = len(held)
		return err
	})
	if err == nil {
		e.Doctor, err = w.Doctor(ctx, db, backup.RestoredOn)
	}
	if err == nil && e.Restored != 0 {
		saved, serr := w.Box.BackupDigest(w.point, "scsi0")
		back, berr := w.Box.DiskDigest(e.Restored, "scsi0")
		e.Same = serr == nil && berr == nil && saved == back
	}
	return e, err
}

func crash(t *testing.T, begin func(context.Context, *crashWorld) (operation.Operation, error), want crashEnd) {
	t.Helper()
	saved := lifeBefore(t)
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		w := &crashWorld{bench: &bench{Bench: &fleettest.Bench{Machines: fleettest.Near(t, clk, "9.2")}}, saved: saved}
		return crashtest.World{Prepare: w.prepare, Controller: w.controller, State: func(ctx context.Context, db store.DB) (any, error) {
			got, err := w.state(ctx, db)
			if e, ok := got.(crashEnd); ok && err == nil {
				if e.Remote != want.Remote || e.Counted != want.Counted || e.Restored != want.Restored || e.Same != want.Same || e.Reservations != 0 || len(e.Doctor) != 0 {
					t.Errorf("ended as %+v, wanted %+v", e, want)
				}
			}
			return got, err
		}, Begin: func(c *crashtest.Controller) (operation.Operation, error) { return begin(c.Context, w) }}
	})
}

func TestCrashRemoteBackup(t *testing.T) {
	crash(t, func(ctx context.Context, w *crashWorld) (operation.Operation, error) {
		return w.service.Start(ctx, "kerlann", backup.Remote, "anne", "test")
	}, crashEnd{Remote: 2, Runs: 1, Counted: 1})
}

func TestCrashRestoreAsNew(t *testing.T) {
	crash(t, func(ctx context.Context, w *crashWorld) (operation.Operation, error) {
		return w.service.RestoreAsNew(ctx, "kerlann", w.point, "anne", "test")
	}, crashEnd{Remote: 1, Restored: 101, Same: true})
}
