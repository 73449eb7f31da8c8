package pve

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// atOnce are the keys that take effect while the VM runs.
var atOnce = map[string]bool{
	"description": true, "hookscript": true, "lock": true, "migrate_downtime": true, "migrate_speed": true, "name": true,
	"onboot": true, "protection": true, "shares": true, "startup": true, "tags": true, "vmstatestorage": true,
	"cicustom": true, "cipassword": true, "citype": true, "ciuser": true, "ciupgrade": true, "nameserver": true, "searchdomain": true, "sshkeys": true,
	// Not the configuration file's own list, but changed live all the same.
	"cpuunits": true, "cpulimit": true,
}

func bootText(order []string) string { return "order=" + strings.Join(order, ";") }

// applyPending makes all pending changes real: the VM is off.
func (b *Box) applyPending(v *vm) {
	for _, key := range v.Deletes {
		if isDrive(key) {
			b.detach(v, key)
			continue
		}
		delete(v.Config, key)
	}
	for key, value := range v.Pending {
		if isDrive(key) {
			b.replaced(v, key, value)
		}
		v.Config[key] = value
	}
	v.Deletes, v.Forced, v.Pending = nil, nil, nil
}

// hotplug makes those pending changes real that a running VM can take; the others
// wait. IDE and SATA drives cannot be plugged or pulled, but a CD in them can be
// changed.
func (b *Box) hotplug(v *vm, now time.Time) {
	v.Deletes = slices.DeleteFunc(v.Deletes, func(key string) bool {
		switch {
		case atOnce[key]:
		case isNumbered(key, "net"), isNumbered(key, "usb"):
		case isDrive(key) && (isNumbered(key, "scsi") || isNumbered(key, "virtio")):
			b.flush(v, now)
			b.detach(v, key)
			return true
		default:
			return false
		}
		delete(v.Config, key)
		return true
	})
	for _, key := range slices.Sorted(maps.Keys(v.Pending)) {
		value := v.Pending[key]
		if !v.pluggable(key, value) {
			continue
		}
		if isDrive(key) {
			b.flush(v, now)
			b.replaced(v, key, value)
		}
		v.Config[key] = value
		delete(v.Pending, key)
	}
	if v.live() {
		v.Guest.SetHardware(b.hardware(v))
		v.Guest.SetSeed(b.seedIn(v))
	}
}

// pluggable tells whether a running VM takes a change.
func (v *vm) pluggable(key, value string) bool {
	old, had := v.Config[key]
	switch {
	case atOnce[key], isNumbered(key, "net"), isNumbered(key, "usb"), key == "balloon" && (old == "0") == (value == "0"):
		return true
	case key == "agent":
		// Only what the host itself does with the agent; the channel is a device.
		return parseProps(old, "enabled").truth("enabled") == parseProps(value, "enabled").truth("enabled")
	case !isDrive(key) || isNumbered(key, "efidisk") || isNumbered(key, "tpmstate"):
		return false
	}
	was, will := parseDrive(old), parseDrive(value)
	if !had {
		return isNumbered(key, "scsi") || isNumbered(key, "virtio")
	}
	if was.get("media") != will.get("media") {
		return false
	}
	if was.cdrom() {
		return true
	}
	if was.file() != will.file() {
		return isNumbered(key, "scsi") || isNumbered(key, "virtio")
	}
	for _, fixed := range []string{"aio", "discard", "iothread", "queues", "product", "cache", "ssd", "vendor", "ro"} {
		if was.get(fixed) != will.get(fixed) {
			return false
		}
	}
	return true
}

// detach takes a drive out of the configuration; a disk of the VM's own stays as an
// unused one, unless it was to go as well. Its dirty bitmap is gone.
func (b *Box) detach(v *vm, key string) {
	d := parseDrive(v.Config[key])
	delete(v.Config, key)
	delete(v.Bitmaps, key)
	if d.cdrom() || !b.owns(v.ID, d.file()) {
		return
	}
	if vol := b.machine.Volumes[d.file()]; v.Forced[key] && vol != nil && len(vol.Snapshots) == 0 {
		delete(b.machine.Volumes, d.file())
		delete(v.Forced, key)
		return
	}
	v.addUnused(d.file())
}

// replaced keeps the disk that a new value of a drive takes the place of.
func (b *Box) replaced(v *vm, key, value string) {
	old, had := v.Config[key]
	if !had || parseDrive(old).file() == parseDrive(value).file() {
		return
	}
	b.detach(v, key)
	for k, text := range v.Config {
		if isNumbered(k, "unused") && parseDrive(text).file() == parseDrive(value).file() {
			delete(v.Config, k)
		}
	}
}
