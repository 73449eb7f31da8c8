package machine

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
)

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
