package pve

import (
	"fmt"
	"strings"
	"time"
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
	v, err := c.box.allocate(s, int(c.p.Int("vmid")), format, int64(atoi(strings.TrimRight(size, "MG")))*unit, c.now)
	if err != nil {
		return nil, err
	}
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

func (b *Box) setNotes(s *storage, volid, notes string) error {
	n, err := b.parseVolname(volid)
	if err != nil {
		return err
	}
	if n.content != "backup" {
		return failf("only backups can have notes")
	}
	if s.Type == "pbs" {
		session, err := b.openVault(s)
		if err != nil {
			return err
		}
		ref, err := refOf(n.file)
		if err != nil {
			return err
		}
		return vaultError(session.SetNotes(ref, notes))
	}
	v, err := b.backupVolume(s, volid)
	if err != nil {
		return err
	}
	v.Notes = notes
	return nil
}

// setProtected marks a backup; who decides how many one guest may have.
func (b *Box) setProtected(who string, s *storage, volid string, protected bool) error {
	n, err := b.parseVolname(volid)
	if err != nil {
		return err
	}
	if n.content != "backup" {
		return failf("only backups support attribute 'protected'")
	}
	it, err := b.lookup(s, volid)
	if err != nil {
		return err
	}
	if protected && !it.protected && n.vmid != 0 {
		if err := b.protectedLimit(who, s, n.vmid); err != nil {
			return err
		}
	}
	if s.Type != "pbs" {
		b.machine.Volumes[volid].Protected = protected
		return nil
	}
	session, err := b.openVault(s)
	if err != nil {
		return err
	}
	ref, err := refOf(n.file)
	if err != nil {
		return err
	}
	if err := session.SetProtected(ref, protected); err != nil {
		return failf("%s", vaultText(err))
	}
	return nil
}

// protectedLimit refuses one more protected backup of a guest: five are allowed
// where the storage sets no other limit and who may not allocate on it.
func (b *Box) protectedLimit(who string, s *storage, vmid int) error {
	limit := 5
	switch n := s.Options["max-protected-backups"]; {
	case n == "-1" || n == "" && b.allowed(who, "/storage/"+s.ID, "Datastore.Allocate"):
		return nil
	case n != "":
		limit = atoi(n)
	}
	items, err := b.list(s, vmid, "backup")
	if err != nil {
		return err
	}
	count := 0
	for _, it := range items {
		count += bit(it.protected)
	}
	if count >= limit {
		return failf("The number of protected backups per guest is limited to %d on storage '%s'", limit, s.ID)
	}
	return nil
}

func (b *Box) backupVolume(s *storage, volid string) (*volume, error) {
	if err := b.activate(s); err != nil {
		return nil, err
	}
	v := b.machine.Volumes[volid]
	if v == nil {
		return nil, failf("file '%s' does not exist", volid)
	}
	return v, nil
}

// contentDelete answers nothing when the volume is gone within delay seconds, else
// the task that removes it.
func contentDelete(c *call) (any, error) {
	volid, s, err := volumeParam(c)
	if err != nil {
		return nil, err
	}
	n, err := c.box.parseVolname(volid)
	if err != nil {
		return nil, err
	}
	if n.content == "backup" && n.vmid != 0 {
		if err := c.require("/storage/"+s.ID, "Datastore.AllocateSpace"); err != nil {
			return nil, err
		}
		if err := c.require(vmPath(n.vmid), "VM.Backup"); err != nil {
			return nil, err
		}
	} else if err := c.require("/storage/"+s.ID, "Datastore.Allocate"); err != nil {
		return nil, err
	}
	id := s.ID
	if n.vmid != 0 {
		id = fmt.Sprintf("%d@%s", n.vmid, s.ID)
	}
	w := &deleteWork{Volid: volid, Begun: c.p.Has("delay")}
	upid := c.box.startTask(c.now, "imgdel", id, c.auth.ID(), w)
	if !c.p.Has("delay") {
		return upid, nil
	}
	t := c.box.findTask(upid)
	switch {
	case t == nil || t.running():
		return upid, nil
	case t.Exit != "OK":
		return nil, failf("%s", t.Exit)
	}
	return nil, nil
}

// deleteWork removes one volume.
type deleteWork struct {
	Volid string `json:"volid"`
	Begun bool   `json:"begun,omitempty"`
}

func (w *deleteWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	if !w.Begun {
		w.Begun = true
		return time.Second, nil
	}
	if err := b.remove(w.Volid); err != nil {
		return 0, err
	}
	t.say(now, "Removed volume '%s'", w.Volid)
	return 0, nil
}

// remove deletes a volume wherever it lies.
func (b *Box) remove(volid string) error {
	id, _, _ := parseVolid(volid)
	s, err := b.storageConfig(id)
	if err != nil {
		return err
	}
	n, err := b.parseVolname(volid)
	if err != nil {
		return err
	}
	if s.Type == "pbs" {
		session, err := b.openVault(s)
		if err != nil {
			return err
		}
		ref, err := refOf(n.file)
		if err != nil {
			return err
		}
		return vaultError(session.Delete(ref))
	}
	if err := b.activate(s); err != nil {
		return err
	}
	v := b.machine.Volumes[volid]
	if v == nil {
		if s.Type == "lvmthin" {
			return failf("lvremove 'pve/%s' error:   Failed to find logical volume \"pve/%s\"", n.file, n.file)
		}
		return nil // the plugin only warns: disk image '…' does not exist
	}
	return b.free(v)
}
