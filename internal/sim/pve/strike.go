package pve

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/sim/fault"
)

// tooMuch is more than any storage of a box holds, in bytes.
const tooMuch = 1 << 50

// Strike makes the box do what a fault's rule says.
func (b *Box) Strike(r fault.Rule) error {
	switch r.Kind {
	case fault.TaskFails:
		b.FailTask("", "", r.Reason, r.Delay)
	case fault.TaskWarns:
		b.WarnTask("", "", r.Reason)
	case fault.TaskHangs:
		b.HangTask("", "")
	case fault.DiskFull:
		b.FillStorage(r.Storage, tooMuch)
	case fault.StorageOffline:
		return b.SetStorageOffline(r.Storage, true)
	case fault.AgentNever:
		return b.SetAgentDown(r.VMID, true)
	case fault.VMLocked:
		b.LockVM(r.VMID, 1)
	case fault.ClockWrong:
		b.SetClockOffset(r.Delay)
	case fault.Reboot:
		b.Reboot()
	case fault.TasksRotated:
		b.RotateTasks()
	case fault.VMIDTaken:
		b.TakeVMID(r.VMID)
	case fault.VMDeleted:
		return b.DeleteVM(r.VMID)
	default:
		return fmt.Errorf("boxes have no faults of kind %s", r.Kind)
	}
	return nil
}

// Mend ends what a rule did to the box, where it lasts. What waits for a task or a
// lock that has not come is taken back.
func (b *Box) Mend(r fault.Rule) error {
	switch r.Kind {
	case fault.TaskFails, fault.TaskWarns, fault.TaskHangs, fault.VMLocked:
		b.mu.Lock()
		defer b.mu.Unlock()
		b.machine.Faults.Tasks = nil
		clear(b.machine.Faults.Locks)
	case fault.DiskFull:
		b.FillStorage(r.Storage, -tooMuch)
	case fault.StorageOffline:
		return b.SetStorageOffline(r.Storage, false)
	case fault.AgentNever:
		return b.SetAgentDown(r.VMID, false)
	case fault.ClockWrong:
		b.SetClockOffset(0)
	}
	return nil
}
