package pve

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

var _ = handle("POST /nodes/{node}/qemu", createVM)

// notConfig are parameters of the create call that are no keys of a configuration.
var notConfig = []string{
	"node", "vmid", "archive", "storage", "force", "unique", "live-restore", "pool", "bwlimit", "start", "ha-managed", "import-working-storage",
}

// createVM makes a VM, or restores one from an archive: the real system has one
// method for both.
func createVM(c *call) (any, error) {
	b, vmid, pool := c.box, int(c.p.Int("vmid")), c.p.Str("pool")
	config := c.p.All()
	for _, key := range notConfig {
		delete(config, key)
	}
	archived := c.p.Str("archive")
	if pool != "" && b.machine.Pools[pool] == nil {
		return nil, failf("pool '%s' does not exist", pool)
	}
	if storage := c.p.Str("storage"); storage != "" {
		if err := c.require("/storage/"+storage, "Datastore.AllocateSpace"); err != nil {
			return nil, err
		}
	}
	if c.p.Bool("ha-managed") {
		return nil, &failure{Status: 501, Reason: "ha-managed is not simulated"}
	}
	if c.p.Bool("start") && b.version >= "9" {
		if err := b.needVM(c.auth.ID(), vmid, pool, "VM.PowerMgmt"); err != nil {
			return nil, err
		}
	}
	if err := c.mayCreate(vmid, pool, archived); err != nil {
		return nil, err
	}
	if archived != "" {
		if err := c.checkArchive(vmid, archived, config); err != nil {
			return nil, err
		}
	}
	if len(config) > 0 {
		if err := c.checkNewConfig(vmid, pool, config); err != nil {
			return nil, err
		}
	}
	if archived != "" {
		return c.restoreVM(vmid, pool, config)
	}
	if b.machine.VMs[vmid] != nil {
		return nil, failf("unable to create VM %d - VM %d already exists on node '%s'", vmid, vmid, b.name)
	}
	b.machine.VMs[vmid] = &vm{ID: vmid, Config: map[string]string{}, Lock: "create"}
	w := &createWork{
		VMID: vmid, Config: config, Pool: pool, Storage: c.p.Str("storage"), Start: c.p.Bool("start"),
		Live: c.p.Bool("live-restore"),
	}
	return b.startTask(c.now, "qmcreate", fmt.Sprint(vmid), c.auth.ID(), w), nil
}

// mayCreate: VM.Allocate on the VM or its pool; VM.Backup is enough to restore over
// a VM that is there.
func (c *call) mayCreate(vmid int, pool, archived string) error {
	switch {
	case c.can(vmPath(vmid), "VM.Allocate"):
	case pool != "" && c.can("/pool/"+pool, "VM.Allocate"):
	case archived != "" && c.p.Bool("force") && c.box.machine.VMs[vmid] != nil && c.can(vmPath(vmid), "VM.Backup"):
	default:
		return permissionDenied("")
	}
	return nil
}

// checkNewConfig checks rights and values of a configuration that comes with a
// create or restore, and completes it.
func (c *call) checkNewConfig(vmid int, pool string, config map[string]string) error {
	resolveCdrom(config)
	if err := c.mayUseStorages(vmid, config, c.p.Str("storage")); err != nil {
		return err
	}
	if err := c.mayConfigure(vmid, pool, slices.Collect(maps.Keys(config))); err != nil {
		return err
	}
	if err := c.mayUseDevices(vmid, pool, config); err != nil {
		return err
	}
	if err := c.mayUseBridges(config); err != nil {
		return err
	}
	if err := c.box.checkDrives(config); err != nil {
		return err
	}
	for key, text := range config {
		if isNumbered(key, "net") {
			config[key] = c.box.withMAC(text)
		}
	}
	return nil
}

// resolveCdrom turns the alias cdrom into ide2.
func resolveCdrom(config map[string]string) {
	if value, ok := config["cdrom"]; ok {
		if !strings.Contains(value, "media=") {
			value += ",media=cdrom"
		}
		config["ide2"] = value
		delete(config, "cdrom")
	}
}

