package pve

import (
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// makeDrive makes or takes the volume of one drive and writes the drive's final form
// into config. wait is how long a copy takes; finishDrive puts the content there.
// volid is a volume that was made, to be removed if the whole fails.
func (b *Box) makeDrive(t *task, now time.Time, vmid int, key string, config map[string]string, defaultStorage string) (volid string, wait time.Duration, err error) {
	d := parseDrive(config[key])
	storage, size, allocates := d.allocates()
	switch {
	case d.file() == "none" || d.file() == "cdrom":
		d.drop("size")
		config[key] = d.String()
		return "", 0, nil
	case d.cloudinit():
		return "", 0, &failure{Status: 500, Reason: "cloud-init drives are not simulated: attach a NoCloud image"}
	case !allocates:
		return "", 0, b.takeVolume(t, vmid, key, config)
	}
	if storage == "" {
		storage = defaultStorage
	}
	s, err := b.storageConfig(storage)
	if err != nil {
		return "", 0, err
	}
	source := d.get("import-from")
	if source != "" {
		image, err := b.importSource(source)
		if err != nil {
			return "", 0, err
		}
		size = image.Size
	}
	vol, err := b.allocate(s, vmid, d.get("format"), size, now)
	if err != nil {
		return "", 0, err
	}
	d.drop("import-from")
	d.drop("format")
	d.set("file", vol.volid())
	d.set("size", sizeText(size))
	config[key] = d.String()
	if source == "" {
		t.say(now, "  Logical volume \"%s\" created.", vol.Name)
		t.say(now, "%s: successfully created disk '%s'", key, config[key])
		return vol.volid(), 0, nil
	}
	vol.From = source
	wait = time.Second + importTime(size)
	t.say(now, "  Logical volume \"%s\" created.", vol.Name)
	for percent := int64(0); percent <= 100; percent += 5 {
		at := now.Add(wait * time.Duration(percent) / 100)
		t.say(at, "transferred %s of %s (%.2f%%)", bytesText(size*percent/100, 1), bytesText(size, 1), float64(percent))
	}
	return vol.volid(), wait, nil
}

// importSource is the disk that an import reads.
func (b *Box) importSource(source string) (*archive.Disk, error) {
	id, _, ok := parseVolid(source)
	if !ok {
		return nil, failf("could not get file size of %s", source)
	}
	s, err := b.storageConfig(id)
	if err != nil {
		return nil, err
	}
	if err := b.activate(s); err != nil {
		return nil, err
	}
	vol := b.machine.Volumes[source]
	if vol == nil || vol.Disk == nil {
		n, err := b.parseVolname(source)
		if err != nil {
			return nil, err
		}
		path := b.volumePath(s, n)
		return nil, failf("cannot import from '%s' - volume_size_info on '%s' failed - qemu-img: Could not open '%s': No such file or directory", source, source, path)
	}
	return vol.Disk, nil
}

func (b *Box) finishDrive(t *task, now time.Time, key string, config map[string]string) error {
	vol := b.machine.Volumes[parseDrive(config[key]).file()]
	if vol == nil {
		return failf("volume %s does not exist", parseDrive(config[key]).file())
	}
	source := vol.From
	image, err := b.importSource(source)
	if err != nil {
		return err
	}
	s, err := b.storageConfig(vol.Storage)
	if err != nil {
		return err
	}
	if err := b.makeRoom(s, image.Blocks.Used()); err != nil {
		return failf("cannot import from '%s' - copy failed: %s", source, err)
	}
	content := *image
	vol.Disk, vol.Size, vol.From = &content, image.Size, ""
	t.say(now, "%s: successfully created disk '%s'", key, config[key])
	return nil
}

// takeVolume uses a volume that is there: an ISO image, or a disk.
func (b *Box) takeVolume(t *task, vmid int, key string, config map[string]string) error {
	d := parseDrive(config[key])
	if err := b.mayUse(t.User, vmid, d.file(), ""); err != nil {
		return err
	}
	id, _, ok := parseVolid(d.file())
	if !ok {
		return nil
	}
	s, err := b.storageConfig(id)
	if err != nil {
		return err
	}
	if err := b.activate(s); err != nil {
		return err
	}
	n, err := b.parseVolname(d.file())
	if err != nil {
		return err
	}
	if n.content != "images" && n.content != "iso" {
		return failf("cannot use volume %s - content type needs to be 'images' or 'iso'", d.file())
	}
	vol := b.machine.Volumes[d.file()]
	if vol == nil {
		return failf("volume %s does not exist", d.file())
	}
	d.set("size", sizeText(vol.Size))
	config[key] = d.String()
	return nil
}
