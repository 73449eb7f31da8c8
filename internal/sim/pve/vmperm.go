package pve

import (
	"maps"
	"slices"
	"strings"
)

// Which privilege lets one change which key of a VM's configuration. Drives, serial
// ports, USB and PCI devices and tags depend on the value and are checked apart.
var keyPrivilege = func() map[string]string {
	m := map[string]string{}
	for priv, keys := range map[string]string{
		"VM.Config.CPU":     "cores cpu runningcpu cpulimit cpuunits numa smp sockets vcpus",
		"VM.Config.Memory":  "memory balloon shares allow-ksm",
		"VM.Config.HWType":  "acpi hotplug kvm machine runningmachine scsihw smbios1 tablet vga watchdog audio0 rng0",
		"VM.Config.Options": "agent autostart bios description keyboard localtime migrate_downtime migrate_speed name onboot ostype protection reboot startdate startup tdf template",
		"VM.PowerMgmt":      "freeze",
		"VM.Config.Disk":    "boot bootdisk vmstatestorage",
	} {
		for key := range strings.FieldsSeq(keys) {
			m[key] = priv
		}
	}
	return m
}()

var cloudinitKeys = []string{"cicustom", "cipassword", "citype", "ciuser", "ciupgrade", "nameserver", "searchdomain", "sshkeys"}

