package machine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
)

// Destroy takes away the VM that this operation made, and no other. Its VMID stays
// reserved. Nothing there is no error; a disk that stays is one of operation.Stays.
func Destroy(ctx context.Context, r *operation.Run, box string, hv Hypervisor) error {
	var told string
	if known, err := r.Get(leftKey, &told); err != nil || known {
		return cmp.Or(err, operation.Stays(errors.New(told)))
	}
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
	var going []string
	if _, err := r.Get(goingKey, &going); err != nil {
		return err
	}
	var task fleet.Task
	if len(going) > 0 {
		var err error
		if task, err = b.lastDestroy(ctx, r, vmid); err != nil {
			return err
		}
	}
	switch state, err := b.look(ctx, r, mark, vmid); {
	case err != nil:
		return err
	case state == whole:
		return b.destroy(ctx, r, vmid)
	case state == foreign || state == wreck:
		return b.noteWreck(r, vmid)
	case len(going) > 0 && task.UPID != "":
		return b.keepLeft(r, vmid, task, going)
	case len(going) > 0:
		return left(r, "box %s: VM %d is gone, and the box does not list the task that took it away: it may have left its disk %s: on the box, pvesm free %s if it is still there",
			b.Box, vmid, strings.Join(going, ", "), strings.Join(going, " "))
	}
	return nil
}

// destroy takes away the VM that look has just found to be ours. Which disks it has is
// kept before: with the VM goes all that shows them.
func (b Birth) destroy(ctx context.Context, r *operation.Run, vmid int) error {
	vm, err := b.Hypervisor.VM(ctx, vmid)
	if err != nil {
		return err
	}
	disks, err := b.disksThere(ctx, vmid, vm.Config)
	if err != nil {
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
	if err := r.Set(goingKey, disks); err != nil {
		return err
	}
	upid, err := b.Hypervisor.DestroyVM(ctx, vmid)
	if err != nil {
		if !errors.Is(err, fleet.ErrUnreachable) { // it was refused
			err = errors.Join(err, r.Set(goingKey, []string{}))
		}
		return fmt.Errorf("destroy VM %d: %w", vmid, err)
	}
	task, err := b.Hypervisor.Wait(ctx, upid, r.Progress)
	if err != nil {
		return fmt.Errorf("destroy VM %d: %w", vmid, err)
	}
	return b.keepLeft(r, vmid, task, disks)
}

// lastDestroy waits for the newest task that takes a VM of that number away. However it
// ended, what stands there tells; the task is zero if the box does not list it.
func (b Birth) lastDestroy(ctx context.Context, r *operation.Run, vmid int) (fleet.Task, error) {
	tasks, err := b.Hypervisor.Tasks(ctx, fleet.TaskFilter{VMID: vmid, Type: "qmdestroy", Limit: 1})
	if err != nil || len(tasks) == 0 {
		return fleet.Task{}, err
	}
	task, err := b.Hypervisor.Wait(ctx, tasks[0].UPID, r.Progress)
	if task.Exit != "" || errors.Is(err, fleet.ErrNotFound) {
		return task, nil
	}
	return task, err
}

// keepLeft reads from the log of the task that took the VM away which of its disks stayed.
func (b Birth) keepLeft(r *operation.Run, vmid int, task fleet.Task, disks []string) error {
	var there []string
	for _, line := range task.Log {
		if m := stays.FindStringSubmatch(line); m != nil && slices.Contains(disks, m[1]) {
			there = append(there, m[1])
		}
	}
	if len(there) == 0 {
		return nil
	}
	return left(r, "box %s: VM %d is gone, and Proxmox could not remove its disk %s: on the box, pvesm free %s", b.Box, vmid, strings.Join(there, ", "), strings.Join(there, " "))
}

// left says which disks stay, now and whenever Destroy is called again.
func left(r *operation.Run, format string, args ...any) error {
	told := fmt.Sprintf(format, args...)
	if err := r.Set(leftKey, told); err != nil {
		return err
	}
	return operation.Stays(errors.New(told))
}

const (
	leftKey  = "machine.stays" // what is said of disks that stayed when their VM went: nothing on the box shows them to us afterwards
	goingKey = "machine.going" // disks of the VM for whose end was asked
)

// stays is how Proxmox tells of a disk that it leaves behind.
var stays = regexp.MustCompile(`Could not remove disk '([^']+)'`)

// diskKey are the entries of a VM's configuration that hold a disk of its own.
var diskKey = regexp.MustCompile(`^(scsi|virtio|sata|ide|unused|efidisk|tpmstate)[0-9]+$`)

// disksThere lists the disks of a VM. It refuses, for now, to take away a VM while a storage with a disk of it is
// away: Proxmox would forget the VM and leave the disk, which nobody owns then.
func (b Birth) disksThere(ctx context.Context, vmid int, config map[string]string) (disks []string, err error) {
	all, err := b.Hypervisor.Storages(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		volid, _, _ := strings.Cut(config[key], ",")
		storage, _, volume := strings.Cut(volid, ":")
		if !diskKey.MatchString(key) || !volume || strings.Contains(volid, ":iso/") {
			continue
		}
		disks = append(disks, volid)
		if strings.Contains(config[key], "media=cdrom") { // made from the VM's configuration
			continue
		}
		if i := slices.IndexFunc(all, func(s fleet.ObservedStorage) bool { return s.Name == storage }); i >= 0 && !all[i].Active {
			return nil, operation.Away(fmt.Errorf("box %s: VM %d keeps its disk on storage %s: %w", b.Box, vmid, storage, fleet.ErrStorageAway))
		}
	}
	return disks, nil
}
