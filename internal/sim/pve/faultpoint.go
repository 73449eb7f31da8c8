package pve

import (
	"errors"
	"time"
)

// faults are what was injected and has not struck yet.
type faults struct {
	Tasks []taskFault `json:"tasks,omitempty"`
	// Offline cuts the guests from the Internet.
	Offline bool `json:"offline,omitempty"`
	// Locks counts, by VMID, the attempts to lock a configuration that will time out.
	Locks map[int]int `json:"locks,omitempty"`
	// Filled is what something else has written to a storage, in bytes.
	Filled map[string]int64 `json:"filled,omitempty"`
}

// taskFault is a fault that waits for the next task of a kind, or sits in one.
type taskFault struct {
	Type string `json:"type"` // vzdump, qmcreate, …; empty for any
	ID   string `json:"id"`   // VMID; empty for any
	// Mode is "fail" (ends with Text after After), "warn" (the work is done, and the
	// task ends with WARNINGS), "hang" (nothing happens any more).
	Mode  string        `json:"mode"`
	Text  string        `json:"text,omitempty"`
	After time.Duration `json:"after,omitempty"`
	Armed bool          `json:"armed,omitempty"` // the task has begun its first step
}

// FailTask makes the next task of a type (and VMID, "" for any) fail with a text,
// some time after it began: its work is cut off in the middle. With no time at all
// nothing of it is done.
func (b *Box) FailTask(kind, id, text string, after time.Duration) {
	b.addTaskFault(taskFault{Type: kind, ID: id, Mode: "fail", Text: text, After: after})
}

// WarnTask makes the next task of a type end with WARNINGS: 1 and a line of text.
func (b *Box) WarnTask(kind, id, text string) {
	b.addTaskFault(taskFault{Type: kind, ID: id, Mode: "warn", Text: text})
}

// HangTask makes the next task of a type run for ever, until it is stopped.
func (b *Box) HangTask(kind, id string) {
	b.addTaskFault(taskFault{Type: kind, ID: id, Mode: "hang"})
}

func (b *Box) addTaskFault(f taskFault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.machine.Faults.Tasks = append(b.machine.Faults.Tasks, f)
}

// faultFor takes the first waiting fault that fits a new task.
func (b *Box) faultFor(t *task) *taskFault {
	waiting := b.machine.Faults.Tasks
	for i, f := range waiting {
		if (f.Type == "" || f.Type == t.Type) && (f.ID == "" || f.ID == t.ID) {
			b.machine.Faults.Tasks = append(waiting[:i:i], waiting[i+1:]...)
			return &f
		}
	}
	return nil
}

// due is when a fault ends the task; zero for one that does not.
func (f *taskFault) due(t *task) time.Time {
	if f == nil || f.Mode != "fail" {
		return time.Time{}
	}
	return t.Begun.Add(f.After)
}

// stepFault lets a fault act on a task whose work is due, and tells whether the
// work is not to go on now.
func (b *Box) stepFault(t *task, now time.Time) bool {
	f := t.Fault
	switch f.Mode {
	case "warn":
		t.warn(now, "%s", f.Text)
		t.Fault = nil
	case "hang":
		if !f.Armed {
			f.Armed = true // the first step is done: locks are taken
			return false
		}
		t.Next = time.Time{}
		return true
	case "fail":
		if !f.Armed && f.After > 0 {
			f.Armed = true
			return false
		}
		if f.due(t).After(now) {
			return false
		}
		b.breakTask(t, now, errors.New(f.Text))
		return true
	}
	return false
}

// LockVM makes the next attempts to lock a VM's configuration time out, as when
// another process holds the lock for too long.
func (b *Box) LockVM(vmid, attempts int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.machine.Faults.Locks == nil {
		b.machine.Faults.Locks = map[int]int{}
	}
	b.machine.Faults.Locks[vmid] += attempts
}

// FillStorage takes room on a storage for something that the API does not show;
// negative bytes give it back.
func (b *Box) FillStorage(id string, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.machine.Faults.Filled == nil {
		b.machine.Faults.Filled = map[string]int64{}
	}
	b.machine.Faults.Filled[id] = max(0, b.machine.Faults.Filled[id]+bytes)
}

// SetStorageOffline takes a storage away or brings it back.
func (b *Box) SetStorageOffline(id string, offline bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, err := b.storageConfig(id)
	if err != nil {
		return err
	}
	s.Offline = offline
	return nil
}

// SetDiskDead makes a physical disk fail, with all that is mounted from it, or
// brings it back.
func (b *Box) SetDiskDead(serial string, dead bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.machine.Disks {
		if b.machine.Disks[i].Serial == serial {
			b.machine.Disks[i].Dead = dead
			return nil
		}
	}
	return failf("no disk with serial number '%s'", serial)
}

// SetAgentDown keeps a VM's guest agent from ever coming up, from its next start on,
// or lets it again.
func (b *Box) SetAgentDown(vmid int, down bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, err := b.vm(vmid)
	if err != nil {
		return err
	}
	v.NoAgent = down
	return nil
}

// SetClockOffset sets the box's clock wrong by so much (ahead when positive).
func (b *Box) SetClockOffset(offset time.Duration) {
	b.mu.Lock()
	b.machine.ClockOffset = offset
	b.mu.Unlock()
	b.world.Poke()
}

// SetOffline cuts the box's guests from the Internet although their links are up, or
// lets them back.
func (b *Box) SetOffline(offline bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.machine.Faults.Offline = offline
	for _, id := range b.vmids() {
		if v := b.machine.VMs[id]; v.live() {
			v.Guest.Advance(b.machine.Now)
			v.Guest.SetHardware(b.hardware(v))
		}
	}
}
