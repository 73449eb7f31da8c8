package pve

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
	"codeberg.org/accolade/accolade/internal/sim/guest"
)

// snapshotWork takes a snapshot.
type snapshotWork struct {
	VMID        int    `json:"vmid"`
	Name        string `json:"name"`
	Memory      bool   `json:"memory,omitempty"`
	Description string `json:"description,omitempty"`
	Begun       bool   `json:"begun,omitempty"`
}

func (w *snapshotWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	v, err := b.vm(w.VMID)
	if err != nil {
		return 0, err
	}
	if !w.Begun {
		if wait, err := b.seize(t, v, now, false); wait > 0 || err != nil {
			return wait, err
		}
		if v.Snapshots[w.Name] != nil {
			return 0, failf("snapshot name '%s' already used", w.Name)
		}
		for _, key := range diskKeys(v.Config) {
			vol := b.machine.Volumes[parseDrive(v.Config[key]).file()]
			if vol != nil && vol.Format == "raw" && b.machine.Storages[vol.Storage].Type == "dir" {
				return 0, failf("snapshot feature is not available")
			}
		}
		w.Begun, v.Lock = true, "snapshot"
		took := 2 * time.Second
		if w.Memory && v.live() {
			took += moving(copyRate, v.memory())
			t.say(now, "saving VM state and RAM using storage 'local-lvm'")
		}
		return took, nil
	}
	v.Lock = ""
	if v.live() {
		b.flush(v, now)
	}
	s := &vmSnapshot{Config: maps.Clone(v.Config), Description: w.Description, Made: now, Parent: v.Parent}
	if w.Memory && v.live() {
		if err := b.saveMemory(v, s, w.Name, now); err != nil {
			return 0, err
		}
	}
	for _, key := range diskKeys(v.Config) {
		if vol := b.machine.Volumes[parseDrive(v.Config[key]).file()]; vol != nil {
			if vol.Snapshots == nil {
				vol.Snapshots = map[string]archive.Disk{}
			}
			vol.Snapshots[w.Name] = *vol.Disk
			t.say(now, "snapshotting 'drive-%s' (%s)", key, vol.volid())
			t.say(now, "  Logical volume \"snap_%s_%s\" created.", vol.Name, w.Name)
		}
	}
	if v.Snapshots == nil {
		v.Snapshots = map[string]*vmSnapshot{}
	}
	v.Snapshots[w.Name], v.Parent = s, w.Name
	return 0, nil
}

func (w *snapshotWork) clean(b *Box, _ *task, _ time.Time) { b.unlock(w.VMID, "snapshot") }

// saveMemory puts the running guest into a snapshot.
func (b *Box) saveMemory(v *vm, s *vmSnapshot, name string, now time.Time) error {
	state, err := json.Marshal(v.Guest)
	if err != nil {
		return failf("save RAM: %s", err)
	}
	vol := &volume{Storage: "local-lvm", Name: fmt.Sprintf("vm-%d-state-%s", v.ID, name), Content: "images", Format: "raw", VMID: v.ID, Size: 2*v.memory() + 500<<20, Made: now}
	var blocks archive.Blocks
	vol.Disk = &archive.Disk{Size: vol.Size, Blocks: blocks.Write(0, v.memory()/2/archive.BlockSize, b.seedOf(vol.Name))}
	b.putVolume(vol)
	s.Memory, s.State = state, vol.volid()
	return nil
}

// dropSnapshotWork forgets a snapshot.
type dropSnapshotWork struct {
	VMID  int    `json:"vmid"`
	Name  string `json:"name"`
	Begun bool   `json:"begun,omitempty"`
}

func (w *dropSnapshotWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	v, err := b.vm(w.VMID)
	if err != nil {
		return 0, err
	}
	if !w.Begun {
		if wait, err := b.seize(t, v, now, false); wait > 0 || err != nil {
			return wait, err
		}
		if v.Snapshots[w.Name] == nil {
			return 0, failf("snapshot '%s' does not exist", w.Name)
		}
		w.Begun, v.Lock = true, "snapshot-delete"
		return 2 * time.Second, nil
	}
	v.Lock = ""
	gone := v.Snapshots[w.Name]
	for _, s := range v.Snapshots {
		if s.Parent == w.Name {
			s.Parent = gone.Parent
		}
	}
	if v.Parent == w.Name {
		v.Parent = gone.Parent
	}
	delete(v.Snapshots, w.Name)
	delete(b.machine.Volumes, gone.State)
	for _, vol := range b.machine.Volumes {
		if _, ok := vol.Snapshots[w.Name]; ok && vol.VMID == w.VMID {
			delete(vol.Snapshots, w.Name)
			t.say(now, "  Logical volume \"snap_%s_%s\" successfully removed.", vol.Name, w.Name)
		}
	}
	return 0, nil
}

func (w *dropSnapshotWork) clean(b *Box, _ *task, _ time.Time) { b.unlock(w.VMID, "snapshot-delete") }

// rollbackWork brings a VM back to a snapshot. A snapshot with RAM runs afterwards.
type rollbackWork struct {
	VMID  int    `json:"vmid"`
	Name  string `json:"name"`
	Start bool   `json:"start,omitempty"`
	Begun bool   `json:"begun,omitempty"`
}

func (w *rollbackWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	v, err := b.vm(w.VMID)
	if err != nil {
		return 0, err
	}
	if !w.Begun {
		if wait, err := b.lockConfig(t, w.VMID, now); wait > 0 || err != nil {
			return wait, err
		}
		s := v.Snapshots[w.Name]
		if s == nil {
			return 0, failf("snapshot '%s' does not exist", w.Name)
		}
		if err := v.unlocked(); err != nil {
			return 0, err
		}
		for _, key := range diskKeys(s.Config) {
			vol := b.machine.Volumes[parseDrive(s.Config[key]).file()]
			if vol == nil {
				return 0, failf("volume '%s' does not exist", parseDrive(s.Config[key]).file())
			}
		}
		w.Begun, v.Lock = true, "rollback"
		if v.running() {
			b.halt(v, now)
		}
		return 3 * time.Second, nil
	}
	s := v.Snapshots[w.Name]
	v.Lock = ""
	for _, vol := range b.machine.Volumes {
		if disk, ok := vol.Snapshots[w.Name]; ok && vol.VMID == w.VMID {
			vol.Disk, vol.Size = &disk, disk.Size
			t.say(now, "  Logical volume \"%s\" successfully removed.", vol.Name)
			t.say(now, "  Logical volume \"%s\" created.", vol.Name)
		}
	}
	for _, key := range diskKeys(v.Config) { // disks that came after the snapshot stay, unused
		if file := parseDrive(v.Config[key]).file(); parseDrive(s.Config[key]).file() != file {
			defer v.addUnused(file)
		}
	}
	v.Config, v.Pending, v.Deletes, v.Parent = maps.Clone(s.Config), nil, nil, w.Name
	v.Config["vmgenid"] = b.newUUID()
	if s.Memory == nil && !w.Start {
		return 0, nil
	}
	if err := b.boot(v, now, false); err != nil {
		return 0, err
	}
	if s.Memory == nil {
		return 0, nil
	}
	restored := new(guest.Guest)
	if err := json.Unmarshal(s.Memory, restored); err != nil {
		return 0, failf("load RAM: %s", err)
	}
	restored.Attach(v.Guest.Disk())
	v.Guest = restored
	return 0, nil
}

func (w *rollbackWork) clean(b *Box, _ *task, _ time.Time) { b.unlock(w.VMID, "rollback") }
