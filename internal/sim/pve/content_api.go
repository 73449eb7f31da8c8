package pve

import (
	"fmt"
	"strings"
)

var (
	_ = handle("GET /nodes/{node}/storage/{storage}/content", contentIndex)
	_ = handle("POST /nodes/{node}/storage/{storage}/content", contentAllocate)
	_ = handle("GET /nodes/{node}/storage/{storage}/content/{volume}", contentInfo)
	_ = handle("PUT /nodes/{node}/storage/{storage}/content/{volume}", contentUpdate)
	_ = handle("DELETE /nodes/{node}/storage/{storage}/content/{volume}", contentDelete)
)

func contentIndex(c *call) (any, error) {
	s, err := c.box.storageConfig(c.p.Str("storage"))
	if err != nil {
		return nil, err
	}
	items, err := c.box.list(s, int(c.p.Int("vmid")), c.p.Str("content"))
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, it := range items {
		if c.mayUse(0, it.volid, "") == nil {
			list = append(list, it.answer())
		}
	}
	return list, nil
}

// contentAllocate makes an empty disk that no configuration mentions yet.
func contentAllocate(c *call) (any, error) {
	s, err := c.box.storageConfig(c.p.Str("storage"))
	if err != nil {
		return nil, err
	}
	size, unit := c.p.Str("size"), int64(1<<10)
	switch {
	case strings.HasSuffix(size, "M"):
		unit = 1 << 20
	case strings.HasSuffix(size, "G"):
		unit = 1 << 30
	}
	format := c.p.Str("format")
	name := c.p.Str("filename")
	for _, known := range []string{"raw", "qcow2", "vmdk"} {
		if strings.HasSuffix(name, "."+known) {
			if format != "" && format != known {
				return nil, badParam("format", fmt.Sprintf("different storage formats (%s != %s)", format, known))
			}
			format = known
		}
	}
	vmid := int(c.p.Int("vmid"))
	if want := fmt.Sprintf("vm-%d-", vmid); !strings.HasPrefix(name, want) {
		return nil, failf("illegal name '%s' - should be '%s*'", name, want)
	}
	v, err := c.box.allocate(s, vmid, format, int64(atoi(strings.TrimRight(size, "MG")))*unit, c.now)
	if err != nil {
		return nil, err
	}
	delete(c.box.machine.Volumes, v.volid())
	if v.Name = name; s.Type == "dir" {
		v.Name = fmt.Sprintf("%d/%s", vmid, name)
	}
	if c.box.machine.Volumes[v.volid()] != nil {
		return nil, failf("disk image '%s' already exists", v.Name)
	}
	c.box.putVolume(v)
	return v.volid(), nil
}

// volumeParam is the volume that a path names, with or without its storage.
func volumeParam(c *call) (volid string, s *storage, err error) {
	volid, id := c.p.Str("volume"), c.p.Str("storage")
	if strings.Contains(volid, ":") {
		got, _, ok := parseVolid(volid)
		if !ok {
			return "", nil, badParam("volume", fmt.Sprintf("unable to parse volume ID '%s'\n", volid))
		}
		if got != id {
			return "", nil, badParam("volume", fmt.Sprintf("storage ID mismatch (%s != %s)\n", got, id))
		}
	} else {
		volid = id + ":" + volid
	}
	s, err = c.box.storageConfig(id)
	return volid, s, err
}

func contentInfo(c *call) (any, error) {
	volid, s, err := volumeParam(c)
	if err != nil {
		return nil, err
	}
	if err := c.mayUse(0, volid, ""); err != nil {
		return nil, err
	}
	n, err := c.box.parseVolname(volid)
	if err != nil {
		return nil, err
	}
	it, err := c.box.lookup(s, volid)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"path": c.box.volumePath(s, n), "size": it.size, "used": it.size, "format": n.format}
	if v := c.box.machine.Volumes[volid]; v != nil {
		out["used"] = v.taken()
	}
	if n.content == "backup" {
		out["notes"], out["protected"] = c.box.fullNotes(s, volid, it), bit(it.protected)
	}
	return out, nil
}

// lookup finds one volume of an active storage.
func (b *Box) lookup(s *storage, volid string) (item, error) {
	items, err := b.list(s, 0, "")
	if err != nil {
		return item{}, err
	}
	for _, it := range items {
		if it.volid == volid {
			return it, nil
		}
	}
	n, err := b.parseVolname(volid)
	if err != nil {
		return item{}, err
	}
	switch s.Type {
	case "pbs":
		return item{}, failf("proxmox-backup-client failed: Error: snapshot %s does not exist", n.file)
	case "lvmthin":
		return item{}, failf("no such logical volume pve/%s", n.file)
	}
	return item{}, failf("volume_size_info on '%s' failed - no format", volid)
}

// fullNotes are all lines; a list shows only the first.
func (b *Box) fullNotes(s *storage, volid string, it item) string {
	if v := b.machine.Volumes[volid]; v != nil && s.Type != "pbs" {
		return v.Notes
	}
	return it.notes
}

func contentUpdate(c *call) (any, error) {
	volid, s, err := volumeParam(c)
	if err != nil {
		return nil, err
	}
	// found by experiment: Datastore.Allocate alone, which opens volumes, is not enough
	if err := c.require("/storage/"+s.ID, "Datastore.AllocateSpace"); err != nil {
		return nil, err
	}
	if err := c.mayUse(0, volid, ""); err != nil {
		return nil, err
	}
	if c.p.Has("notes") {
		if err := c.box.setNotes(s, volid, c.p.Str("notes")); err != nil {
			return nil, err
		}
	}
	if c.p.Has("protected") {
		if err := c.box.setProtected(c.auth.ID(), s, volid, c.p.Bool("protected")); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
