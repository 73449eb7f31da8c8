package pve

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var _ = handle("DELETE /nodes/{node}/qemu/{vmid}", destroyVM)

func destroyVM(c *call) (any, error) {
	if err := c.onlyRoot("skiplock"); err != nil {
		return nil, err
	}
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if err := destroyable(v); err != nil {
		return nil, err
	}
	w := &destroyWork{VMID: v.ID, Purge: c.p.Bool("purge"), Unreferenced: c.p.Bool("destroy-unreferenced-disks"), SkipLock: c.p.Bool("skiplock")}
	return c.box.startTask(c.now, "qmdestroy", v.id(), c.auth.ID(), w), nil
}

func destroyable(v *vm) error {
	if err := v.unprotected(fmt.Sprintf("can't remove VM %d", v.ID)); err != nil {
		return err
	}
	if v.running() {
		return failf("VM %d is running - destroy failed", v.ID)
	}
	return nil
}

// destroyWork removes a VM with its disks and rights.
type destroyWork struct {
	VMID         int  `json:"vmid"`
	Purge        bool `json:"purge,omitempty"`
	Unreferenced bool `json:"unreferenced,omitempty"`
	SkipLock     bool `json:"skip_lock,omitempty"`
	Begun        bool `json:"begun,omitempty"`
}

func (w *destroyWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	v, err := b.vm(w.VMID)
	if err != nil {
		return 0, err
	}
	if !w.Begun {
		if wait, err := b.lockConfig(t, w.VMID, now); wait > 0 || err != nil {
			return wait, err
		}
		if err := destroyable(v); err != nil {
			return 0, err
		}
		if !w.SkipLock && v.Lock != "suspended" {
			if err := v.unlocked(); err != nil {
				return 0, err
			}
		}
		w.Begun = true
		return 2 * time.Second, nil
	}
	used := v.usedVolumes()
	for _, vol := range b.volumesOf(func(vol *volume) bool { return vol.Content == "images" && vol.VMID == w.VMID }) {
		if !used[vol.volid()] && !w.Unreferenced {
			continue
		}
		if err := b.free(vol); err != nil {
			t.warn(now, "Could not remove disk '%s', check manually: %s", vol.volid(), err)
			continue
		}
		t.say(now, "  Logical volume \"%s\" successfully removed.", vol.Name)
	}
	b.forgetVM(w.VMID)
	if w.Purge {
		t.say(now, "purging VM %d from related configurations..", w.VMID)
		b.forgetInJobs(w.VMID)
	}
	return 0, nil
}

// forgetVM removes the configuration, the pool's mention and the rights on the VM.
func (b *Box) forgetVM(vmid int) {
	delete(b.machine.VMs, vmid)
	for _, p := range b.machine.Pools {
		p.VMs = slices.DeleteFunc(p.VMs, func(id int) bool { return id == vmid })
	}
	b.removeObject(vmPath(vmid))
}

// forgetInJobs takes a VM out of the backup jobs that name it.
func (b *Box) forgetInJobs(vmid int) {
	for _, j := range b.machine.Jobs {
		for _, key := range []string{"vmid", "exclude"} {
			ids := slices.DeleteFunc(strings.Split(j.Options[key], ","), func(id string) bool { return id == fmt.Sprint(vmid) })
			if _, ok := j.Options[key]; ok {
				j.Options[key] = strings.Join(ids, ",")
			}
		}
	}
}
