package apispec

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The formats of a virtual machine's parameters that are more than an expression.

func startupOrder(text string) error {
	failed := errors.New("unable to parse startup options")
	if text == "" || text == "0" {
		return failed
	}
	for p := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(p) != "" && !startupForm.MatchString(p) {
			return failed
		}
	}
	return nil
}

var startupForm = perl(`((order=)?\d+|up=\d+|down=\d+)`)

func physBits(text string) error {
	if text == "host" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || len(text) > 2 || !allDigits(text) || n < 8 || n > 64 {
		return errors.New("value must be an integer between 8 and 64 or 'host'")
	}
	return nil
}

func hotplug(text string) error {
	if text == "0" || text == "1" {
		return nil
	}
	for _, feature := range SplitList(text) {
		if !slices.Contains([]string{"network", "disk", "cpu", "memory", "usb", "cloudinit"}, feature) {
			return errors.New("unable to parse hotplug option")
		}
	}
	return nil
}

// isDrive tells whether the name is that of a drive: scsi0, efidisk0.
func isDrive(name string) bool {
	if name == "efidisk0" || name == "tpmstate0" {
		return true
	}
	family, ok := indexed(name)
	return ok && slices.Contains([]string{"ide[n]", "sata[n]", "scsi[n]", "virtio[n]"}, family)
}

func bootDisk(text string) error {
	if !isDrive(text) {
		return fmt.Errorf("invalid boot disk '%s'", text)
	}
	return nil
}

func bootDevice(text string) error {
	family, _ := indexed(text)
	if (isDrive(text) && text != "efidisk0" && text != "tpmstate0") || slices.Contains([]string{"net[n]", "usb[n]", "hostpci[n]"}, family) {
		return nil
	}
	return fmt.Errorf("invalid boot device '%s'", text)
}

func volumeOrPath(text string) error {
	if strings.HasPrefix(text, "/") {
		return nil
	}
	return formats["pve-volume-id"](text)
}

func volumeOrDrive(text string) error {
	if text == "none" || text == "cdrom" {
		return nil
	}
	return volumeOrPath(text)
}
