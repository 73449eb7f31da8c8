package pve

import (
	"fmt"
	"maps"
	"strings"
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

// pace is how long a transfer takes, with a limit in KiB a second if there is one.
func pace(took time.Duration, read int64, options map[string]string) time.Duration {
	if limit := int64(atoi(options["bwlimit"])); limit > 0 {
		took = max(took, moving(limit<<10, read))
	}
	return (took + 3*time.Second).Round(time.Second)
}

// progress writes the lines that appear on the way.
func (d *dump) progress(t *task, now time.Time, took time.Duration, total int64, written float64) {
	const steps = 10
	var last time.Duration
	for n := 1; n <= steps; n++ {
		after := (took * time.Duration(n) / steps).Round(time.Second)
		if after-last < 3*time.Second && n < steps {
			continue
		}
		done := total * int64(n) / steps
		rate := float64(total) / max(1, took.Seconds())
		t.say(now.Add(after), "INFO: %3d%% (%s of %s) in %s, read: %s/s, write: %s/s", 100*n/steps, bytesText(done, 1), bytesText(total, 1), shortDuration(after), bytesText(int64(rate), 1), bytesText(int64(rate*written), 1))
		last = after
	}
}

// shortDuration is a duration as the progress lines have it: "1m 40s".
func shortDuration(d time.Duration) string {
	s := int64(d.Seconds())
	if s == 0 {
		return "0s"
	}
	var parts []string
	for _, unit := range []struct {
		name string
		len  int64
	}{{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}} {
		if n := s / unit.len; n > 0 {
			parts = append(parts, fmt.Sprintf("%d%s", n, unit.name))
			s -= n * unit.len
		}
	}
	return strings.Join(parts, " ")
}

// compression is what is left of data after it: figures of office servers.
var compression = map[string]float64{"": 1, "0": 1, "1": 0.62, "lzo": 0.62, "gzip": 0.52, "zstd": 0.54}

// toFile plans the way to an archive file: all of each disk is read, zeros quickly.
func (d *dump) toFile(b *Box, t *task, w *backupWork, s *storage, now time.Time) (time.Duration, error) {
	total, used := d.Image.Size(), d.Image.Used()
	d.Read, d.Size = total, int64(float64(used)*compression[w.Options["compress"]])+12<<10
	took := pace(moving(backupRate, used)+moving(2<<30, total-used), total, w.Options)
	r, err := b.space(s)
	if err != nil {
		return 0, err
	}
	if d.Size > r.Avail {
		part := float64(r.Avail) / float64(d.Size)
		took = max(time.Second, time.Duration(float64(took)*part).Round(time.Second))
		d.Failing = "vma_queue_write: write error - Broken pipe"
		d.progress(t, now, took, int64(float64(total)*part), float64(used)/float64(max(1, total)))
		t.say(now.Add(took), "INFO: zstd: error 70 : Write error : cannot write block : No space left on device")
		return took, nil
	}
	d.progress(t, now, took, total, float64(used)/float64(max(1, total)))
	return took, nil
}

// toVault plans the way to a backup server: dirty bitmaps say what is read, what the
// server has already is not sent again.
func (d *dump) toVault(b *Box, t *task, w *backupWork, s *storage, v *vm, now time.Time) (time.Duration, error) {
	session, err := b.openVault(s)
	if err != nil {
		return 0, failf("VM %d qmp command 'backup' failed - backup connect failed: command error: %s", d.VMID, err)
	}
	newest, before, err := d.previous(session, s)
	if err != nil {
		return 0, failf("VM %d qmp command 'backup' failed - backup connect failed: command error: %s", d.VMID, err)
	}
	target := vaultTarget(s)
	expected := len(v.Bitmaps) > 0
	var dirty, total int64
	for _, key := range diskKeys(d.Image.Config) {
		disk, ok := d.Image.Disks[key]
		if !ok {
			continue
		}
		text, n := bitmapStatus(v.Bitmaps[key], expected, target, s.keyFingerprint(), newest, disk.Size, disk.Blocks)
		t.say(now, "INFO: %s: dirty-bitmap status: %s", key, text)
		dirty, total = dirty+n, total+disk.Size
		d.Written += disk.Blocks.Changed(before.Disks[key].Blocks)
	}
	d.Read, d.Size = dirty, total
	d.Written = min(d.Written, d.Image.Used())
	if dirty < total {
		t.say(now, "INFO: using fast incremental mode (dirty-bitmap), %s dirty of %s total", bytesText(dirty, 1), bytesText(total, 1))
	}
	data := min(dirty, d.Image.Used())
	took := pace(max(moving(vaultRate, data)+moving(2<<30, dirty-data), moving(uplinkRate, d.Written)), dirty, w.Options)
	d.progress(t, now, took, dirty, float64(d.Written)/float64(max(1, dirty)))
	return took, nil
}

// vaultTarget names what a bitmap belongs to.
func vaultTarget(s *storage) string {
	return s.Options["server"] + ":" + s.Options["datastore"] + "/" + s.Options["namespace"]
}

// previous is the newest snapshot of the VM's group on the server, and its content
// where it was made with the same key: its chunks need not be sent again. One that
// failed its verification is not built upon.
func (d *dump) previous(session archive.Session, s *storage) (newest time.Time, image archive.Image, err error) {
	snapshots, err := session.List()
	if err != nil {
		return time.Time{}, image, err
	}
	var last *archive.Snapshot
	for i, snap := range snapshots {
		if snap.Type == "vm" && snap.ID == d.ref().ID && (last == nil || snap.Time.After(last.Time)) {
			last = &snapshots[i]
		}
	}
	if last == nil || last.Verified != nil && last.Verified.State == "failed" || last.Key != s.keyFingerprint() {
		return time.Time{}, image, nil
	}
	image, err = session.Get(last.Ref)
	if err != nil {
		return last.Time, archive.Image{}, nil //nolint:nilerr // not readable to this user: everything is sent
	}
	return last.Time, image, nil
}

// complete puts the archive where it belongs when the transfer is over.
func (d *dump) complete(b *Box, t *task, w *backupWork, s *storage, v *vm, now time.Time) error {
	switch {
	case d.Failing != "":
		return d.broken(t, now, failf("%s", d.Failing))
	case !v.running() || !v.Started.Equal(d.Started) && !d.Own:
		return d.broken(t, now, failf("VM %d not running", d.VMID))
	}
	var volid string
	var err error
	if s.Type == "pbs" {
		volid, err = d.storeInVault(b, s, v)
	} else {
		volid, err = d.storeFile(b, t, w, s, now)
	}
	if err != nil {
		return d.broken(t, now, err)
	}
	d.summary(t, now, s)
	if template := w.Options["notes-template"]; template != "" {
		t.say(now, "INFO: adding notes to backup")
		if err := b.setNotes(s, volid, b.notes(template, v)); err != nil {
			t.say(now, "WARN: unable to add notes - %s", err)
			t.Warnings++
		}
	}
	if w.Options["protected"] == "1" {
		t.say(now, "INFO: marking backup as protected")
		if err := b.setProtected(t.User, s, volid, true); err != nil {
			return failf("unable to set protected flag - %s", err)
		}
	}
	if w.removes() {
		return d.prune(b, t, w, s, now)
	}
	return nil
}

// broken logs a transfer that broke off.
func (d *dump) broken(t *task, now time.Time, err error) error {
	t.say(now, "ERROR: %s", err)
	t.say(now, "INFO: aborting backup job")
	if d.Was {
		t.say(now, "INFO: resuming VM again")
	}
	return err
}

func (d *dump) storeFile(b *Box, t *task, w *backupWork, s *storage, now time.Time) (string, error) {
	if err := b.activate(s); err != nil {
		return "", failf("vma_queue_write: write error - Input/output error")
	}
	if err := b.makeRoom(s, d.Size); err != nil {
		return "", failf("vma_queue_write: write error - Broken pipe")
	}
	name := d.file(b, w.Options)
	n, err := parseDirName("backup/" + name)
	if err != nil {
		return "", err
	}
	vol := &volume{Storage: s.ID, Name: "backup/" + name, Content: "backup", Format: n.format, VMID: d.VMID, Size: d.Size, Made: now, Image: d.Image}
	b.putVolume(vol)
	return vol.volid(), nil
}

func (d *dump) storeInVault(b *Box, s *storage, v *vm) (string, error) {
	session, err := b.openVault(s)
	if err != nil {
		return "", failf("backup write data failed: command error: write_data upload error: pipelined request failed: %s", err)
	}
	up := archive.Upload{Ref: d.ref(), Image: *d.Image, Key: s.keyFingerprint(), Written: d.Written}
	if err := session.Put(up); err != nil {
		return "", failf("backup connect failed: command error: %s", err)
	}
	if v.Bitmaps == nil {
		v.Bitmaps = map[string]*bitmap{}
	}
	for key, disk := range d.Image.Disks {
		v.Bitmaps[key] = &bitmap{Target: vaultTarget(s), Key: s.keyFingerprint(), Last: d.ref().Time, Content: disk.Blocks, Size: disk.Size}
	}
	return s.ID + ":backup/" + d.ref().String(), nil
}

// summary are the figures at the end of the log.
func (d *dump) summary(t *task, now time.Time, s *storage) {
	total := max(1, d.Image.Size())
	zeros := total - d.Image.Used()
	seconds := max(1, int64(now.Sub(d.Begun).Seconds()))
	if s.Type != "pbs" {
		t.say(now, "INFO: backup is sparse: %s (%d%%) total zero data", bytesText(zeros), zeros*100/total)
		t.say(now, "INFO: transferred %s in %d seconds (%s/s)", bytesText(total), seconds, bytesText(total/seconds, 1))
		t.say(now, "INFO: archive file size: %s", dumpSize(d.Size))
		return
	}
	if d.Read == total {
		t.say(now, "INFO: backup is sparse: %s (%d%%) total zero data", bytesText(zeros), zeros*100/total)
	}
	if reused := total - d.Written; reused > 0 {
		t.say(now, "INFO: backup was done incrementally, reused %s (%d%%)", bytesText(reused), reused*100/total)
	}
	if d.Read > 0 {
		t.say(now, "INFO: transferred %s in %d seconds (%s/s)", bytesText(d.Read), seconds, bytesText(d.Read/seconds, 1))
	}
}

// dumpSize is a file's size in vzdump's own form: "5.21GB".
func dumpSize(bytes int64) string {
	kb := float64(bytes) / 1024
	switch {
	case kb < 1024:
		return fmt.Sprintf("%dKB", int64(kb))
	case kb < 1024*1024:
		return fmt.Sprintf("%dMB", int64(kb/1024))
	case kb < 1024*1024*1024:
		return fmt.Sprintf("%.2fGB", kb/1024/1024)
	}
	return fmt.Sprintf("%.2fTB", kb/1024/1024/1024)
}

// prune removes older backups of this VM by the retention.
func (d *dump) prune(b *Box, t *task, w *backupWork, s *storage, now time.Time) error {
	keep := parseKeeping(w.Options["prune-backups"])
	t.say(now, "INFO: prune older backups with retention: %s", keep)
	marked, err := b.prune(s, keep, d.VMID, "qemu", func(format string, args ...any) { t.say(now, format, args...) })
	if err != nil {
		return err
	}
	count := 0
	for _, p := range marked {
		count += bit(p.mark == "remove")
	}
	extra := ""
	if count > 0 {
		extra = " not covered by keep-retention policy"
	}
	t.say(now, "INFO: pruned %d backup(s)%s", count, extra)
	return nil
}
