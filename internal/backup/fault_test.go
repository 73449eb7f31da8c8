package backup_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/operation/faulttest"
	"codeberg.org/accolade/accolade/internal/store"
)

// faults breaks a workflow of the crash world in every way. What a backup leaves behind
// when it fails are its run, which tells why, and no more.
func faults(t *testing.T, target func(*fleettest.Machines) []faulttest.Target, begin func(context.Context, *crashWorld) (operation.Operation, error)) {
	t.Helper()
	saved := lifeBefore(t)
	faulttest.Run(t, func(t testing.TB, clk *clocktest.Clock) faulttest.World {
		w := &crashWorld{bench: &bench{Bench: &fleettest.Bench{Machines: fleettest.Near(t, clk, "9.2")}}, saved: saved}
		return faulttest.World{
			World: crashtest.World{Controller: w.controller,
				Prepare: w.prepare,
				Begin:   func(c *crashtest.Controller) (operation.Operation, error) { return begin(c.Context, w) },
				State: func(db store.DB) (any, error) {
					got, err := w.state(db)
					if e, ok := got.(crashEnd); ok {
						e.Runs, e.Local = 0, 0      // a run that failed stays, to be read; the box's own job goes on while we wait
						e.Remote = min(e.Remote, 2) // what arrived before a failure stays
						e.Restored = min(e.Restored, 101)
						e.VMs = slices.DeleteFunc(e.VMs, func(vm string) bool { return strings.HasPrefix(vm, "theirs-") })
						got = e
					}
					return got, err
				}},
			Targets: target(w.Machines),
			Left: func(db store.DB) ([]string, error) {
				all, err := w.Left(context.Background(), w.box)
				if err != nil {
					return nil, err
				}
				return all, db.View(func(tx store.Tx) error {
					held, err := machine.Reservations.List(tx)
					for _, one := range held {
						all = append(all, fmt.Sprintf("VMID %d reserved", one.VMID))
					}
					return err
				})
			},
			Doctor: func(db store.DB) ([]string, error) { return w.Sentences(db, backup.RestoredOn) },
		}
	})
}

func TestFaultRemoteBackup(t *testing.T) {
	faults(t, func(m *fleettest.Machines) []faulttest.Target {
		return m.Targets(100, true, "vault", "hdd", "local-lvm")
	}, func(ctx context.Context, w *crashWorld) (operation.Operation, error) {
		return w.service.Start(ctx, "kerlann", backup.Remote, "anne", "test")
	})
}
func TestFaultRestore(t *testing.T) {
	faults(t, func(m *fleettest.Machines) []faulttest.Target { return m.Targets(101, false, "vault", "local-lvm") }, func(ctx context.Context, w *crashWorld) (operation.Operation, error) {
		return w.service.RestoreAsNew(ctx, "kerlann", w.point, "anne", "test")
	})
}
