package machine

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// A create whose answer was lost may have made its VM, or not, or may be making it still.
// So nothing is asked for twice: what stands under the VMID says what happened.

type found int

const (
	absent  found = iota
	whole         // ours, as it is to be
	blank         // ours, and the restore over it has not been done
	foreign       // somebody else's
	wreck         // ours most likely, locked for ever
)

// look tells what stands under a VMID, after any create that still runs there.
func (b Birth) look(ctx context.Context, r *operation.Run, mark string, vmid int) (found, error) {
	if err := b.waitFor(ctx, r, vmid); err != nil {
		return absent, err
	}
	free, err := b.Hypervisor.FreeVMID(ctx, vmid)
	if err != nil {
		return absent, err
	}
	if free {
		return absent, nil
	}
	vm, err := b.Hypervisor.VM(ctx, vmid)
	if errors.Is(err, fleet.ErrNotFound) {
		return absent, nil // gone between the two questions
	}
	if errors.Is(err, fleet.ErrRefused) {
		return foreign, nil // not in our pool
	}
	if err != nil {
		return absent, err
	}
	var over int
	if _, err := r.Get(overKey, &over); err != nil {
		return absent, err
	}
	marked, disks := Marked(vm.Description(), mark), hasDisk(vm)
	emptied := over == vmid && vm.Description() == "" && !disks // what a restore that failed leaves of ours
	switch {
	case !marked && !emptied:
		return foreign, nil
	case vm.Lock == "create":
		return b.stuck(r, vmid)
	case b.Over != nil && !disks:
		return blank, nil
	default:
		return whole, nil
	}
}

// patience is how long a lock may stand before the task that took it is in the list.
const patience = 5 * time.Minute

// stuck tells a create whose task is about to be listed from one that ended with its
// box: then the lock stays, and only the people at the box can take it off.
func (b Birth) stuck(r *operation.Run, vmid int) (found, error) {
	var since time.Time
	kept, err := r.Get(stuckKey, &since)
	if err != nil {
		return absent, err
	}
	now := r.Clock().Now()
	if !kept {
		if err := r.Set(stuckKey, now); err != nil {
			return absent, err
		}
		since = now
	}
	if now.Sub(since) < patience {
		return absent, operation.Transient(fmt.Errorf("box %s: VM %d is locked by a create whose task is not listed", b.Box, vmid))
	}
	return wreck, nil
}

var diskPattern = regexp.MustCompile(`^(scsi|virtio|sata|ide)[0-9]+$`)

func hasDisk(vm fleet.VM) bool {
	for key, value := range vm.Config {
		if diskPattern.MatchString(key) && !strings.Contains(value, "media=cdrom") {
			return true
		}
	}
	return false
}

// leave gives a VMID up. Where a create of ours may have come through, it is written
// down as a wreck, so that somebody looks.
func (b Birth) leave(r *operation.Run, vmid int) error {
	r.LogLine(fmt.Sprintf("VMID %d belongs to a VM that is not ours, or not any more: taking another", vmid))
	if err := b.noteWreck(r, vmid); err != nil {
		return err
	}
	return Release(r)
}

func (b Birth) noteWreck(r *operation.Run, vmid int) error {
	var sent int
	if _, err := r.Get(sentKey, &sent); err != nil || sent != vmid {
		return err
	}
	return r.Update(func(tx store.Tx) error {
		return fleet.Wrecks.Put(tx, fleet.Place(b.Box, vmid), fleet.Wreck{Box: b.Box, VMID: vmid, Operation: r.ID(), At: r.Clock().Now()})
	})
}

// waitFor waits for a create of ours that still runs: the one whose UPID was
// kept, or one whose answer was lost.
func (b Birth) waitFor(ctx context.Context, r *operation.Run, vmid int) error {
	tasks, err := b.Hypervisor.Tasks(ctx, fleet.TaskFilter{VMID: vmid})
	if err != nil {
		return err
	}
	for _, task := range tasks {
		if task.Running && (task.Type == "qmcreate" || task.Type == "qmrestore") {
			if err := r.Set(checkpoint, task.UPID); err != nil {
				return err
			}
			// How it ended is seen by what stands there afterwards.
			if _, err := b.Hypervisor.Wait(ctx, task.UPID, r.Progress); err != nil && ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}
