package pve

// HostDisk is one physical disk of a box.
type HostDisk struct {
	DevPath string `json:"devpath"`
	Type    string `json:"type"` // ssd, hdd, nvme, usb
	Size    int64  `json:"size"` // bytes
	Serial  string `json:"serial"`
	Model   string `json:"model"`
	Vendor  string `json:"vendor"`
	WWN     string `json:"wwn"`
	RPM     int64  `json:"rpm"` // 0 for an SSD
	// Wearout is the life that is left, in percent; negative: not told (HDD).
	Wearout int64  `json:"wearout"`
	Health  string `json:"health"` // PASSED, FAILED, UNKNOWN
	// Used is what stands on the disk: "" (nothing), partitions, LVM, ext4, ZFS, ….
	Used string `json:"used,omitempty"`
	// Mount is where the disk's file system is mounted by disks/directory.
	Mount string `json:"mount,omitempty"`
	// Dead is a disk that no longer answers: its file system is gone from the box.
	Dead bool `json:"dead,omitempty"`
	// PowerOnHours when the box was made.
	PowerOnHours int64 `json:"power_on_hours"`
}

// SystemSSD is an SSD that carries Proxmox VE as its installer leaves it.
func SystemSSD(size int64) HostDisk {
	return HostDisk{
		DevPath: "/dev/sda", Type: "ssd", Size: size, Serial: "S4EMNX0R104217", Model: "Samsung_SSD_860_PRO",
		Vendor: "ATA     ", WWN: "0x5002538e40b1f7a3", Wearout: 91, Health: "PASSED", Used: "BIOS boot", PowerOnHours: 14210,
	}
}

// EmptyHDD is a hard disk with nothing on it.
func EmptyHDD(size int64) HostDisk {
	return HostDisk{
		DevPath: "/dev/sdb", Type: "hdd", Size: size, Serial: "WD-WCC4M0HXC1ZK", Model: "WDC_WD20EFRX-68EUZN0",
		Vendor: "ATA     ", WWN: "0x50014ee20d8c3b19", RPM: 5400, Wearout: -1, Health: "PASSED", PowerOnHours: 31876,
	}
}

// UsedHDD is a hard disk with old partitions on it, as refurbished ones come.
func UsedHDD(size int64) HostDisk {
	d := EmptyHDD(size)
	d.Used = "partitions"
	return d
}
