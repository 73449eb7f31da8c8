package pve

import (
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

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
