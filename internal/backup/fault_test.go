package backup_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/operation/faulttest"
	"codeberg.org/accolade/accolade/internal/sim/fault"
	"codeberg.org/accolade/accolade/internal/store"
)

// faults breaks a workflow of the crash world in every way. What a backup leaves behind
// when it fails are its run, which tells why, and no more.
func faults(t *testing.T, target func(*fleettest.Machines) []faulttest.Target, begin func(context.Context, *crashWorld) (operation.Operation, error)) {
	t.Helper()
	faulttest.Run(t, faultWorld(t, target, begin))
}

func faultWorld(t *testing.T, target func(*fleettest.Machines) []faulttest.Target, begin func(context.Context, *crashWorld) (operation.Operation, error)) faulttest.Build {
	t.Helper()
	saved := lifeBefore(t)
	return func(t testing.TB, clk *clocktest.Clock) faulttest.World {
		w := &crashWorld{bench: &bench{Bench: &fleettest.Bench{Machines: fleettest.Near(t, clk, "9.2")}}, saved: saved}
		return faulttest.World{
			World: crashtest.World{Controller: w.controller,
				Prepare: w.prepare,
				Begin:   func(c *crashtest.Controller) (operation.Operation, error) { return begin(c.Context, w) },
				State: func(ctx context.Context, db store.DB) (any, error) {
					got, err := w.state(ctx, db)
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
			Left:    func(ctx context.Context, db store.DB) ([]string, error) { return w.LeftWith(ctx, db, w.box) },
			Doctor: func(ctx context.Context, db store.DB) ([]string, error) {
				return w.Sentences(ctx, db, backup.RestoredOn)
			},
		}
	}
}

func takesBackup(m *fleettest.Machines) []faulttest.Target {
	return m.Targets(100, true, "vault", "hdd", "local-lvm")
}

func takeBackup(ctx context.Context, w *crashWorld) (operation.Operation, error) {
	return w.service.Start(ctx, "kerlann", backup.Remote, "anne", "test")
}

func restores(m *fleettest.Machines) []faulttest.Target {
	return m.Targets(101, false, "vault", "local-lvm")
}

func restoreAsNew(ctx context.Context, w *crashWorld) (operation.Operation, error) {
	return w.service.RestoreAsNew(ctx, "kerlann", w.point, "anne", "test")
}

func TestFaultRemoteBackup(t *testing.T) { faults(t, takesBackup, takeBackup) }

func TestFaultRestore(t *testing.T) { faults(t, restores, restoreAsNew) }

// A create whose answer is lost has made its VM: there is one, not two.
func TestFaultCreateWhoseAnswerIsLost(t *testing.T) {
	faulttest.Strike(t, faultWorld(t, restores, restoreAsNew), "POST", "qemu", fault.Rule{Kind: fault.ResetAfter})
}

// Somebody takes the VMID between our reservation and our create: his VM stays his, and
// ours gets another number.
func TestFaultVMIDTakenByAForeignVM(t *testing.T) {
	faulttest.Strike(t, faultWorld(t, restores, restoreAsNew), "POST", "qemu", fault.Rule{Kind: fault.VMIDTaken, VMID: 101})
}

// A VM of ours that somebody deletes is missing, and the doctor says so.
func TestFaultVMDeletedByHand(t *testing.T) {
	faulttest.Strike(t, faultWorld(t, takesBackup, takeBackup), "POST", "vzdump", fault.Rule{Kind: fault.VMDeleted, VMID: 100})
}

// The box forgets a task before we have read how it ended.
func TestFaultTaskListRotatedAway(t *testing.T) {
	faulttest.Strike(t, faultWorld(t, takesBackup, takeBackup), "GET", "tasks/*/log", fault.Rule{Kind: fault.TasksRotated})
}
