package pve

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// bootTime is how long the host is away when it reboots.
const hostBoot = 90 * time.Second

// Reboot makes the host go down at once and come back a while later, as after a
// power failure: running tasks die, guests are cut off, dirty bitmaps are lost. The
// VMs with onboot start again.
func (b *Box) Reboot() {
	b.mu.Lock()
	defer b.world.Poke()
	defer b.mu.Unlock()
	now := b.world.Now()
	b.advance(now)
	for _, t := range b.machine.Tasks {
		if !t.running() {
			continue
		}
		t.Ended, t.Next, t.Exit, t.Work = now, time.Time{}, "unexpected status", work{}
		t.cut(now)
	}
	for _, id := range b.vmids() {
		v := b.machine.VMs[id]
		v.Holder, v.Rebooting = "", false
		if v.running() {
			b.halt(v, now)
		}
	}
	b.machine.Down = now.Add(hostBoot)
}

// Up tells whether the host answers. While it does not, what comes in is dropped
// without an answer.
func (b *Box) Up() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(b.world.Now())
	return b.machine.Down.IsZero()
}

// hangUp drops a connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable) // a connection that cannot be taken over
		return
	}
	if err := conn.Close(); err != nil {
		return // it is gone already
	}
}

// comeUp is what the host does when it has booted: locks that a backup has left
// behind are taken away, other locks stay.
func (b *Box) comeUp(now time.Time) {
	b.machine.Down, b.machine.Booted, b.machine.LastPID = time.Time{}, now, 1200
	b.missJobs(now)
	var log []string
	var onboot []int
	for _, id := range b.vmids() {
		v := b.machine.VMs[id]
		if v.Lock == "backup" {
			v.Lock = ""
			log = append(log, fmt.Sprintf("removed left over backup lock from '%d'!", id))
		}
		if v.Config["onboot"] == "1" {
			onboot = append(onboot, id)
		}
	}
	slices.SortStableFunc(onboot, func(x, y int) int { return b.startOrder(x) - b.startOrder(y) })
	for _, id := range onboot {
		log = append(log, fmt.Sprintf("Starting VM %d", id))
	}
	b.startTask(now, "startall", "", "root@pam", &pauseWork{For: time.Second, Text: log})
	for _, id := range onboot {
		b.startTask(now, "qmstart", fmt.Sprint(id), "root@pam", &startWork{VMID: id})
	}
}

// startOrder is a VM's place when the host comes up; those without one come last.
func (b *Box) startOrder(vmid int) int {
	p := parseProps(b.machine.VMs[vmid].Config["startup"], "order")
	if order := p.get("order"); order != "" {
		return atoi(order)
	}
	return 1 << 30
}

// errNoDisk says that a VM has no such disk.
var errNoDisk = errors.New("no such disk")

// DiskDigest is a checksum over the content of a VM's disk as it is now, what the
// guest knows included: equal digests mean equal disks.
func (b *Box) DiskDigest(vmid int, drive string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, err := b.vm(vmid)
	if err != nil {
		return "", err
	}
	if v.live() {
		b.flush(v, b.machine.Now)
	}
	vol := b.machine.Volumes[parseDrive(v.Config[drive]).file()]
	if vol == nil || vol.Disk == nil {
		return "", fmt.Errorf("VM %d, %s: %w", vmid, drive, errNoDisk)
	}
	return fmt.Sprintf("%d-%s-%s", vol.Disk.Size, vol.Disk.Blocks.Digest(), checksum("sha256", vol.Disk.Guest)), nil
}

// BackupDigest is DiskDigest for a disk inside a backup, by its volume ID.
func (b *Box) BackupDigest(volid, drive string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	image, err := b.readBackup(volid)
	if err != nil {
		return "", err
	}
	disk, ok := image.Disks[drive]
	if !ok {
		return "", fmt.Errorf("%s, %s: %w", volid, drive, errNoDisk)
	}
	return fmt.Sprintf("%d-%s-%s", disk.Size, disk.Blocks.Digest(), checksum("sha256", disk.Guest)), nil
}
