package pve

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var (
	_ = handle("GET /nodes/{node}/disks", func(*call) (any, error) {
		return subdirs("name", "directory", "initgpt", "list", "lvm", "lvmthin", "smart", "wipedisk", "zfs"), nil
	})
	_ = handle("GET /nodes/{node}/disks/list", listDisks)
	_ = handle("GET /nodes/{node}/disks/smart", diskSMART)
	_ = handle("GET /nodes/{node}/disks/directory", listDirectories)
	_ = handle("POST /nodes/{node}/disks/directory", makeDirectory)
	_ = handle("PUT /nodes/{node}/disks/wipedisk", wipeDisk)
)

// disk finds a disk that answers by its device path.
func (b *Box) disk(path string) (*HostDisk, error) {
	for i := range b.machine.Disks {
		if d := &b.machine.Disks[i]; d.DevPath == path && !d.Dead {
			return d, nil
		}
	}
	return nil, failf("not a valid local disk")
}

// answer is a disk as the list shows it; used is absent while nothing stands on it,
// and mounted is told of partitions only.
func (d HostDisk) answer() map[string]any {
	out := map[string]any{
		"devpath": d.DevPath, "type": d.Type, "size": d.Size, "serial": d.Serial, "model": d.Model, "vendor": d.Vendor, "wwn": d.WWN,
		"rpm": d.RPM, "health": d.Health, "gpt": bit(d.Used != ""), "osdid": -1, "osdid-list": nil,
		"by_id_link": "/dev/disk/by-id/ata-" + d.Model + "_" + d.Serial, "wearout": "N/A",
	}
	if d.Wearout >= 0 {
		out["wearout"] = d.Wearout
	}
	if d.Used != "" {
		out["used"] = d.Used
	}
	return out
}

func listDisks(c *call) (any, error) {
	list := []any{}
	for _, d := range c.box.machine.Disks {
		if d.Dead || c.p.Str("type") == "unused" && d.Used != "" || c.p.Str("type") == "journal_disks" {
			continue
		}
		out := d.answer()
		if c.p.Bool("skipsmart") {
			out["health"], out["wearout"] = "UNKNOWN", "N/A"
		}
		list = append(list, out)
		if c.p.Bool("include-partitions") && d.Used != "" {
			out["used"] = "partitions"
			list = append(list, d.partitions()...)
		}
	}
	return list, nil
}

// partitions are those of the system disk as the installer makes them, or the one
// partition of any other used disk.
func (d HostDisk) partitions() []any {
	part := func(n int, size int64, used string) any {
		out := map[string]any{
			"devpath": fmt.Sprintf("%s%d", d.DevPath, n), "parent": d.DevPath, "size": size, "type": "partition", "gpt": 1, "osdid": -1, "osdid-list": nil,
		}
		if used != "" {
			out["used"] = used
		}
		if d.Mount != "" {
			out["mounted"] = 1
		}
		return out
	}
	if d.Used == "BIOS boot" {
		return []any{part(1, 1007<<10, "BIOS boot"), part(2, 1<<30, "EFI"), part(3, d.Size-2<<30, "LVM")}
	}
	return []any{part(1, d.Size-1<<20, strings.TrimSuffix(d.Used, "partitions"))}
}

func diskSMART(c *call) (any, error) {
	d, err := c.box.disk(strings.TrimRight(c.p.Str("disk"), "0123456789"))
	if err != nil {
		return nil, err
	}
	out := map[string]any{"health": d.Health, "type": "ata"}
	if c.p.Bool("healthonly") {
		return out, nil
	}
	hours := d.PowerOnHours + int64(c.now.Sub(c.box.machine.Booted).Hours())
	attribute := func(id int, name string, value, worst, threshold int, raw string) any {
		return map[string]any{
			"id": fmt.Sprintf("%3d", id), "name": name, "flags": "-O--CK", "value": value, "worst": worst,
			"threshold": threshold, "fail": "-", "raw": raw, "normalized": value,
		}
	}
	list := []any{
		attribute(5, "Reallocated_Sector_Ct", 100, 100, 10, "0"),
		attribute(9, "Power_On_Hours", 97, 97, 0, fmt.Sprint(hours)),
		attribute(12, "Power_Cycle_Count", 99, 99, 0, "412"),
	}
	if d.Wearout >= 0 {
		list = append(list, attribute(177, "Wear_Leveling_Count", int(d.Wearout), int(d.Wearout), 0, fmt.Sprint((100-d.Wearout)*6)))
	} else {
		list = append(list, attribute(197, "Current_Pending_Sector", 200, 200, 0, "0"))
	}
	list = append(list, attribute(194, "Temperature_Celsius", 66, 52, 0, "34"))
	out["attributes"] = list
	return out, nil
}

