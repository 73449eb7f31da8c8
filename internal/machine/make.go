package machine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Birth is one VM to be made.
type Birth struct {
	Box        string
	Hypervisor Hypervisor
	// Params are the parameters of the create; "description" must be Description.
	Params func(mark string) map[string]any
	// Over are the parameters of a restore over the VM that Params makes; nil: none. A
	// restore under a free VMID that fails would leave an empty VM outside of our pool,
	// which our token may not remove.
	Over func(mark string) map[string]any
	// Reserved runs in the transaction that reserves a VMID; nil: nothing to do.
	Reserved func(tx store.Tx, vmid int) error
}

// Where things stand in the operation.
const (
	checkpoint = "machine.upid"  // UPID of the create
	sentKey    = "machine.sent"  // VMID under which a create was sent and not refused
	overKey    = "machine.over"  // VMID over which a restore was sent
	stuckKey   = "machine.stuck" // since when there is a lock without a task
)

// Make makes the VM, unless it stands already, and returns its VMID. It may be
// called again at any time.
func (b Birth) Make(ctx context.Context, r *operation.Run) (int, error) {
	mark, err := Mark(r)
	if err != nil {
		return 0, err
	}
	for try := range 100 {
		vmid, err := Reserve(ctx, r, b.Box, b.Hypervisor, nil, b.Reserved)
		if err != nil {
			return 0, err
		}
		state := absent
		if try > 0 || !r.First() { // else there is nothing of ours to be found yet
			if state, err = b.look(ctx, r, mark, vmid); err != nil {
				return 0, err
			}
		}
		switch state {
		case whole:
			return vmid, nil
		case blank:
			err = b.restore(ctx, r, mark, vmid)
		case absent:
			var made bool
			made, err = b.create(ctx, r, vmid, mark)
			switch {
			case err != nil || !made:
			case b.Over == nil:
				return vmid, nil
			default:
				err = b.restore(ctx, r, mark, vmid)
			}
		case foreign, wreck:
			err = b.leave(r, vmid)
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("box %s: no VM could be made under any VMID", b.Box)
}

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

// create sends the create and waits for its task; made says that it ended well: the
// box makes no VM under a number that is taken, so this one is ours. After a refusal
// that may have been caused by another VM under the same number, the caller looks
// again.
func (b Birth) create(ctx context.Context, r *operation.Run, vmid int, mark string) (made bool, err error) {
	if err := r.Set(sentKey, vmid); err != nil {
		return false, err
	}
	upid, err := b.Hypervisor.CreateVM(ctx, vmid, b.Params(mark))
	if err != nil {
		if !errors.Is(err, fleet.ErrUnreachable) { // it was refused: what stands there now is not of this request
			if serr := r.Set(sentKey, 0); serr != nil {
				return false, serr
			}
		}
		if free, ferr := b.Hypervisor.FreeVMID(ctx, vmid); ferr == nil && !free {
			return false, nil
		}
		return false, err
	}
	return b.follow(ctx, r, vmid, upid)
}

// restore writes the backup over the blank VM.
func (b Birth) restore(ctx context.Context, r *operation.Run, mark string, vmid int) error {
	if err := r.Set(overKey, vmid); err != nil {
		return err
	}
	params := b.Over(mark)
	params["force"] = true
	upid, err := b.Hypervisor.CreateVM(ctx, vmid, params)
	if err == nil {
		_, err = b.follow(ctx, r, vmid, upid)
	}
	return err
}

func (b Birth) follow(ctx context.Context, r *operation.Run, vmid int, upid string) (ended bool, err error) {
	if err := r.Set(checkpoint, upid); err != nil {
		return false, err
	}
	switch _, err := b.Hypervisor.Wait(ctx, upid, r.Progress); {
	case errors.Is(err, fleet.ErrNotFound):
		return false, nil // a task that the box has forgotten has ended: look
	case err != nil:
		return false, fmt.Errorf("make VM %d: %w", vmid, err)
	}
	return true, nil
}

// Destroy takes away the VM that this operation made, and no other. Its VMID stays
// reserved. Nothing there is no error.
func Destroy(ctx context.Context, r *operation.Run, box string, hv Hypervisor) error {
	vmid, err := reserved(r)
	if err != nil {
		return err
	}
	if vmid == 0 {
		return nil
	}
	mark, err := Mark(r)
	if err != nil {
		return err
	}
	b := Birth{Box: box, Hypervisor: hv}
	var left []string
	if _, err := r.Get(leftKey, &left); err != nil {
		return err
	}
	if len(left) > 0 {
		return b.disksLeft(vmid, left)
	}
	switch state, err := b.look(ctx, r, mark, vmid); {
	case err != nil:
		return err
	case state == whole:
		return b.destroy(ctx, r, vmid)
	case state == foreign || state == wreck:
		return b.noteWreck(r, vmid)
	}
	return nil
}

// destroy takes away the VM that look has just found to be ours.
func (b Birth) destroy(ctx context.Context, r *operation.Run, vmid int) error {
	vm, err := b.Hypervisor.VM(ctx, vmid)
	if err != nil {
		return err
	}
	if err := b.disksThere(ctx, vmid, vm.Config); err != nil {
		return err
	}
	if vm.Config["protection"] == "1" {
		if err := b.Hypervisor.SetVMConfig(ctx, vmid, map[string]any{"protection": false}); err != nil {
			return err
		}
	}
	if vm.Running {
		if err := b.do(ctx, r, func() (string, error) { return b.Hypervisor.StopVM(ctx, vmid) }); err != nil {
			return fmt.Errorf("stop VM %d: %w", vmid, err)
		}
	}
	upid, err := b.Hypervisor.DestroyVM(ctx, vmid)
	if err != nil {
		return fmt.Errorf("destroy VM %d: %w", vmid, err)
	}
	task, err := b.Hypervisor.Wait(ctx, upid, r.Progress)
	if err != nil {
		return fmt.Errorf("destroy VM %d: %w", vmid, err)
	}
	var left []string
	for _, line := range task.Log {
		if m := stays.FindStringSubmatch(line); m != nil {
			left = append(left, m[1])
		}
	}
	if len(left) == 0 {
		return nil
	}
	if err := r.Set(leftKey, left); err != nil {
		return err
	}
	return b.disksLeft(vmid, left)
}

// leftKey keeps the disks that stayed when their VM went: nothing on the box shows
// them to us afterwards.
const leftKey = "machine.left"

// stays is how Proxmox tells of a disk that it leaves behind.
var stays = regexp.MustCompile(`Could not remove disk '([^']+)'`)

func (b Birth) disksLeft(vmid int, left []string) error {
	return fmt.Errorf("box %s: VM %d is gone, and Proxmox could not remove its disk %s: on the box, pvesm free %s", b.Box, vmid, strings.Join(left, ", "), strings.Join(left, " "))
}

// diskKey are the entries of a VM's configuration that hold a disk of its own.
var diskKey = regexp.MustCompile(`^(scsi|virtio|sata|ide|unused|efidisk|tpmstate)[0-9]+$`)

// disksThere refuses, for now, to take away a VM while a storage with a disk of it is
// away: Proxmox would forget the VM and leave the disk, which nobody owns then.
func (b Birth) disksThere(ctx context.Context, vmid int, config map[string]string) error {
	all, err := b.Hypervisor.Storages(ctx)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		storage, _, volume := strings.Cut(config[key], ":")
		if !diskKey.MatchString(key) || !volume || strings.Contains(config[key], "media=cdrom") {
			continue
		}
		if i := slices.IndexFunc(all, func(s fleet.ObservedStorage) bool { return s.Name == storage }); i >= 0 && !all[i].Active {
			return operation.Away(fmt.Errorf("box %s: VM %d keeps its disk on storage %s: %w", b.Box, vmid, storage, fleet.ErrStorageAway))
		}
	}
	return nil
}

func (b Birth) do(ctx context.Context, r *operation.Run, start func() (string, error)) error {
	upid, err := start()
	if err != nil {
		return err
	}
	_, err = b.Hypervisor.Wait(ctx, upid, r.Progress)
	return err
}
