package pve

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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

func deleteSnapshot(c *call) (any, error) {
	w := &dropSnapshotWork{VMID: int(c.p.Int("vmid")), Name: c.p.Str("snapname")}
	return c.box.startTask(c.now, "qmdelsnapshot", fmt.Sprint(w.VMID), c.auth.ID(), w), nil
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
