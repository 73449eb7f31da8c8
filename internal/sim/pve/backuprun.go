package pve

import (
	"fmt"
	"maps"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// transfer takes the content as of now and plans how long its way takes. What the
// guest writes meanwhile does not matter to it.
func (d *dump) transfer(b *Box, t *task, w *backupWork, s *storage, v *vm, now time.Time) (time.Duration, error) {
	if s.Type == "pbs" {
		t.say(now, "INFO: creating Proxmox Backup Server archive '%s'", d.ref())
		if s.Options["encryption-key"] != "" && s.Key == "" {
			return 0, failf("encryption configured ('%s') but no encryption key file found!", s.Options["encryption-key"])
		}
	} else {
		t.say(now, "INFO: creating vzdump archive '%s/dump/%s'", s.path(), d.file(b, w.Options))
	}
	if err := d.process(b, t, w, v, now); err != nil {
		return 0, err
	}
	if s.Type == "pbs" && s.Key != "" {
		t.say(now, "INFO: enabling encryption")
	}
	frozen := d.freeze(b, t, w, v, now)
	if v.live() {
		b.flush(v, now)
	}
	d.Image = b.imageOf(v)
	d.Started, d.Copying = v.Started, true
	if s.Type == "pbs" {
		t.say(now, "INFO: starting backup via QMP command")
	}
	if frozen {
		t.say(now, "INFO: issuing guest-agent 'fs-thaw' command")
		if _, err := v.Guest.Thaw(now); err != nil {
			t.say(now, "ERROR: %s", err)
		}
	}
	t.say(now, "INFO: started backup task '%s'", b.newUUID())
	if d.Was && !d.Resume {
		d.resumeGuest(b, t, v, now)
	}
	if s.Type == "pbs" {
		return d.toVault(b, t, w, s, v, now)
	}
	return d.toFile(b, t, w, s, now)
}

// process makes sure that there is a QEMU process to read from, and its helpers.
func (d *dump) process(b *Box, t *task, w *backupWork, v *vm, now time.Time) error {
	if !v.running() {
		t.say(now, "INFO: starting kvm to execute backup task")
		if err := b.boot(v, now, true); err != nil {
			return err
		}
		d.Own = true
	}
	fleecing := parseProps(w.Options["fleecing"], "enabled")
	if !fleecing.truth("enabled") {
		return nil
	}
	fs, err := b.storageConfig(fleecing.get("storage"))
	if err != nil {
		return err
	}
	for n, key := range diskKeys(v.Config) {
		vol := b.machine.Volumes[parseDrive(v.Config[key]).file()]
		if vol == nil {
			continue
		}
		if err := b.activate(fs); err != nil {
			return err
		}
		fleece := &volume{Storage: fs.ID, Name: fmt.Sprintf("vm-%d-fleece-%d", v.ID, n), Content: "images", Format: "raw", VMID: v.ID, Size: vol.Size, Made: now, Disk: &archive.Disk{Size: vol.Size}}
		if fs.Type == "dir" {
			fleece.Name, fleece.Format = fmt.Sprintf("%d/%s.qcow2", v.ID, fleece.Name), "qcow2"
		}
		b.putVolume(fleece)
		d.Fleece = append(d.Fleece, fleece.volid())
		t.say(now, "INFO: drive-%s: attaching fleecing image %s to QEMU", key, fleece.volid())
	}
	return nil
}

// freeze asks the guest to bring its file systems into order; it never fails the
// backup.
func (d *dump) freeze(b *Box, t *task, w *backupWork, v *vm, now time.Time) bool {
	if w.mode(d.Was) == "stop" || !d.Was || v.Paused && !d.Resume {
		return false
	}
	agent := parseProps(v.Config["agent"], "enabled")
	freezes := agent.truth("enabled") && (!agent.has("freeze-fs-on-backup") || agent.truth("freeze-fs-on-backup")) && (!agent.has("freeze-fs") || agent.truth("freeze-fs"))
	switch {
	case b.version < "9" && !agent.truth("enabled"):
		return false
	case !freezes && b.version >= "9":
		t.say(now, "INFO: skipping guest filesystem freeze - disabled in VM options")
		return false
	case !freezes:
		t.say(now, "INFO: skipping guest-agent 'fs-freeze', disabled in VM options")
		return false
	case !b.agentPings(v, now) && b.version >= "9":
		t.say(now, "INFO: skipping guest filesystem freeze - agent configured but not running?")
		return false
	case !v.agentUp():
		t.say(now, "INFO: skipping guest-agent 'fs-freeze', agent configured but not running?")
		return false
	}
	t.say(now, "INFO: issuing guest-agent 'fs-freeze' command")
	if _, err := v.Guest.Freeze(now); err != nil {
		t.say(now, "ERROR: %s", err)
	}
	return true
}

// resumeGuest lets a guest that was stopped for the backup run while it is read.
func (d *dump) resumeGuest(b *Box, t *task, v *vm, now time.Time) {
	if d.Stopped.IsZero() {
		t.say(now, "INFO: resuming VM again")
		return
	}
	t.say(now, "INFO: resuming VM again after %d seconds", int64(now.Sub(d.Stopped).Seconds()))
	if err := b.resume(v, now); err != nil {
		t.say(now, "ERROR: %s", err)
		return
	}
	d.Own = false
}

// imageOf is the VM as a backup holds it: its configuration without pending changes,
// snapshots and unused disks, and its disks but those that are excluded.
func (b *Box) imageOf(v *vm) *archive.Image {
	image := &archive.Image{Config: maps.Clone(v.Config), Disks: map[string]archive.Disk{}}
	for key := range image.Config {
		if isNumbered(key, "unused") {
			delete(image.Config, key)
		}
	}
	for _, key := range diskKeys(v.Config) {
		drive := parseDrive(v.Config[key])
		if vol := b.machine.Volumes[drive.file()]; vol != nil && vol.Disk != nil && (!drive.has("backup") || drive.truth("backup")) {
			image.Disks[key] = *vol.Disk
		}
	}
	return image
}
