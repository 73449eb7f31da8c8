package pve

import "strconv"

// What people do on a box beside us, at its console: none of it asks for rights, and
// none of it is a task of ours.

// RotateTasks drops every task that has ended from the list, with its log, as the box
// does after a few thousand more.
func (b *Box) RotateTasks() {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := b.machine.Tasks[:0:0]
	for _, t := range b.machine.Tasks {
		if t.running() {
			kept = append(kept, t)
		}
	}
	b.machine.Tasks = kept
}

// TakeVMID makes somebody else's VM under a number, outside any pool, unless there is
// a VM already.
func (b *Box) TakeVMID(vmid int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.machine.VMs[vmid] != nil {
		return
	}
	v := &vm{ID: vmid, Config: map[string]string{"name": "theirs-" + strconv.Itoa(vmid), "memory": "512", "ostype": "l26"}}
	b.machine.VMs[vmid] = v
	b.completeConfig(v, b.machine.Now)
}

// DeleteVM stops a VM and removes it with its disks, protected or not. Nothing
// happens where there is none, or where a task is at it: a person would be refused.
func (b *Box) DeleteVM(vmid int) error {
	b.mu.Lock()
	defer b.world.Poke()
	defer b.mu.Unlock()
	if v := b.machine.VMs[vmid]; v == nil || v.Lock != "" || v.Holder != "" {
		return nil
	}
	return b.wipeVM(vmid)
}

// UnlockAndDeleteVM removes a VM that no task is at, whatever its lock says.
func (b *Box) UnlockAndDeleteVM(vmid int) error {
	b.mu.Lock()
	defer b.world.Poke()
	defer b.mu.Unlock()
	return b.wipeVM(vmid)
}

func (b *Box) wipeVM(vmid int) error {
	for _, vol := range b.volumesOf(func(vol *volume) bool { return vol.Content == "images" && vol.VMID == vmid }) {
		if err := b.free(vol); err != nil {
			return err
		}
	}
	b.forgetVM(vmid)
	return nil
}
