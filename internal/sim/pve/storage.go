package pve

import (
	"maps"
	"slices"
	"strings"
)

// storage is one entry of storage.cfg, with what the box keeps beside it.
type storage struct {
	ID   string `json:"id"`
	Type string `json:"type"` // dir, lvmthin, pbs
	// Options are the entry's keys in their textual form (path, content, server, …).
	Options map[string]string `json:"options"`
	// Password and Key (a Proxmox key file in JSON) are never shown.
	Password string `json:"password,omitempty"`
	Key      string `json:"key,omitempty"`
	// Offline is an injected fault: the storage cannot be activated.
	Offline bool `json:"offline,omitempty"`
}

func (s *storage) path() string { return s.Options["path"] }

// contents are the content types that the storage is configured for.
func (s *storage) contents() []string {
	return strings.FieldsFunc(s.Options["content"], func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
}

func (s *storage) holds(content string) bool { return slices.Contains(s.contents(), content) }

func (s *storage) disabled() bool { return s.Options["disable"] == "1" }

// onNode tells whether the entry is restricted to other nodes.
func (s *storage) onNode(node string) bool {
	nodes := s.Options["nodes"]
	return nodes == "" || slices.Contains(strings.Split(nodes, ","), node)
}

// keyFingerprint is the stored fingerprint of the encryption key; empty without one.
func (s *storage) keyFingerprint() string { return s.Options["encryption-key"] }

// mountpoint is the path that must be mounted for the storage to be online, as
// is_mountpoint says: yes means the storage's own path, a path means that one.
func (s *storage) mountpoint() string {
	switch is := s.Options["is_mountpoint"]; strings.ToLower(is) {
	case "", "0", "no", "off", "false":
		return ""
	case "1", "yes", "on", "true":
		return s.path()
	default:
		return is
	}
}

// storageConfig looks an entry up.
func (b *Box) storageConfig(id string) (*storage, error) {
	if id == "" {
		return nil, failf("no storage ID specified")
	}
	s := b.machine.Storages[id]
	if s == nil {
		return nil, failf("storage '%s' does not exist", id)
	}
	return s, nil
}

// enabledStorage looks up an entry that can be used on this node.
func (b *Box) enabledStorage(id string) (*storage, error) {
	s, err := b.storageConfig(id)
	if err != nil {
		return nil, err
	}
	if s.disabled() {
		return nil, failf("storage '%s' is disabled", id)
	}
	if !s.onNode(b.name) {
		return nil, failf("storage '%s' is not available on node '%s'", id, b.name)
	}
	return s, nil
}

// activate makes sure that a storage can be read and written now.
func (b *Box) activate(s *storage) error {
	if _, err := b.enabledStorage(s.ID); err != nil {
		return err
	}
	switch s.Type {
	case "dir":
		return b.activateDir(s)
	case "pbs":
		_, err := b.openVault(s)
		return err
	}
	if s.Offline {
		return failf("storage '%s' is not online", s.ID)
	}
	return nil
}

func (b *Box) activateDir(s *storage) error {
	if mp := s.mountpoint(); mp != "" && (s.Offline || !b.mounted(mp)) {
		return failf("unable to activate storage '%s' - directory is expected to be a mount point but is not mounted: '%s'", s.ID, mp)
	}
	if s.Offline {
		return failf("unable to activate storage '%s' - directory '%s' does not exist or is unreachable", s.ID, s.path())
	}
	return nil
}

// mounted tells whether a disk's file system is mounted at a path.
func (b *Box) mounted(path string) bool {
	if path == "/" {
		return true
	}
	return slices.ContainsFunc(b.machine.Disks, func(d HostDisk) bool { return d.Mount == path && !d.Dead })
}

// storageIDs are the entries in the order of the configuration file.
func (b *Box) storageIDs() []string { return slices.Sorted(maps.Keys(b.machine.Storages)) }

// room is the space of a storage in bytes.
type room struct{ Total, Used, Avail int64 }

// What a fresh installation takes of the root file system, and what a file system
// keeps for root.
const (
	systemUsed  = 4135 << 20
	reservedOne = 20 // one part in 20
)

// space counts what is free on an active storage.
func (b *Box) space(s *storage) (room, error) {
	switch s.Type {
	case "pbs":
		session, err := b.openVault(s)
		if err != nil {
			return room{}, err
		}
		st, err := session.Status()
		if err != nil {
			return room{}, vaultError(err)
		}
		return room{Total: st.Total, Used: st.Used, Avail: st.Avail}, nil
	case "lvmthin":
		total := b.thinPool()
		used := b.usedOn(func(o *storage) bool { return o.ID == s.ID }) + b.machine.Faults.Filled[s.ID]
		return room{Total: total, Used: min(used, total), Avail: max(0, total-used)}, nil
	}
	return b.fileSystem(s.path(), b.machine.Faults.Filled[s.ID]), nil
}

// fileSystem counts the file system that carries a path: that of a mounted disk, or
// the root.
func (b *Box) fileSystem(path string, filled int64) room {
	total, used := b.rootSize(), int64(systemUsed)
	mount := b.mountOf(path)
	if mount != "/" {
		for _, d := range b.machine.Disks {
			if d.Mount == mount {
				total, used = d.Size*98/100, 28<<20
			}
		}
	}
	used += filled + b.usedOn(func(o *storage) bool { return o.Type == "dir" && b.mountOf(o.path()) == mount })
	avail := total - used
	if mount == "/" {
		avail -= total / reservedOne
	}
	return room{Total: total, Used: min(used, total), Avail: max(0, avail)}
}

// mountOf is the mount point that carries a path.
func (b *Box) mountOf(path string) string {
	best := "/"
	for _, d := range b.machine.Disks {
		if d.Mount != "" && !d.Dead && (path == d.Mount || strings.HasPrefix(path, d.Mount+"/")) && len(d.Mount) > len(best) {
			best = d.Mount
		}
	}
	return best
}

// rootSize and thinPool are what the installer makes of the system disk.
func (b *Box) rootSize() int64 {
	if len(b.machine.Disks) == 0 {
		return 0
	}
	return min(96<<30, b.machine.Disks[0].Size/4) * 98 / 100
}

func (b *Box) thinPool() int64 {
	if len(b.machine.Disks) == 0 {
		return 0
	}
	size := b.machine.Disks[0].Size
	return size - min(96<<30, size/4) - 8<<30 - 17<<30 // root, swap, and what the installer leaves free
}

// usedOn sums what the volumes of some storages take.
func (b *Box) usedOn(in func(*storage) bool) (used int64) {
	for _, v := range b.machine.Volumes {
		if s := b.machine.Storages[v.Storage]; s != nil && in(s) {
			used += v.taken()
		}
	}
	return used
}

// makeRoom refuses to write more than there is.
func (b *Box) makeRoom(s *storage, bytes int64) error {
	r, err := b.space(s)
	if err != nil {
		return err
	}
	if bytes > r.Avail {
		if s.Type == "lvmthin" {
			return failf("lvcreate 'pve/data' error:   Free space in pool pve/data reached threshold.")
		}
		return failf("No space left on device")
	}
	return nil
}
