package pve

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
	"codeberg.org/accolade/accolade/internal/sim/guest"
)

// hardware is the machine as its guest finds it.
func (b *Box) hardware(v *vm) guest.Hardware {
	hw := guest.Hardware{Memory: v.memory(), Cores: v.cores(), AgentPort: v.agentEnabled(), Seed: b.seedOf(fmt.Sprint("guest/", v.ID))}
	for n := range 32 {
		text, ok := v.Config[fmt.Sprintf("net%d", n)]
		if !ok {
			continue
		}
		net := parseProps(text, "model")
		hw.NICs = append(hw.NICs, guest.NIC{MAC: macOf(net), LinkDown: net.truth("link_down")})
	}
	if disk := b.machine.Volumes[v.BootVolume]; disk != nil {
		hw.DiskBytes = disk.Size
	}
	if v.NoAgent {
		hw.Fail = guest.FailAgent
	}
	hw.Port80 = b.machine.Port80
	hw.Offline = b.machine.Faults.Offline
	return hw
}

// seedOf derives a seed from the box's own.
func (b *Box) seedOf(what string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s/%s", b.seed, b.name, what)
	return h.Sum64()
}

// boot starts the QEMU process of a VM. With prelaunch no guest runs in it: that is
// what a backup of a stopped VM needs.
func (b *Box) boot(v *vm, now time.Time, prelaunch bool) error {
	if err := b.canStart(v); err != nil {
		return err
	}
	b.machine.LastPID += 3
	v.Started, v.PID, v.Paused, v.Prelaunch = now, b.machine.LastPID, false, prelaunch
	v.Bitmaps = map[string]*bitmap{}
	if !prelaunch {
		return b.bootGuest(v, now)
	}
	return nil
}

// bootGuest runs what is on the boot disk, with the CD that is in the drive.
func (b *Box) bootGuest(v *vm, now time.Time) error {
	v.BootVolume = ""
	disk := new(guest.Disk)
	if key := bootDrive(v.Config); key != "" {
		v.BootVolume = parseDrive(v.Config[key]).file()
		if vol := b.machine.Volumes[v.BootVolume]; vol != nil && vol.Disk != nil {
			var err error
			if disk, err = guest.LoadDisk(vol.Disk.Guest); err != nil {
				return failf("read disk '%s': %s", v.BootVolume, err)
			}
		}
	}
	v.UsedTo, v.Flushed = now, disk.Written
	v.Guest = guest.Boot(disk, b.seedIn(v), b.hardware(v), now)
	return nil
}

// seedIn reads the NoCloud image in the VM's CD drives; nil when there is none.
func (b *Box) seedIn(v *vm) *guest.Seed {
	var found *guest.Seed
	for _, key := range driveKeys(v.Config) {
		d := parseDrive(v.Config[key])
		vol := b.machine.Volumes[d.file()]
		if !d.cdrom() || vol == nil || len(vol.Data) == 0 {
			continue
		}
		seed, err := guest.ReadSeed(vol.Data)
		if err != nil {
			continue // the guest sees a medium without a file system
		}
		if found == nil || !found.NoCloud() {
			found = seed
		}
	}
	return found
}

// canStart checks what QEMU and its helpers check when a VM starts.
func (b *Box) canStart(v *vm) error {
	if n := v.cores(); n > b.machine.CPUs {
		return failf("MAX %d vcpus allowed per VM on this node", b.machine.CPUs)
	}
	for _, key := range driveKeys(v.Config) {
		d := parseDrive(v.Config[key])
		if d.file() == "none" || d.file() == "cdrom" || d.cloudinit() {
			continue
		}
		id, _, ok := parseVolid(d.file())
		if !ok {
			continue
		}
		s, err := b.storageConfig(id)
		if err != nil {
			return err
		}
		if err := b.activate(s); err != nil {
			return err
		}
		if b.machine.Volumes[d.file()] == nil {
			if s.Type == "lvmthin" {
				return failf("can't activate LV '/dev/pve/%s':   Failed to find logical volume \"pve/%s\"", strings.TrimPrefix(d.file(), id+":"), strings.TrimPrefix(d.file(), id+":"))
			}
			return failf("volume '%s' does not exist", d.file())
		}
	}
	for key, text := range v.Config {
		if !isNumbered(key, "net") {
			continue
		}
		if bridge := parseProps(text, "model").get("bridge"); bridge != "" && !slices.Contains(b.bridges(), bridge) {
			return failf("bridge '%s' does not exist", bridge)
		}
	}
	used := v.memory()
	for _, other := range b.machine.VMs {
		if other.running() && other != v {
			used += other.memory()
		}
	}
	if used > b.machine.Memory-(1<<30) {
		return failf("start failed: QEMU exited with code 1")
	}
	return nil
}

