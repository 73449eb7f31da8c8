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

// StopTask ends a task that runs, as the web page's button does.
func (b *Box) StopTask(upid string) {
	b.stopTasks(func(t *task) bool { return t.UPID == upid })
}

// StopHanging ends the tasks that do nothing any more.
func (b *Box) StopHanging() {
	b.stopTasks(func(t *task) bool { return t.Fault != nil && t.Fault.Mode == "hang" })
}

func (b *Box) stopTasks(which func(*task) bool) {
	b.mu.Lock()
	defer b.world.Poke()
	defer b.mu.Unlock()
	now := b.world.Now()
	b.advance(now)
	for _, t := range b.machine.Tasks {
		if t.running() && which(t) {
			b.breakTask(t, now, failf("received interrupt"))
		}
	}
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

// StartVM switches a VM on, if it is off.
func (b *Box) StartVM(vmid int) error {
	b.mu.Lock()
	defer b.world.Poke()
	defer b.mu.Unlock()
	v := b.machine.VMs[vmid]
	if v == nil || v.running() {
		return nil
	}
	return b.boot(v, b.world.Now(), false)
}

// RestartVM switches a running VM off and on again.
func (b *Box) RestartVM(vmid int) error {
	b.mu.Lock()
	defer b.world.Poke()
	defer b.mu.Unlock()
	v := b.machine.VMs[vmid]
	if v == nil || !v.running() {
		return nil
	}
	b.halt(v, b.world.Now())
	return b.boot(v, b.world.Now(), false)
}

// FreeVolume removes a volume, as `pvesm free` does; nothing happens where there is none.
func (b *Box) FreeVolume(volid string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, vol := range b.volumesOf(func(vol *volume) bool { return vol.volid() == volid }) {
		if err := b.free(vol); err != nil {
			return err
		}
	}
	return nil
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
