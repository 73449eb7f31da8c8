package pve

import (
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// item is one line of a storage's content.
type item struct {
	volid   string
	content string
	format  string
	subtype string // qemu, for a backup
	size    int64
	vmid    int
	ctime   int64
	notes   string
	// protected volumes are not deleted and not pruned.
	protected bool
	encrypted string // fingerprint of the client's key
	verified  *archive.Verification
}

// list gives the content of a storage, after making sure that it can be read. vmid
// and content limit it where set.
func (b *Box) list(s *storage, vmid int, content string) ([]item, error) {
	if err := b.activate(s); err != nil {
		return nil, err
	}
	wanted := func(kind string) bool { return (content == "" || content == kind) && s.holds(kind) }
	if s.Type == "pbs" {
		if !wanted("backup") {
			return nil, nil
		}
		return b.listVault(s, vmid)
	}
	var items []item
	for _, v := range b.volumesOf(func(v *volume) bool { return v.Storage == s.ID && wanted(v.Content) }) {
		if vmid != 0 && (v.Content == "iso" || v.Content == "vztmpl" || v.VMID != 0 && v.VMID != vmid || v.VMID == 0 && (v.Content == "images" || v.Content == "backup")) {
			continue
		}
		items = append(items, b.itemOf(v))
	}
	return items, nil
}

// itemOf is how a volume of the box itself is listed.
func (b *Box) itemOf(v *volume) item {
	it := item{
		volid: v.volid(), content: v.Content, format: v.Format, size: v.Size, vmid: v.VMID,
		ctime: b.clock(v.Made).Unix(), protected: v.Protected,
	}
	if v.Content == "backup" {
		it.subtype = "qemu"
		it.notes, _, _ = strings.Cut(v.Notes, "\n")
		if at, ok := b.dumpTime(v.Name); ok {
			it.ctime = at
		}
	}
	return it
}

// listVault lists what the backup server shows to this storage's user.
func (b *Box) listVault(s *storage, vmid int) ([]item, error) {
	session, err := b.openVault(s)
	if err != nil {
		return nil, err
	}
	snapshots, err := session.List()
	if err != nil {
		return nil, failf("error listing snapshots - %s", vaultText(err))
	}
	var items []item
	for _, snap := range snapshots {
		id := atoi(snap.ID)
		if id == 0 || (snap.Type != "vm" && snap.Type != "ct") || (vmid != 0 && id != vmid) {
			continue
		}
		subtype := "qemu"
		if snap.Type == "ct" {
			subtype = "lxc"
		}
		items = append(items, item{
			volid: s.ID + ":backup/" + snap.Ref.String(), content: "backup", format: "pbs-" + snap.Type, subtype: subtype,
			size: snap.Size, vmid: id, ctime: snap.Time.Unix(), notes: snap.Notes, protected: snap.Protected,
			encrypted: snap.Key, verified: snap.Verified,
		})
	}
	slices.SortStableFunc(items, func(x, y item) int { return strings.Compare(strings.ToLower(x.volid), strings.ToLower(y.volid)) })
	return items, nil
}

// answer is the item as the API gives it.
func (it item) answer() map[string]any {
	out := map[string]any{"volid": it.volid, "content": it.content, "format": it.format, "size": it.size, "ctime": it.ctime}
	if it.subtype != "" {
		out["subtype"] = it.subtype
	}
	if it.vmid != 0 {
		out["vmid"] = it.vmid
	}
	if it.notes != "" {
		out["notes"] = it.notes
	}
	if it.protected {
		out["protected"] = 1
	}
	if it.encrypted != "" {
		out["encrypted"] = it.encrypted
	}
	if it.verified != nil {
		out["verification"] = map[string]any{"state": it.verified.State, "upid": it.verified.UPID}
	}
	return out
}

// mayUse refuses access to a volume, by the rules of its content type. vmid is the
// VM on whose behalf it is used, 0 for none; content is what it has to be, if given.
func (c *call) mayUse(vmid int, volid, content string) error {
	return c.box.mayUse(c.auth.ID(), vmid, volid, content)
}

func (b *Box) mayUse(who string, vmid int, volid, content string) error {
	id, _, ok := parseVolid(volid)
	if !ok {
		if who != "root@pam" {
			return failf("Only root can pass arbitrary filesystem paths.")
		}
		return nil
	}
	n, err := b.parseVolname(volid)
	if err != nil {
		return err
	}
	path := "/storage/" + id
	switch {
	case content != "" && n.content != content:
		return failf("unable to use volume %s - content type needs to be '%s'", volid, content)
	case b.allowed(who, path, "Datastore.Allocate"):
		return nil
	case n.content == "iso" || n.content == "vztmpl" || n.content == "import":
		return b.needAny(who, path, "Datastore.AllocateSpace", "Datastore.Audit")
	case n.vmid != 0 && n.vmid == vmid:
		return nil
	case n.content == "backup" && n.vmid != 0:
		if err := b.need(who, path, "Datastore.AllocateSpace"); err != nil {
			return err
		}
		return b.need(who, vmPath(n.vmid), "VM.Backup")
	case n.content == "images" && n.vmid != 0:
		if err := b.need(who, path, "Datastore.Audit"); err != nil {
			return err
		}
		return b.need(who, vmPath(n.vmid), "VM.Config.Disk")
	}
	return failf("missing privileges to access %s", volid)
}
