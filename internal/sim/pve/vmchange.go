package pve

import (
	"maps"
	"slices"
	"time"
)

// configWork changes a configuration.
type configWork struct {
	VMID     int               `json:"vmid"`
	Who      identity          `json:"who"`
	Set      map[string]string `json:"set,omitempty"`
	Delete   []string          `json:"delete,omitempty"`
	Revert   []string          `json:"revert,omitempty"`
	Force    bool              `json:"force,omitempty"`
	SkipLock bool              `json:"skip_lock,omitempty"`
	Digest   string            `json:"digest,omitempty"`
}

// checkNames refuses keys that do not exist or stand in two lists.
func (w *configWork) checkNames(known func(string) bool) error {
	for _, key := range w.Revert {
		if !known(key) {
			return badParam("revert", "unknown option '"+key+"'")
		}
		if _, ok := w.Set[key]; ok {
			return badParam("delete", "you can't use '-"+key+"' and -revert "+key+"' at the same time")
		}
	}
	for i, key := range w.Delete {
		if key == "cdrom" {
			key = "ide2"
			w.Delete[i] = key
		}
		if _, ok := w.Set[key]; ok {
			return badParam("delete", "you can't use '-"+key+"' and -delete "+key+"' at the same time")
		}
		if slices.Contains(w.Revert, key) {
			return badParam("revert", "you can't use '-delete "+key+"' and -revert "+key+"' at the same time")
		}
		if !known(key) {
			return badParam("delete", "unknown option '"+key+"'")
		}
	}
	return nil
}

// check is done before and again after the lock is taken.
func (w *configWork) check(v *vm) error {
	if w.Digest != "" && w.Digest != v.digest() {
		return failf("checksum mismatch (file change by other user?)")
	}
	if !w.SkipLock {
		if err := v.unlocked(); err != nil {
			return err
		}
	}
	if memory, balloon := w.Set["memory"], w.Set["balloon"]; memory != "" || balloon != "" {
		next := &vm{Config: maps.Clone(v.Config)}
		maps.Copy(next.Config, v.Pending)
		maps.Copy(next.Config, w.Set)
		if mib := int64(atoi(next.Config["balloon"])); mib<<20 > next.memory() {
			return failf("balloon value too large (must be smaller than assigned memory)")
		}
	}
	return nil
}

func (w *configWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	if t.UPID != "" {
		if wait, err := b.lockConfig(t, w.VMID, now); wait > 0 || err != nil {
			return wait, err
		}
	}
	v, err := b.vm(w.VMID)
	if err != nil {
		return 0, err
	}
	if err := w.check(v); err != nil {
		return 0, err
	}
	for _, key := range w.Revert {
		delete(v.Pending, key)
		v.Deletes = slices.DeleteFunc(v.Deletes, func(k string) bool { return k == key })
	}
	for _, key := range w.Delete {
		if err := w.remove(b, v, key); err != nil {
			return 0, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w.Set)) {
		if err := w.change(b, t, v, key, now); err != nil {
			return 0, err
		}
	}
	if v.running() {
		b.hotplug(v, now)
	} else {
		b.applyPending(v)
	}
	return 0, nil
}

// mayTouchDrive checks the right that a drive's kind asks for.
func (w *configWork) mayTouchDrive(b *Box, value string) error {
	d := parseDrive(value)
	switch {
	case d.cloudinit():
		return b.need(w.Who.ID(), vmPath(w.VMID), "VM.Config.Cloudinit", "VM.Config.CDROM")
	case d.cdrom():
		return b.need(w.Who.ID(), vmPath(w.VMID), "VM.Config.CDROM")
	}
	return b.need(w.Who.ID(), vmPath(w.VMID), "VM.Config.Disk")
}