// bridges are the host's network bridges.
func (b *Box) bridges() []string { return []string{"vmbr0"} }

// halt ends the QEMU process. What the guest had in memory is lost; what it wrote
// is on the disk.
func (b *Box) halt(v *vm, now time.Time) {
	if v.Guest != nil {
		if v.Guest.PowerState != guest.Off {
			v.Guest.Cut(now)
		}
		b.flush(v, now)
	}
	v.Started, v.PID, v.Paused, v.Prelaunch, v.Guest, v.BootVolume, v.Bitmaps = time.Time{}, 0, false, false, nil, "", nil
	b.applyPending(v)
}

// flush brings a running VM's disks up to date: what the guest knows, what it wrote
// by itself, and what daily use has written since the last time.
func (b *Box) flush(v *vm, now time.Time) {
	vol := b.machine.Volumes[v.BootVolume]
	if v.Guest == nil || vol == nil || vol.Disk == nil {
		return
	}
	v.Guest.Advance(now)
	disk := *vol.Disk
	disk.Blocks = growth(disk.Blocks, disk.Size, v.Flushed, v.Guest.Disk().Written, b.seedOf("write/"+v.BootVolume))
	v.Flushed = v.Guest.Disk().Written
	if v.Guest.PowerState == guest.Running && !v.Paused {
		disk.Blocks = dailyUse(disk.Blocks, disk.Size, v.UsedTo, now, b.seedOf("use/"+v.BootVolume))
	}
	v.UsedTo = now
	if state, err := json.Marshal(v.Guest.Disk()); err == nil {
		disk.Guest = rawGuest(state)
	}
	vol.Disk = &disk
}

// flushAll is flush for all that runs.
func (b *Box) flushAll(now time.Time) {
	for _, id := range b.vmids() {
		if v := b.machine.VMs[id]; v.live() {
			b.flush(v, now)
		}
	}
}

// attachGuests gives guests that were read from saved state their disks back.
func (b *Box) attachGuests() error {
	for _, id := range b.vmids() {
		v := b.machine.VMs[id]
		if v.Guest == nil {
			continue
		}
		var raw json.RawMessage
		if vol := b.machine.Volumes[v.BootVolume]; vol != nil && vol.Disk != nil {
			raw = vol.Disk.Guest
		}
		disk, err := guest.LoadDisk(raw)
		if err != nil {
			return fmt.Errorf("saved VM %d: %w", id, err)
		}
		v.Guest.Attach(disk)
	}
	return nil
}

// growth is the content after a guest's own writing went from one count of bytes to
// another. Where a block lands depends on its number alone, so it does not matter
// into how many steps the writing is cut.
func growth(blocks archive.Blocks, size, from, to int64, seed uint64) archive.Blocks {
	n := size / archive.BlockSize
	region := 3 * n / 8
	if region <= 0 {
		return blocks
	}
	for k := from / archive.BlockSize; k < to/archive.BlockSize; {
		at := k % region
		count := min(to/archive.BlockSize-k, region-at)
		// One seed for each turn through the region: a longer run is one run.
		blocks = blocks.Write(n/8+at, count, seed+uint64(k/region))
		k += count
	}
	return blocks
}

// usePerHour is how many blocks a server in daily use rewrites in an hour.
const usePerHour = 6

// dailyUse is the content after a server was used for a while: some blocks of a
// region that is always busy, a fresh set each hour.
func dailyUse(blocks archive.Blocks, size int64, from, to time.Time, seed uint64) archive.Blocks {
	n := size / archive.BlockSize
	region := min(1024, n/4)
	if region <= 0 {
		return blocks
	}
	for hour := from.Unix() / 3600; hour < to.Unix()/3600; hour++ {
		for i := range int64(usePerHour) {
			draw := archive.ContentID(seed, hour*usePerHour+i)
			blocks = blocks.Write(n/2+int64(draw%uint64(region)), 1, draw)
		}
	}
	return blocks
}

// guestDue lets guests go on whose next event has come, and notices those that have
// switched themselves off.
func (b *Box) guestDue(now time.Time) {
	for _, id := range b.vmids() {
		v := b.machine.VMs[id]
		if !v.live() || v.Paused {
			continue
		}
		if next := v.Guest.NextEvent(); next.IsZero() || next.After(now) {
			continue
		}
		v.Guest.Advance(now)
		b.guestOff(v, now)
	}
}

// guestOff ends the process of a guest that is off, and starts it again when a
// reboot was asked for.
func (b *Box) guestOff(v *vm, now time.Time) {
	if !v.live() || v.Guest.PowerState != guest.Off {
		return
	}
	again := v.Rebooting
	v.Rebooting = false
	b.halt(v, now)
	if again {
		b.startTask(now, "qmstart", fmt.Sprint(v.ID), "root@pam", &startWork{VMID: v.ID})
	}
}