// createWork makes disks and configuration of a new VM.
type createWork struct {
	VMID    int               `json:"vmid"`
	Config  map[string]string `json:"config"`
	Pool    string            `json:"pool,omitempty"`
	Storage string            `json:"storage,omitempty"`
	Start   bool              `json:"start,omitempty"`
	Live    bool              `json:"live,omitempty"`
	// Todo are the drives still to be made, Made the volumes that were.
	Todo  []string `json:"todo,omitempty"`
	Made  []string `json:"made,omitempty"`
	Begun bool     `json:"begun,omitempty"`
	// Copying is the drive whose content is on its way.
	Copying string `json:"copying,omitempty"`
}

func (w *createWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	wait, err := w.next(b, t, now)
	if err != nil {
		w.clean(b, t, now)
		return 0, failf("unable to create VM %d - %s", w.VMID, exitText(err))
	}
	return wait, nil
}

func (w *createWork) next(b *Box, t *task, now time.Time) (time.Duration, error) {
	if !w.Begun {
		if wait, err := b.lockConfig(t, w.VMID, now); wait > 0 || err != nil {
			return wait, err
		}
		w.Begun, w.Todo = true, driveKeys(w.Config)
	}
	if w.Copying != "" {
		if err := w.finishImport(b, t, now); err != nil {
			return 0, err
		}
	}
	for len(w.Todo) > 0 {
		key := w.Todo[0]
		w.Todo = w.Todo[1:]
		volid, wait, err := b.makeDrive(t, now, w.VMID, key, w.Config, w.Storage)
		if volid != "" {
			w.Made = append(w.Made, volid)
		}
		if err != nil {
			return 0, err
		}
		if wait > 0 {
			w.Copying = key
			return wait, nil
		}
	}
	return 0, w.finish(b, t, now)
}

// finish writes the configuration.
func (w *createWork) finish(b *Box, t *task, now time.Time) error {
	v := b.machine.VMs[w.VMID]
	if w.Config["tags"] != "" {
		if err := b.need(t.User, vmPath(w.VMID), "VM.Config.Options"); err != nil {
			return err
		}
		w.Config["tags"] = uniqueTags(w.Config["tags"])
	}
	v.Config, v.Lock = w.Config, ""
	b.completeConfig(v, now)
	if w.Pool != "" {
		b.addToPool(w.Pool, w.VMID)
	}
	v.release(t)
	if w.Start {
		t.say(now, "Execute autostart")
		b.startTask(now, "qmstart", fmt.Sprint(w.VMID), t.User, &startWork{VMID: w.VMID})
	}
	return nil
}

// completeConfig adds what the real system adds to a new configuration.
func (b *Box) completeConfig(v *vm, now time.Time) {
	if v.Config["boot"] == "" {
		if order := defaultBoot(v.Config); order != "" {
			v.Config["boot"] = order
		}
	}
	if v.Config["smbios1"] == "" {
		v.Config["smbios1"] = "uuid=" + b.newUUID()
	}
	if id := v.Config["vmgenid"]; id == "" || id == "1" {
		v.Config["vmgenid"] = b.newUUID()
	}
	v.Config["meta"] = fmt.Sprintf("creation-qemu=%s,ctime=%d", b.qemuVersion(), b.clock(now).Unix())
}

func (b *Box) qemuVersion() string {
	if b.version >= "9" {
		return "11.0.2"
	}
	return "9.2.0"
}

// uniqueTags sorts tags and drops doubles.
func uniqueTags(text string) string {
	tags := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ';' || r == ',' || r == ' ' })
	slices.Sort(tags)
	return strings.Join(slices.Compact(tags), ";")
}

// finishImport puts the content of an import there.
func (w *createWork) finishImport(b *Box, t *task, now time.Time) error {
	key := w.Copying
	w.Copying = ""
	return b.finishDrive(t, now, key, w.Config)
}

// clean removes what a failed creation has made; the VM is gone as well.
func (w *createWork) clean(b *Box, _ *task, _ time.Time) {
	for _, volid := range w.Made {
		delete(b.machine.Volumes, volid)
	}
	delete(b.machine.VMs, w.VMID)
}
