package pve

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// driveNames says which configuration keys are drives, and how many of each kind
// there may be.
var driveKinds = map[string]int{"ide": 4, "scsi": 31, "virtio": 16, "sata": 6, "efidisk": 1, "tpmstate": 1}

var numbered = regexp.MustCompile(`^([a-z]+)(\d+)$`)

func isDrive(key string) bool {
	m := numbered.FindStringSubmatch(key)
	return m != nil && atoi(m[2]) < driveKinds[m[1]]
}

func isNumbered(key, kind string) bool {
	m := numbered.FindStringSubmatch(key)
	return m != nil && m[1] == kind
}

// newDisk is the syntax that allocates: STORAGE:SIZE in GiB.
var newDisk = regexp.MustCompile(`^(?:([^/:\s]+):)?(\d+(?:\.\d+)?)$`)

// drive is a parsed drive of a configuration.
type drive struct{ props }

func parseDrive(text string) drive { return drive{parseProps(text, "file")} }

func (d drive) file() string { return d.get("file") }

func (d drive) cdrom() bool { return d.get("media") == "cdrom" || d.cloudinit() }

func (d drive) cloudinit() bool {
	file := d.file()
	return file == "cloudinit" || strings.HasSuffix(file, ":cloudinit") || strings.Contains(file, "vm-") && strings.HasSuffix(strings.TrimSuffix(strings.TrimSuffix(file, ".qcow2"), ".raw"), "-cloudinit")
}

// allocates tells whether the drive asks for a new disk, and where and how large
// (bytes). The storage may be left out.
func (d drive) allocates() (storage string, size int64, ok bool) {
	m := newDisk.FindStringSubmatch(d.file())
	if m == nil || d.cdrom() {
		return "", 0, false
	}
	gib, err := strconv.ParseFloat(m[2], 64)
	if err != nil {
		return "", 0, false
	}
	return m[1], int64(gib * (1 << 30)), true
}

// driveKeys are a configuration's drives in order of their names.
func driveKeys(config map[string]string) []string {
	var keys []string
	for k := range config {
		if isDrive(k) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// diskKeys are the drives that hold disks of the VM's own.
func diskKeys(config map[string]string) []string {
	return slices.DeleteFunc(driveKeys(config), func(k string) bool { return parseDrive(config[k]).cdrom() })
}

// bootOrder is the order of devices in "order=scsi0;ide2;net0".
func bootOrder(config map[string]string) []string {
	order := parseProps(config["boot"], "legacy").get("order")
	return strings.FieldsFunc(order, func(r rune) bool { return r == ';' || r == ' ' })
}

// defaultBoot is what a VM boots from when it is not told: first disk, first CD
// drive, first network card.
func defaultBoot(config map[string]string) string {
	var devs []string
	first := func(fits func(key string) bool) {
		for _, kind := range []string{"scsi", "sata", "ide", "virtio", "net"} {
			for n := range 32 {
				key := kind + strconv.Itoa(n)
				if _, ok := config[key]; ok && fits(key) {
					devs = append(devs, key)
					return
				}
			}
		}
	}
	first(func(k string) bool { return isDrive(k) && !parseDrive(config[k]).cdrom() })
	first(func(k string) bool { return isDrive(k) && parseDrive(config[k]).cdrom() })
	first(func(k string) bool { return isNumbered(k, "net") })
	if len(devs) == 0 {
		return ""
	}
	return "order=" + strings.Join(devs, ";")
}

// bootDrive is the drive from which a VM boots; empty when there is none.
func bootDrive(config map[string]string) string {
	for _, key := range bootOrder(config) {
		if isDrive(key) && config[key] != "" && !parseDrive(config[key]).cdrom() {
			return key
		}
	}
	if keys := diskKeys(config); len(keys) > 0 && len(bootOrder(config)) == 0 {
		return keys[0]
	}
	return ""
}

// usedVolumes are the volumes that a configuration names, snapshots and unused disks
// included.
func (v *vm) usedVolumes() map[string]bool {
	used := map[string]bool{}
	collect := func(config map[string]string) {
		for k, text := range config {
			if isDrive(k) || isNumbered(k, "unused") || k == "vmstate" {
				used[parseDrive(text).file()] = true
			}
		}
	}
	collect(v.Config)
	collect(v.Pending)
	for _, s := range v.Snapshots {
		collect(s.Config)
		if s.State != "" {
			used[s.State] = true
		}
	}
	delete(used, "none")
	return used
}

// addUnused keeps a disk that was taken out of the configuration as unusedN.
func (v *vm) addUnused(volid string) {
	taken := slices.Collect(maps.Values(v.Config))
	if volid == "" || volid == "none" || slices.Contains(taken, volid) {
		return
	}
	for n := range 256 {
		key := "unused" + strconv.Itoa(n)
		if _, ok := v.Config[key]; !ok {
			v.Config[key] = volid
			return
		}
	}
}

// owns tells whether a volume belongs to the VM by its name.
func (b *Box) owns(vmid int, volid string) bool {
	n, err := b.parseVolname(volid)
	return err == nil && n.content == "images" && n.vmid == vmid
}
