package pve

import (
	"fmt"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

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
