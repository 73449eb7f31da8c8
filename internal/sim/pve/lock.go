package pve

import (
	"fmt"
	"time"
)

// lockTimeout is how long a process waits for a VM's configuration file.
const lockTimeout = 10 * time.Second

func lockError(vmid int) error {
	return failf("can't lock file '/var/lock/qemu-server/lock-%d.conf' - got timeout", vmid)
}

// lockConfig takes the lock on a VM's configuration file for a task. While another
// task holds it, the caller waits: it is told how long until the next try. The lock
// falls with the task.
func (b *Box) lockConfig(t *task, vmid int, now time.Time) (wait time.Duration, err error) {
	if t.Waiting.IsZero() {
		t.Waiting = now
	}
	waited := now.Sub(t.Waiting)
	if b.machine.Faults.Locks[vmid] > 0 {
		if waited < lockTimeout {
			return lockTimeout - waited, nil
		}
		b.machine.Faults.Locks[vmid]--
		t.Waiting = time.Time{}
		return 0, lockError(vmid)
	}
	v := b.machine.VMs[vmid]
	if v == nil || v.Holder == "" || v.Holder == t.UPID || b.findTask(v.Holder) == nil {
		if v != nil {
			v.Holder = t.UPID
		}
		t.Waiting = time.Time{}
		return 0, nil
	}
	if waited < lockTimeout {
		return time.Second, nil
	}
	return 0, lockError(vmid)
}

// seize is how most tasks on a VM begin: with the lock on its configuration file, and
// refused while the configuration itself is locked, unless skip is set.
func (b *Box) seize(t *task, v *vm, now time.Time, skip bool) (wait time.Duration, err error) {
	if wait, err := b.lockConfig(t, v.ID, now); wait > 0 || err != nil {
		return wait, err
	}
	if skip {
		return 0, nil
	}
	return 0, v.unlocked()
}

// unlock takes a lock of that name from a VM's configuration, if it is there: what a
// task that failed leaves behind.
func (b *Box) unlock(vmid int, lock string) {
	if v := b.machine.VMs[vmid]; v != nil && v.Lock == lock {
		v.Lock = ""
	}
}

// lockNow is lockConfig for a call that changes a configuration while the caller
// waits. Simulated time stands still during a call, so a holder that lets go in time
// counts as gone.
func (b *Box) lockNow(vmid int, now time.Time) error {
	if b.machine.Faults.Locks[vmid] > 0 {
		b.machine.Faults.Locks[vmid]--
		return lockError(vmid)
	}
	v := b.machine.VMs[vmid]
	if v == nil || v.Holder == "" {
		return nil
	}
	holder := b.findTask(v.Holder)
	if holder == nil || !holder.Next.IsZero() && holder.Next.Sub(now) <= lockTimeout {
		return nil
	}
	return lockError(vmid)
}

// releaseLocks lets go of what an ended task held.
func (b *Box) releaseLocks(t *task) {
	for _, v := range b.machine.VMs {
		if v.Holder == t.UPID {
			v.Holder = ""
		}
	}
}

// release lets go of one VM's configuration while the task goes on.
func (v *vm) release(t *task) {
	if v.Holder == t.UPID {
		v.Holder = ""
	}
}

// logName is how a VM is named in logs.
func (v *vm) logName() string {
	if name := v.Config["name"]; name != "" {
		return name
	}
	return fmt.Sprintf("VM %d", v.ID)
}
