package pve

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// checkArchive refuses an archive that the caller may not read, or parameters that
// do not go with one.
func (c *call) checkArchive(vmid int, volid string, config map[string]string) error {
	for _, key := range driveKeys(config) {
		return badParam(key, "option conflicts with option 'archive'")
	}
	if volid == "-" {
		return failf("pipe requires cli environment")
	}
	return c.mayUse(vmid, volid, "backup")
}

// restoreVM starts a restore: the VM is there, locked, before the task begins.
func (c *call) restoreVM(vmid int, pool string, config map[string]string) (any, error) {
	b := c.box
	v := b.machine.VMs[vmid]
	if v != nil && !c.p.Bool("force") {
		return nil, failf("unable to restore VM %d - VM %d already exists on node '%s'", vmid, vmid, b.name)
	}
	w := &restoreWork{
		VMID: vmid, Archive: c.p.Str("archive"), Config: config, Pool: pool, Storage: c.p.Str("storage"), Who: c.auth,
		Unique: c.p.Bool("unique"), Start: c.p.Bool("start"), Live: c.p.Bool("live-restore"), Limit: c.p.Int("bwlimit"),
	}
	if v != nil {
		if err := v.unlocked(); err != nil {
			return nil, prefixed(fmt.Sprintf("unable to restore VM %d - ", vmid), err)
		}
		w.Over = true
		v.Lock = "create"
	} else {
		b.machine.VMs[vmid] = &vm{ID: vmid, Config: map[string]string{}, Lock: "create"}
	}
	return b.startTask(c.now, "qmrestore", fmt.Sprint(vmid), c.auth.ID(), w), nil
}

// restoreWork makes a VM from a backup.
type restoreWork struct {
	VMID    int               `json:"vmid"`
	Archive string            `json:"archive"`
	Config  map[string]string `json:"config,omitempty"` // what overrides the backup's
	Pool    string            `json:"pool,omitempty"`
	Storage string            `json:"storage,omitempty"`
	Who     identity          `json:"who"`
	Unique  bool              `json:"unique,omitempty"`
	Start   bool              `json:"start,omitempty"`
	Live    bool              `json:"live,omitempty"`
	Limit   int64             `json:"limit,omitempty"` // KiB/s, 0: none
	Over    bool              `json:"over,omitempty"`  // overwrites a VM that is there

	Image *archive.Image    `json:"image,omitempty"` // read at the start
	Made  []string          `json:"made,omitempty"`
	Next  map[string]string `json:"next,omitempty"` // the configuration that comes out
	Stage int               `json:"stage,omitempty"`
}

func (w *restoreWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	wait, err := w.next(b, t, now)
	if err == nil {
		return wait, nil
	}
	w.clean(b, t, now)
	t.say(now, "error before or during data restore, some or all disks were not completely restored. VM %d state is NOT cleaned up.", w.VMID)
	return 0, err
}

func (w *restoreWork) next(b *Box, t *task, now time.Time) (time.Duration, error) {
	switch w.Stage {
	case 0:
		return w.begin(b, t, now)
	case 1:
		return w.fill(b, t, now)
	}
	b.machine.VMs[w.VMID].Lock = "" // the end of a live restore
	return 0, nil
}

// begin checks everything, makes the disks and starts the transfer.
func (w *restoreWork) begin(b *Box, t *task, now time.Time) (time.Duration, error) {
	if wait, err := b.lockConfig(t, w.VMID, now); wait > 0 || err != nil {
		return wait, err
	}
	emsg := fmt.Sprintf("unable to restore VM %d -", w.VMID)
	v := b.machine.VMs[w.VMID]
	if err := v.unprotected(emsg); err != nil {
		return 0, err
	}
	if v.running() {
		return 0, failf("%s vm is running", emsg)
	}
	id, _, _ := parseVolid(w.Archive)
	s, err := b.storageConfig(id)
	if err != nil {
		return 0, err
	}
	if w.Live && s.Type != "pbs" {
		return 0, failf("live-restore is only compatible with backup images from a Proxmox Backup Server")
	}
	image, err := b.readBackup(w.Archive)
	if err != nil {
		return 0, err
	}
	if len(image.Config) == 0 {
		return 0, failf("backup does not look like a qemu-server backup (missing 'qemu-server.conf' file)")
	}
	w.Image = &image
	w.Next = maps.Clone(image.Config)
	maps.Copy(w.Next, w.Config)
	if err := b.mayUseBridges(w.Who, w.Next); err != nil {
		return 0, err
	}
	if err := w.allocate(b, t, now); err != nil {
		return 0, err
	}
	w.Stage = 1
	return w.plan(b, t, now, s), nil
}

// allocate makes the disks, on the storage that was asked for or where they were.
func (w *restoreWork) allocate(b *Box, t *task, now time.Time) error {
	if w.Over {
		b.dropDisks(b.machine.VMs[w.VMID])
	}
	for _, key := range diskKeys(w.Image.Config) {
		disk, ok := w.Image.Disks[key]
		if !ok {
			delete(w.Next, key) // was excluded from the backup
			continue
		}
		d := parseDrive(w.Image.Config[key])
		id := w.Storage
		if id == "" {
			id, _, _ = parseVolid(d.file())
			if b.machine.Storages[id] == nil {
				id = "local-lvm"
			}
		}
		s, err := b.storageConfig(id)
		if err != nil {
			return err
		}
		if err := b.need(t.User, "/storage/"+id, "Datastore.AllocateSpace"); err != nil {
			return err
		}
		vol, err := b.allocate(s, w.VMID, "", disk.Size, now)
		if err != nil {
			return err
		}
		w.Made = append(w.Made, vol.volid())
		d.set("file", vol.volid())
		d.set("size", sizeText(disk.Size))
		w.Next[key] = d.String()
		t.say(now, "  Logical volume \"%s\" created.", vol.Name)
		t.say(now, "new volume ID is '%s'", vol.volid())
	}
	return nil
}

