package pve

import (
	"fmt"
	"strings"
	"time"
)

var _ = handle("PUT /nodes/{node}/qemu/{vmid}/resize", resizeDisk)

func resizeDisk(c *call) (any, error) {
	if err := c.onlyRoot("skiplock"); err != nil {
		return nil, err
	}
	w := &resizeWork{VMID: int(c.p.Int("vmid")), Disk: c.p.Str("disk"), Size: c.p.Str("size"), Digest: c.p.Str("digest"), SkipLock: c.p.Bool("skiplock")}
	return c.box.startTask(c.now, "resize", fmt.Sprint(w.VMID), c.auth.ID(), w), nil
}

// resizeWork makes a disk larger.
type resizeWork struct {
	VMID     int    `json:"vmid"`
	Disk     string `json:"disk"`
	Size     string `json:"size"`
	Digest   string `json:"digest,omitempty"`
	SkipLock bool   `json:"skip_lock,omitempty"`
	Begun    bool   `json:"begun,omitempty"`
}

func (w *resizeWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	if wait, err := b.lockConfig(t, w.VMID, now); wait > 0 || err != nil {
		return wait, err
	}
	if !w.Begun {
		w.Begun = true
		return time.Second, nil
	}
	v, err := b.vm(w.VMID)
	if err != nil {
		return 0, err
	}
	if w.Digest != "" && w.Digest != v.digest() {
		return 0, failf("checksum mismatch (file change by other user?)")
	}
	if !w.SkipLock {
		if err := v.unlocked(); err != nil {
			return 0, err
		}
	}
	text, ok := v.Config[w.Disk]
	if !ok {
		return 0, failf("disk '%s' does not exist", w.Disk)
	}
	d := parseDrive(text)
	if d.cdrom() {
		return 0, failf("you can't resize a cdrom")
	}
	id, name, ok := parseVolid(d.file())
	if !ok {
		return 0, failf("disk '%s' has no associated volume", w.Disk)
	}
	if err := b.need(t.User, "/storage/"+id, "Datastore.AllocateSpace"); err != nil {
		return 0, err
	}
	s, err := b.enabledStorage(id)
	if err != nil {
		return 0, err
	}
	if err := b.activate(s); err != nil {
		return 0, err
	}
	vol := b.machine.Volumes[d.file()]
	if vol == nil {
		return 0, failf("Could not determine current size of volume '%s'", d.file())
	}
	size, ok := parseSize(strings.TrimPrefix(w.Size, "+"))
	if !ok {
		return 0, failf("internal error")
	}
	if strings.HasPrefix(w.Size, "+") {
		size += vol.Size
	}
	switch {
	case size < vol.Size:
		return 0, failf("shrinking disks is not supported")
	case size == vol.Size:
		return 0, nil
	}
	if v.live() {
		b.flush(v, now)
	}
	disk := *vol.Disk
	disk.Size = size
	vol.Disk, vol.Size = &disk, size
	if v.live() {
		v.Guest.SetHardware(b.hardware(v))
	}
	d.set("size", sizeText(size))
	v.Config[w.Disk] = d.String()
	if s.Type == "lvmthin" {
		t.say(now, "  Size of logical volume pve/%s changed to %s.", name, bytesText(size))
		t.say(now, "  Logical volume pve/%s successfully resized.", name)
	}
	return 0, nil
}