// mayConfigure refuses keys that the caller may not set or delete.
func (c *call) mayConfigure(vmid int, pool string, keys []string) error {
	if c.auth.rootPassword() {
		return nil
	}
	who := c.auth.ID()
	slices.Sort(keys)
	for _, key := range keys {
		m := numbered.FindStringSubmatch(key)
		kind := ""
		if m != nil {
			kind = m[1]
		}
		var err error
		switch {
		case isDrive(key) || key == "cdrom" || key == "tags":
		case slices.Contains([]string{"unused", "serial", "usb", "hostpci", "virtiofs"}, kind):
		case keyPrivilege[key] != "":
			err = c.box.needVM(who, vmid, pool, keyPrivilege[key])
			if err == nil && key == "startup" {
				err = c.require("/", "Sys.Modify")
			}
		case kind == "numa":
			err = c.box.needVM(who, vmid, pool, "VM.Config.CPU")
		case kind == "net":
			err = c.box.needVM(who, vmid, pool, "VM.Config.Network")
		case kind == "ipconfig" || slices.Contains(cloudinitKeys, key):
			if c.box.needVM(who, vmid, pool, "VM.Config.Cloudinit") != nil && c.box.needVM(who, vmid, pool, "VM.Config.Network") != nil {
				err = permissionDenied(vmPath(vmid) + ", VM.Config.Cloudinit|VM.Config.Network")
			}
		case key == "vmstate":
			err = c.box.needVM(who, vmid, pool, "VM.Config.Disk", "VM.PowerMgmt")
		default:
			err = failf("only root can set '%s' config", key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mayUseDevices checks serial ports, USB, PCI and shared folders by their values.
func (c *call) mayUseDevices(vmid int, pool string, config map[string]string) error {
	if c.auth.rootPassword() {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		value := config[key]
		hwtype := func() error { return c.box.needVM(c.auth.ID(), vmid, pool, "VM.Config.HWType") }
		var err error
		switch {
		case isNumbered(key, "serial"):
			if value != "socket" {
				return failf("only root can set '%s' config for real devices", key)
			}
			err = hwtype()
		case isNumbered(key, "usb"):
			p := parseProps(value, "host")
			switch {
			case p.get("mapping") != "":
				err = c.require("/mapping/usb/"+p.get("mapping"), "Mapping.Use")
			case p.get("host") == "":
				return failf("either 'host' or 'mapping' must be set.")
			case !strings.EqualFold(p.get("host"), "spice"):
				return failf("only root can set '%s' config for real devices", key)
			default:
				err = hwtype()
			}
		case isNumbered(key, "hostpci"):
			p := parseProps(value, "host")
			if p.get("mapping") == "" {
				return failf("only root can set '%s' config for non-mapped devices", key)
			}
			err = c.require("/mapping/pci/"+p.get("mapping"), "Mapping.Use")
			if err == nil {
				err = hwtype()
			}
		case isNumbered(key, "rng"):
			err = hwtype()
			if err == nil && parseProps(value, "source").get("source") == "/dev/hwrng" && c.box.version >= "9" {
				err = c.require("/mapping/hwrng", "Mapping.Use")
			}
		case isNumbered(key, "virtiofs"):
			err = c.box.needVM(c.auth.ID(), vmid, pool, "VM.Config.Disk")
			if err == nil {
				err = c.require("/mapping/dir/"+parseProps(value, "dirid").get("dirid"), "Mapping.Use")
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mayUseBridges checks the bridges that network cards are plugged into.
func (c *call) mayUseBridges(config map[string]string) error {
	return c.box.mayUseBridges(c.auth, config)
}

func (b *Box) mayUseBridges(who identity, config map[string]string) error {
	if who.rootPassword() {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		if !isNumbered(key, "net") {
			continue
		}
		net := parseProps(config[key], "model")
		bridge := net.get("bridge")
		if bridge == "" {
			continue
		}
		path := "/sdn/zones/localnetwork/" + bridge
		if tag := net.get("tag"); tag != "" {
			path += "/" + tag
		}
		if err := b.need(who.ID(), path, "SDN.Use"); err != nil {
			return err
		}
	}
	return nil
}

// mayUseStorages checks what the drives of a configuration allocate or use.
func (c *call) mayUseStorages(vmid int, config map[string]string, defaultStorage string) error {
	b := c.box
	for _, key := range driveKeys(config) {
		d := parseDrive(config[key])
		file := d.file()
		storage, _, allocates := d.allocates()
		switch {
		case file == "" || file == "none" || d.cloudinit():
		case d.cdrom() && file == "cdrom":
			if err := c.require("/", "Sys.Console"); err != nil {
				return err
			}
		case allocates:
			if storage == "" {
				storage = defaultStorage
			}
			if storage == "" {
				return failf("no storage ID specified (and no default storage)")
			}
			if err := c.require("/storage/"+storage, "Datastore.AllocateSpace"); err != nil {
				return err
			}
			s, err := b.storageConfig(storage)
			if err != nil {
				return err
			}
			if !s.holds("images") {
				return badParam("storage", "storage '"+storage+"' does not support vm images")
			}
		default:
			if err := c.mayUse(vmid, file, ""); err != nil {
				return err
			}
			if _, _, ok := parseVolid(file); ok {
				n, err := b.parseVolname(file)
				if err != nil {
					return err
				}
				if n.content != "images" && n.content != "iso" {
					return badParam(key, "content type needs to be 'images' or 'iso'")
				}
			}
		}
		if err := c.mayImport(vmid, key, d.get("import-from")); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		if isNumbered(key, "unused") {
			if err := c.mayUse(vmid, parseDrive(config[key]).file(), "images"); err != nil {
				return err
			}
		}
	}
	if storage := config["vmstatestorage"]; storage != "" {
		return c.require("/storage/"+storage, "Datastore.AllocateSpace")
	}
	return nil
}

// mayImport checks the source of an import: another VM's disk, or an image.
func (c *call) mayImport(vmid int, key, source string) error {
	if source == "" {
		return nil
	}
	if _, _, ok := parseVolid(source); !ok {
		return c.mayUse(vmid, source, "")
	}
	n, err := c.box.parseVolname(source)
	if err != nil {
		return err
	}
	if n.content != "images" && n.content != "import" {
		return badParam(key, source+" has wrong type '"+n.content+"' - needs to be 'images' or 'import'")
	}
	if n.vmid != 0 {
		return c.require(vmPath(n.vmid), "VM.Clone")
	}
	return c.mayUse(vmid, source, "")
}

// checkDrives refuses drives that cannot be meant, and writes them in the form of
// the configuration file.
func (b *Box) checkDrives(config map[string]string) error {
	for _, key := range driveKeys(config) {
		d := parseDrive(config[key])
		if d.file() == "" {
			return badParam(key, "unable to parse drive options")
		}
		if d.has("import-from") {
			if _, size, ok := d.allocates(); !ok || size != 0 {
				return badParam(key, "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>")
			}
		}
		if _, _, ok := parseVolid(d.file()); ok && newDisk.FindString(d.file()) == "" && !d.cloudinit() {
			n, err := b.parseVolname(d.file())
			if err != nil {
				return err
			}
			if n.content == "iso" && d.get("media") != "cdrom" {
				return badParam(key, "explicit 'media=cdrom' is required for iso images")
			}
		}
		config[key] = d.String()
	}
	return nil
}

// otherKeys are the configuration keys for which no privilege but root's own stands.
var otherKeys = strings.Fields("args hookscript lock tags affinity amd-sev arch ivshmem hugepages keephugepages spice_enhancements vmgenid vmstate parent intel-tdx meta snaptime")

// knowsKey tells whether a configuration can have a key at all.
func knowsKey(key string) bool {
	if keyPrivilege[key] != "" || isDrive(key) || slices.Contains(cloudinitKeys, key) || slices.Contains(otherKeys, key) {
		return true
	}
	m := numbered.FindStringSubmatch(key)
	return m != nil && slices.Contains([]string{"net", "usb", "hostpci", "serial", "parallel", "numa", "ipconfig", "unused", "virtiofs"}, m[1])
}
