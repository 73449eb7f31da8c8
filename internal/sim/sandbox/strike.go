package sandbox

import (
	"fmt"
	"slices"

	"codeberg.org/accolade/accolade/internal/sim/fault"
	"codeberg.org/accolade/accolade/internal/sim/pve"
)

// machineFault makes a box do what a rule says; other counterparts have no machine.
func (s *Sandbox) machineFault(name string) fault.Machine {
	return func(r fault.Rule) error {
		i := slices.Index(s.boxNames(), name)
		if i < 0 {
			return fmt.Errorf("%s has no faults of kind %s", name, r.Kind)
		}
		return strike(s.boxes[i], r)
	}
}

// tooMuch is more than any storage of the sandbox holds, in bytes.
const tooMuch = 1 << 50

func strike(b *pve.Box, r fault.Rule) error {
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
	default:
		return fmt.Errorf("boxes have no faults of kind %s", r.Kind)
	}
	return nil
}

// mend ends what a rule did to the boxes that it struck, where it lasts.
func (s *Sandbox) mend(r fault.Rule) {
	for i, name := range s.boxNames() {
		if r.Target != "*" && r.Target != name {
			continue
		}
		b := s.boxes[i]
		var err error
		switch r.Kind {
		case fault.DiskFull:
			b.FillStorage(r.Storage, -tooMuch)
		case fault.StorageOffline:
			err = b.SetStorageOffline(r.Storage, false)
		case fault.AgentNever:
			err = b.SetAgentDown(r.VMID, false)
		case fault.ClockWrong:
			b.SetClockOffset(0)
		}
		if err != nil { // the storage or VM is gone, and with it what was wrong
			s.opts.Log.Warn("fault not mended", "box", name, "kind", r.Kind, "err", err)
		}
	}
}