// dropDisks removes the disks of a VM that is overwritten.
func (b *Box) dropDisks(v *vm) {
	for volid := range v.usedVolumes() {
		if vol := b.machine.Volumes[volid]; vol != nil && vol.Content == "images" && vol.VMID == v.ID {
			delete(b.machine.Volumes, volid)
		}
	}
	v.Snapshots, v.Parent, v.Pending, v.Deletes = nil, "", nil, nil
}

// plan logs the way and tells how long it takes. A live restore runs the VM at once.
func (w *restoreWork) plan(b *Box, t *task, now time.Time, s *storage) time.Duration {
	used, total := w.Image.Used(), w.Image.Size()
	took := moving(restoreRate, used) + moving(2<<30, total-used) + 2*time.Second
	if w.Limit > 0 {
		took = max(took, moving(w.Limit<<10, used))
	}
	took = took.Round(time.Second)
	verb := "restore image complete"
	if s.Type == "pbs" {
		t.say(now, "restore proxmox backup image: /usr/bin/pbs-restore --repository %s@%s:%s %s", s.Options["username"], s.Options["server"], s.Options["datastore"], strings.TrimPrefix(w.Archive, s.ID+":backup/"))
		t.say(now, "connecting to repository '%s@%s:%s'", s.Options["username"], s.Options["server"], s.Options["datastore"])
	} else {
		t.say(now, "restore vma archive: zstd -q -d -c %s | vma extract -v -r /var/tmp/vzdumptmp.fifo - /var/tmp/vzdumptmp", strings.TrimPrefix(w.Archive, s.ID+":"))
	}
	if w.Live {
		return 2 * time.Second
	}
	for percent := int64(10); percent <= 100; percent += 10 {
		after := took * time.Duration(percent) / 100
		t.say(now.Add(after), "progress %d%% (read %d bytes, zeroes = %d%% (%d bytes), duration %d sec)", percent, total*percent/100, (total-used)*100/max(1, total), (total-used)*percent/100, int64(after.Seconds()))
	}
	t.say(now.Add(took), "%s (bytes=%d, duration=%.2fs, speed=%.2fMB/s)", verb, total, took.Seconds(), float64(total)/took.Seconds()/(1<<20))
	return took
}

// fill puts the content on the disks and the configuration in its place.
func (w *restoreWork) fill(b *Box, t *task, now time.Time) (time.Duration, error) {
	v := b.machine.VMs[w.VMID]
	for _, key := range diskKeys(w.Next) {
		vol := b.machine.Volumes[parseDrive(w.Next[key]).file()]
		disk, ok := w.Image.Disks[key]
		if vol == nil || !ok {
			continue
		}
		s, err := b.storageConfig(vol.Storage)
		if err != nil {
			return 0, err
		}
		if err := b.activate(s); err != nil {
			return 0, err
		}
		if err := b.makeRoom(s, disk.Blocks.Used()); err != nil {
			return 0, err
		}
		vol.Disk = &disk
	}
	if w.Unique {
		w.unique(b)
	}
	v.Config, v.Pending, v.Deletes = w.Next, nil, nil
	if w.Unique {
		v.Config["vmgenid"] = b.newUUID()
	}
	v.Lock = ""
	if w.Pool != "" {
		b.addToPool(w.Pool, w.VMID)
	}
	if tags := w.Config["tags"]; tags != "" {
		v.Config["tags"] = uniqueTags(tags)
	}
	v.release(t)
	switch {
	case w.Live:
		if err := b.boot(v, now, false); err != nil {
			return 0, err
		}
		v.Lock, w.Stage = "create", 2
		t.say(now, "restore-drive jobs finished successfully, removing all tracking block devices to disconnect from Proxmox Backup Server")
		return moving(restoreRate, w.Image.Used()).Round(time.Second) + time.Second, nil
	case w.Start:
		t.say(now, "Execute autostart")
		b.startTask(now, "qmstart", fmt.Sprint(w.VMID), t.User, &startWork{VMID: w.VMID})
	}
	return 0, nil
}

// unique gives the network cards new addresses.
func (w *restoreWork) unique(b *Box) {
	for _, key := range slices.Sorted(maps.Keys(w.Next)) {
		if !isNumbered(key, "net") || w.Config[key] != "" {
			continue
		}
		net := parseProps(w.Next[key], "model")
		model, _ := modelOf(net)
		out := props{def: "model", pairs: []pair{{"model", model}}}
		for _, p := range net.pairs {
			if p.key != "model" && p.key != "macaddr" && !nicModels[p.key] {
				out.pairs = append(out.pairs, p)
			}
		}
		w.Next[key] = b.withMAC(out.String())
	}
	if w.Config["smbios1"] == "" && w.Next["smbios1"] != "" {
		smbios := parseProps(w.Next["smbios1"], "uuid")
		smbios.set("uuid", b.newUUID())
		smbios.def = ""
		w.Next["smbios1"] = smbios.String()
	}
}

// clean removes the disks of a restore that failed. The VM stays, empty and without
// its lock, as on the real system.
func (w *restoreWork) clean(b *Box, _ *task, now time.Time) {
	v := b.machine.VMs[w.VMID]
	if v == nil || w.Stage == 2 {
		return
	}
	for _, volid := range w.Made {
		delete(b.machine.Volumes, volid)
	}
	v.Lock = ""
	if !w.Over || len(w.Made) > 0 {
		v.Config = map[string]string{"memory": "128"}
	}
}
