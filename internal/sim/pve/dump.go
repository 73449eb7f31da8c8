package pve

import (
	"fmt"
	"strconv"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// dump is the backup of one VM.
type dump struct {
	VMID  int       `json:"vmid"`
	Begun time.Time `json:"begun"`

	Locked  bool           `json:"locked,omitempty"`  // the VM's configuration
	Stopped time.Time      `json:"stopped,omitzero"`  // since when a guest is down for it
	Was     bool           `json:"was,omitempty"`     // the VM ran before
	Started time.Time      `json:"started,omitzero"`  // the process that the backup reads from
	Own     bool           `json:"own,omitempty"`     // that process is the backup's own
	Resume  bool           `json:"resume,omitempty"`  // the guest is paused for it
	Failing string         `json:"failing,omitempty"` // why the transfer will break off
	Read    int64          `json:"read,omitempty"`    // bytes that are read
	Written int64          `json:"written,omitempty"` // bytes that are new on the server
	Size    int64          `json:"size,omitempty"`    // of the archive
	Fleece  []string       `json:"fleece,omitempty"`  // volumes for fleecing
	Copying bool           `json:"copying,omitempty"` // the transfer is on its way
	Image   *archive.Image `json:"image,omitempty"`
}

// target is the name of the archive: a snapshot of a group, or a file.
func (d *dump) ref() archive.Ref {
	return archive.Ref{Type: "vm", ID: strconv.Itoa(d.VMID), Time: d.Begun.UTC().Truncate(time.Second)}
}

// file is the archive's name on a directory storage, in the box's local time.
func (d *dump) file(b *Box, options map[string]string) string {
	ext := map[string]string{"": "", "0": "", "1": ".lzo", "lzo": ".lzo", "gzip": ".gz", "zstd": ".zst"}[options["compress"]]
	return fmt.Sprintf("vzdump-qemu-%d-%s.vma%s", d.VMID, b.clock(d.Begun).In(b.zone()).Format("2006_01_02-15_04_05"), ext)
}

func (d *dump) step(b *Box, t *task, w *backupWork, now time.Time) (time.Duration, error) {
	v := b.machine.VMs[d.VMID]
	if v == nil {
		return 0, failf("unable to find VM '%d'", d.VMID)
	}
	s, err := b.storageConfig(w.Options["storage"])
	if err != nil {
		return 0, err
	}
	if d.Copying {
		return 0, d.complete(b, t, w, s, v, now)
	}
	if !d.Locked {
		if err := d.open(b, t, w, s, v, now); err != nil {
			return 0, err
		}
	}
	if wait, err := d.quiesce(b, t, w, v, now); wait > 0 || err != nil {
		return wait, err
	}
	return d.transfer(b, t, w, s, v, now)
}

// open logs what is to be done and locks the VM.
func (d *dump) open(b *Box, t *task, w *backupWork, s *storage, v *vm, now time.Time) error {
	if err := d.room(b, t, w, s); err != nil {
		return err
	}
	status, _ := v.status()
	t.say(now, "INFO: Starting Backup of VM %d (qemu)", d.VMID)
	t.say(now, "INFO: Backup started at %s", b.clock(now).In(b.zone()).Format("2006-01-02 15:04:05"))
	t.say(now, "INFO: status = %s", status)
	if err := v.unlocked(); err != nil {
		return err
	}
	v.Lock, d.Locked, d.Was = "backup", true, v.running()
	mode := w.mode(d.Was)
	if name := v.Config["name"]; name != "" {
		t.say(now, "INFO: VM Name: %s", name)
	}
	for _, key := range diskKeys(v.Config) {
		drive := parseDrive(v.Config[key])
		if drive.has("backup") && !drive.truth("backup") {
			t.say(now, "INFO: exclude disk '%s' '%s' (backup=no)", key, drive.file())
			continue
		}
		t.say(now, "INFO: include disk '%s' '%s' %s", key, drive.file(), drive.get("size"))
	}
	t.say(now, "INFO: backup mode: %s", mode)
	if limit := w.Options["bwlimit"]; limit != "" && limit != "0" {
		t.say(now, "INFO: bandwidth limit: %s KiB/s", limit)
	}
	ionice := w.Options["ionice"]
	if ionice == "" {
		ionice = "7"
	}
	t.say(now, "INFO: ionice priority: %s", ionice)
	return nil
}

// room refuses one more backup where the retention forbids it and nothing is to be
// removed, and one more protected backup than the storage takes.
func (d *dump) room(b *Box, t *task, w *backupWork, s *storage) error {
	keep := parseKeeping(w.Options["prune-backups"])
	limit := keep.count()
	if w.Options["protected"] == "1" {
		return b.protectedLimit(t.User, s, d.VMID)
	}
	if keep == nil || keep.all() || w.removes() {
		return nil
	}
	items, err := b.list(s, d.VMID, "backup")
	if err != nil {
		return err
	}
	count := 0
	for _, it := range items {
		count += 1 - bit(it.protected)
	}
	if count >= limit {
		return failf("There is a max backup limit of %d enforced by the target storage or the vzdump parameters. Either increase the limit or delete old backups.", limit)
	}
	return nil
}

// quiesce brings the guest into the state in which its disks are read: off, paused,
// or running with its file systems frozen for an instant.
func (d *dump) quiesce(b *Box, t *task, w *backupWork, v *vm, now time.Time) (time.Duration, error) {
	switch mode := w.mode(d.Was); {
	case mode == "stop" && d.Was && d.Stopped.IsZero():
		t.say(now, "INFO: stopping virtual guest")
		d.Stopped = now
		if v.live() {
			v.Guest.Shutdown(now)
		}
		return time.Second, nil
	case mode == "stop" && d.Was && v.running():
		stopwait := 10 * time.Minute
		if text, ok := w.Options["stopwait"]; ok {
			stopwait = time.Duration(atoi(text)) * time.Minute
		}
		if now.Sub(d.Stopped) >= stopwait {
			return 0, failf("command 'qm shutdown %d --skiplock --keepActive --timeout %d' failed: exit code 255", v.ID, int(stopwait.Seconds()))
		}
		return time.Second, nil
	case mode == "suspend" && !v.Paused:
		t.say(now, "INFO: suspending guest")
		b.flush(v, now)
		v.Paused, d.Resume = true, true
	}
	return 0, nil
}

// finish brings the VM back and logs how it went.
func (d *dump) finish(b *Box, t *task, now time.Time, err error) {
	v := b.machine.VMs[d.VMID]
	if v != nil && d.Locked {
		d.restore(b, t, v, now, err != nil)
	}
	for _, volid := range d.Fleece {
		delete(b.machine.Volumes, volid)
	}
	clock := b.clock(now).In(b.zone()).Format("2006-01-02 15:04:05")
	if err != nil {
		t.say(now, "ERROR: Backup of VM %d failed - %s", d.VMID, exitText(err))
		t.say(now, "INFO: Failed at %s", clock)
		return
	}
	t.say(now, "INFO: Finished Backup of VM %d (%s)", d.VMID, taskTook(now.Sub(d.Begun)))
	t.say(now, "INFO: Backup finished at %s", clock)
}

// restore gives the VM back the lock and the state that it had.
func (d *dump) restore(b *Box, t *task, v *vm, now time.Time, failed bool) {
	if v.Lock == "backup" {
		v.Lock = ""
	}
	if v.live() && v.Guest.Frozen() && failed {
		if _, err := v.Guest.Thaw(now); err != nil {
			t.say(now, "ERROR: %s", err)
		}
	}
	if d.Resume && v.Paused {
		t.say(now, "INFO: resume vm")
		if err := b.resume(v, now); err != nil {
			t.say(now, "ERROR: %s", err)
		}
	}
	if d.Own && v.Prelaunch {
		t.say(now, "INFO: stopping kvm after backup task")
		b.halt(v, now)
	}
	if d.Was && !d.Stopped.IsZero() && !v.running() {
		t.say(now, "INFO: restarting vm")
		if err := b.boot(v, now, false); err != nil {
			t.say(now, "ERROR: %s", err)
			return
		}
		t.say(now, "INFO: guest is online again after %d seconds", int64(now.Sub(d.Stopped).Seconds()))
	}
}