// remove marks a key to go, or takes an unused disk away at once.
func (w *configWork) remove(b *Box, v *vm, key string) error {
	value, set := v.Config[key]
	if pending, ok := v.Pending[key]; ok && !set {
		value, set = pending, true
	}
	if !set {
		return nil // the real system only warns
	}
	delete(v.Pending, key)
	switch {
	case isNumbered(key, "unused"):
		file := parseDrive(value).file()
		if err := v.unprotected("can't remove unused disk '" + file + "'"); err != nil {
			return err
		}
		if err := b.need(w.Who.ID(), vmPath(v.ID), "VM.Config.Disk"); err != nil {
			return err
		}
		if vol := b.machine.Volumes[file]; vol != nil && b.owns(v.ID, file) {
			if len(vol.Snapshots) > 0 {
				return failf("can't remove unused disk '%s' - it is used in a snapshot", file)
			}
			if err := b.free(vol); err != nil {
				return err
			}
		}
		delete(v.Config, key)
		return nil
	case isDrive(key):
		if err := v.unprotected("can't remove drive '" + key + "'"); err != nil {
			return err
		}
		if err := w.mayTouchDrive(b, value); err != nil {
			return err
		}
	case isNumbered(key, "serial") && value == "socket":
		if err := b.need(w.Who.ID(), vmPath(v.ID), "VM.Config.HWType"); err != nil {
			return err
		}
	case key == "tags":
		if err := b.need(w.Who.ID(), vmPath(v.ID), "VM.Config.Options"); err != nil {
			return err
		}
		delete(v.Config, key)
		return nil
	case isNumbered(key, "net"):
		if err := b.mayUseBridges(w.Who, map[string]string{key: value}); err != nil {
			return err
		}
	}
	was := bootOrder(v.Config)
	if _, ok := v.Pending["boot"]; ok {
		was = bootOrder(v.Pending)
	}
	order := slices.DeleteFunc(slices.Clone(was), func(k string) bool { return k == key })
	switch {
	case len(order) == len(was):
	case len(order) == 0: // an empty order is not written at all
		delete(v.Config, "boot")
		delete(v.Pending, "boot")
	default:
		v.setPending("boot", bootText(order))
	}
	if !slices.Contains(v.Deletes, key) {
		v.Deletes = append(v.Deletes, key)
	}
	if w.Force && isDrive(key) {
		if v.Forced == nil {
			v.Forced = map[string]bool{}
		}
		v.Forced[key] = true
	}
	return nil
}

// change puts a value among the pending ones.
func (w *configWork) change(b *Box, t *task, v *vm, key string, now time.Time) error {
	value := w.Set[key]
	old, had := v.Config[key]
	switch {
	case isDrive(key):
		return w.changeDrive(b, t, v, key, now)
	case isNumbered(key, "serial"):
		if value != "socket" && !w.Who.rootPassword() {
			return failf("only root can modify '%s' config for real devices", key)
		}
		if err := b.need(w.Who.ID(), vmPath(v.ID), "VM.Config.HWType"); err != nil {
			return err
		}
	case isNumbered(key, "usb"), isNumbered(key, "hostpci"), isNumbered(key, "virtiofs"), isNumbered(key, "rng"):
		c := &call{box: b, auth: w.Who, now: now}
		if err := c.mayUseDevices(v.ID, "", map[string]string{key: value}); err != nil {
			return err
		}
	case key == "tags":
		if err := b.need(w.Who.ID(), vmPath(v.ID), "VM.Config.Options"); err != nil {
			return err
		}
		value = uniqueTags(value)
	case isNumbered(key, "net") && had:
		if err := b.mayUseBridges(w.Who, map[string]string{key: old}); err != nil {
			return err
		}
	case key == "boot":
		for _, dev := range bootOrder(map[string]string{"boot": value}) {
			_, now := v.Config[dev]
			_, soon := v.Pending[dev]
			_, here := w.Set[dev]
			if !now && !soon && !here || slices.Contains(w.Delete, dev) {
				return failf("invalid bootorder: device '%s' does not exist'", dev)
			}
		}
	case key == "vmgenid" && value == "1":
		value = b.newUUID()
	}
	v.setPending(key, value)
	return nil
}

func (w *configWork) changeDrive(b *Box, t *task, v *vm, key string, now time.Time) error {
	if old, ok := v.Config[key]; ok {
		if err := w.mayTouchDrive(b, old); err != nil {
			return err
		}
	}
	if err := w.mayTouchDrive(b, w.Set[key]); err != nil {
		return err
	}
	if old, ok := v.Pending[key]; ok {
		v.addUnused(parseDrive(old).file())
	}
	config := map[string]string{key: w.Set[key]}
	if _, wait, err := b.makeDrive(t, now, v.ID, key, config, ""); err != nil {
		return err
	} else if wait > 0 {
		if err := b.finishDrive(t, now, key, config); err != nil {
			return err
		}
	}
	v.setPending(key, config[key])
	if order := bootOrder(v.Config); len(order) > 0 && parseDrive(config[key]).cdrom() && !slices.Contains(order, key) {
		v.setPending("boot", bootText(append(order, key)))
	}
	return nil
}

// setPending notes a change; one that changes nothing is no change.
func (v *vm) setPending(key, value string) {
	v.Deletes = slices.DeleteFunc(v.Deletes, func(k string) bool { return k == key })
	delete(v.Forced, key)
	if old, ok := v.Config[key]; ok && old == value {
		delete(v.Pending, key)
		return
	}
	if v.Pending == nil {
		v.Pending = map[string]string{}
	}
	v.Pending[key] = value
}