func listDirectories(c *call) (any, error) {
	list := []any{}
	for _, d := range c.box.machine.Disks {
		if strings.HasPrefix(d.Mount, "/mnt/pve/") {
			name := strings.TrimPrefix(d.Mount, "/mnt/pve/")
			list = append(list, map[string]any{
				"path": d.Mount, "device": "/dev/disk/by-uuid/" + uuidOf(d.Serial), "type": d.Used, "options": "defaults",
				"unitfile": "/etc/systemd/system/mnt-pve-" + strings.ReplaceAll(name, "-", `\x2d`) + ".mount",
			})
		}
	}
	return list, nil
}

// uuidOf is the file system's UUID, the same for the same disk.
func uuidOf(serial string) string {
	b := &Box{}
	n := b.seedOf(serial)
	return fmt.Sprintf("%08x-%04x-4%03x-9%03x-%012x", n>>32, n>>16&0xffff, n&0xfff, n>>8&0xfff, n&0xffffffffffff)
}

// makeDirectory puts a file system on a disk that is unused and mounts it.
func makeDirectory(c *call) (any, error) {
	b, name, device := c.box, c.p.Str("name"), c.p.Str("device")
	if c.p.Bool("add_storage") {
		if err := c.require("/storage", "Datastore.Allocate"); err != nil {
			return nil, err
		}
		if b.machine.Storages[name] != nil {
			return nil, failf("Storage ID '%s' already exists on node %s", name, b.name)
		}
	}
	d, err := b.disk(device)
	if err != nil {
		return nil, err
	}
	if d.Used != "" {
		return nil, failf("device '%s' is already in use", device)
	}
	if b.mounted("/mnt/pve/" + name) {
		return nil, failf("a systemd mount unit already exists: /etc/systemd/system/mnt-pve-%s.mount", name)
	}
	w := &directoryWork{Device: device, Name: name, Type: c.p.StrOr("filesystem", "ext4"), Add: c.p.Bool("add_storage")}
	return b.startTask(c.now, "dircreate", name, c.auth.ID(), w), nil
}

// directoryWork formats and mounts a disk.
type directoryWork struct {
	Device string `json:"device"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Add    bool   `json:"add,omitempty"`
	Begun  bool   `json:"begun,omitempty"`
}

func (w *directoryWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	d, err := b.disk(w.Device)
	if err != nil {
		return 0, err
	}
	if d.Used != "" {
		return 0, failf("device '%s' is already in use", w.Device)
	}
	path := "/mnt/pve/" + w.Name
	if !w.Begun {
		w.Begun = true
		t.say(now, "# /sbin/sgdisk -n1 -t1:8300 %s", w.Device)
		t.say(now, "The operation has completed successfully.")
		t.say(now, "# /sbin/mkfs -t %s %s1", w.Type, w.Device)
		t.say(now, "mke2fs 1.47.2 (1-Jan-2025)")
		return 6*time.Second + moving(200<<30, d.Size), nil
	}
	d.Used, d.Mount = w.Type, path
	t.say(now, "# /sbin/blkid %s1 -o export", w.Device)
	t.say(now, "Created symlink '/etc/systemd/system/multi-user.target.wants/mnt-pve-%s.mount' → '/etc/systemd/system/mnt-pve-%s.mount'.", w.Name, w.Name)
	if w.Add {
		b.machine.Storages[w.Name] = &storage{ID: w.Name, Type: "dir", Options: map[string]string{
			"path": path, "content": "rootdir,images,iso,backup,snippets,vztmpl", "is_mountpoint": "1", "nodes": b.name,
		}}
	}
	return 0, nil
}

// wipeDisk takes everything off a disk. Only root's password login may; the API
// description says so by giving no permission at all.
func wipeDisk(c *call) (any, error) {
	if !c.auth.rootPassword() {
		return nil, permissionDenied("user != root@pam")
	}
	b, device := c.box, c.p.Str("disk")
	d, err := b.disk(device)
	if err != nil {
		return nil, err
	}
	if d.Mount != "" || d.Used == "BIOS boot" || slices.Index(b.machine.Disks, *d) == 0 {
		return nil, failf("disk/partition '%s' has a holder", device)
	}
	return b.startTask(c.now, "wipedisk", strings.TrimPrefix(device, "/dev/"), c.auth.ID(), &wipeWork{Device: device}), nil
}

// wipeWork wipes a disk.
type wipeWork struct {
	Device string `json:"device"`
	Begun  bool   `json:"begun,omitempty"`
}

func (w *wipeWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	d, err := b.disk(w.Device)
	if err != nil {
		return 0, err
	}
	if !w.Begun {
		w.Begun = true
		t.say(now, "# /usr/sbin/wipefs --all %s", w.Device)
		return 4 * time.Second, nil
	}
	d.Used = ""
	t.say(now, "# /usr/bin/dd if=/dev/zero of=%s bs=1M conv=fdatasync count=200", w.Device)
	t.say(now, "200+0 records in")
	t.say(now, "successfully wiped disk %s", w.Device)
	return 0, nil
}
