package pve

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
	"codeberg.org/accolade/accolade/internal/sim/guest"
)

var (
	_ = handle("GET /nodes/{node}/qemu/{vmid}/snapshot", listSnapshots)
	_ = handle("POST /nodes/{node}/qemu/{vmid}/snapshot", makeSnapshot)
	_ = handle("GET /nodes/{node}/qemu/{vmid}/snapshot/{snapname}", indexSnapshot)
	_ = handle("DELETE /nodes/{node}/qemu/{vmid}/snapshot/{snapname}", deleteSnapshot)
	_ = handle("GET /nodes/{node}/qemu/{vmid}/snapshot/{snapname}/config", readSnapshot)
	_ = handle("PUT /nodes/{node}/qemu/{vmid}/snapshot/{snapname}/config", describeSnapshot)
	_ = handle("POST /nodes/{node}/qemu/{vmid}/snapshot/{snapname}/rollback", rollbackVM)
)

func listSnapshots(c *call) (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(v.Snapshots)) {
		s := v.Snapshots[name]
		item := map[string]any{
			"name": name, "snaptime": c.box.clock(s.Made).Unix(), "vmstate": bit(s.State != ""), "description": s.Description,
		}
		if s.Parent != "" {
			item["parent"] = s.Parent
		}
		list = append(list, item)
	}
	current := map[string]any{"name": "current", "description": "You are here!", "digest": v.digest(), "running": bit(v.running())}
	if v.Parent != "" {
		current["parent"] = v.Parent
	}
	return append(list, current), nil
}

func indexSnapshot(*call) (any, error) { return subdirs("cmd", "rollback", "config"), nil }

// snapshot finds the snapshot that a call names.
func (c *call) snapshot() (*vm, *vmSnapshot, error) {
	v, err := c.vm()
	if err != nil {
		return nil, nil, err
	}
	s := v.Snapshots[c.p.Str("snapname")]
	if s == nil {
		return nil, nil, failf("snapshot '%s' does not exist", c.p.Str("snapname"))
	}
	return v, s, nil
}

// answer is the snapshot's section of the configuration file.
func (s *vmSnapshot) answer() map[string]any {
	out := map[string]any{"snaptime": s.Made.Unix()}
	for key, value := range s.Config {
		out[key] = typed(key, value)
	}
	if s.Description != "" {
		out["description"] = s.Description
	}
	if s.Parent != "" {
		out["parent"] = s.Parent
	}
	if s.State != "" {
		out["vmstate"] = s.State
	}
	return out
}

func readSnapshot(c *call) (any, error) {
	_, s, err := c.snapshot()
	if err != nil {
		return nil, err
	}
	return s.answer(), nil
}

func describeSnapshot(c *call) (any, error) {
	v, s, err := c.snapshot()
	if err != nil {
		return nil, err
	}
	if err := c.box.lockNow(v.ID, c.now); err != nil {
		return nil, err
	}
	if err := v.unlocked(); err != nil {
		return nil, err
	}
	if c.p.Has("description") {
		s.Description = c.p.Str("description")
	}
	return nil, nil
}

func makeSnapshot(c *call) (any, error) {
	name := c.p.Str("snapname")
	switch {
	case name == "current":
		return nil, failf("unable to use snapshot name 'current' (reserved name)")
	case strings.EqualFold(name, "pending"):
		return nil, failf("unable to use snapshot name 'pending' (reserved name)")
	}
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	return c.box.startTask(c.now, "qmsnapshot", v.id(), c.auth.ID(), &snapshotWork{VMID: v.ID, Name: name, Memory: c.p.Bool("vmstate"), Description: c.p.Str("description")}), nil
}

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
		if wait, err := b.lockConfig(t, w.VMID, now); wait > 0 || err != nil {
			return wait, err
		}
		if err := v.unlocked(); err != nil {
			return 0, err
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

func (w *snapshotWork) clean(b *Box, _ *task, _ time.Time) {
	if v := b.machine.VMs[w.VMID]; v != nil && v.Lock == "snapshot" {
		v.Lock = ""
	}
}

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

func deleteSnapshot(c *call) (any, error) {
	w := &dropSnapshotWork{VMID: int(c.p.Int("vmid")), Name: c.p.Str("snapname")}
	return c.box.startTask(c.now, "qmdelsnapshot", fmt.Sprint(w.VMID), c.auth.ID(), w), nil
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
		if wait, err := b.lockConfig(t, w.VMID, now); wait > 0 || err != nil {
			return wait, err
		}
		if err := v.unlocked(); err != nil {
			return 0, err
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

func (w *dropSnapshotWork) clean(b *Box, _ *task, _ time.Time) {
	if v := b.machine.VMs[w.VMID]; v != nil && v.Lock == "snapshot-delete" {
		v.Lock = ""
	}
}

func rollbackVM(c *call) (any, error) {
	vmid := int(c.p.Int("vmid"))
	if c.p.Bool("start") && c.box.version >= "9" {
		if err := c.require(vmPath(vmid), "VM.PowerMgmt"); err != nil {
			return nil, err
		}
	}
	w := &rollbackWork{VMID: vmid, Name: c.p.Str("snapname"), Start: c.p.Bool("start")}
	return c.box.startTask(c.now, "qmrollback", fmt.Sprint(vmid), c.auth.ID(), w), nil
}

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

func (w *rollbackWork) clean(b *Box, _ *task, _ time.Time) {
	if v := b.machine.VMs[w.VMID]; v != nil && v.Lock == "rollback" {
		v.Lock = ""
	}
}
