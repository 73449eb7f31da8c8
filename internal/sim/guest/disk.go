package guest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/yunohost"
)

// Disk is what is on a system disk: it survives power cuts, goes into backups and
// comes back from them. Its JSON form is what archive.Disk carries as Guest.
type Disk struct {
	Image string `json:"image"` // file name of the image that it was made from
	OS    string `json:"os"`    // debian12, debian13, or "" when nothing on it boots

	Hostname string            `json:"hostname,omitempty"`
	FQDN     string            `json:"fqdn,omitempty"`
	Timezone string            `json:"timezone,omitempty"`
	Locale   string            `json:"locale,omitempty"`
	Packages map[string]string `json:"packages,omitempty"` // name to version
	Files    map[string]File   `json:"files,omitempty"`    // absolute path to file
	Users    map[string]User   `json:"users,omitempty"`    // system users beyond the image's own
	Network  *NetworkConfig    `json:"network,omitempty"`  // what cloud-init wrote; nil: no network at all

	// RootBytes is the size of the root file system: cloud-init lets it grow to the
	// disk's size at boot. Zero: as the image has it.
	RootBytes int64 `json:"root_bytes,omitempty"`

	CloudInit CloudInit       `json:"cloud_init"`
	YunoHost  *yunohost.State `json:"yunohost,omitempty"`

	// Written counts the bytes that guests have written to this disk in its life:
	// the machine turns the increase into dirty blocks.
	Written int64 `json:"written"`
}

// What Disk.OS may be.
const (
	debian12 = "debian-12"
	debian13 = "debian-13"
)

// File is a file of the guest. Folders exist where files are in them, and as
// entries with Dir set where mkdir made them.
type File struct {
	Data  []byte    `json:"data,omitempty"`
	Mode  uint32    `json:"mode"` // permission bits
	Owner string    `json:"owner,omitempty"`
	Dir   bool      `json:"dir,omitempty"`
	Mtime time.Time `json:"mtime,omitzero"`
}

// User is a system user made by cloud-init.
type User struct {
	UID    int      `json:"uid"`
	Groups []string `json:"groups,omitempty"`
	Shell  string   `json:"shell,omitempty"`
	Sudo   []string `json:"sudo,omitempty"`
	Keys   []string `json:"keys,omitempty"` // ssh_authorized_keys
	Locked bool     `json:"locked,omitempty"`
}

// CloudInit is what cloud-init has left on the disk.
type CloudInit struct {
	InstanceID string    `json:"instance_id,omitempty"` // of the last seed acted upon
	Result     string    `json:"result,omitempty"`      // "", "running", "done", "error", "disabled"
	Errors     []string  `json:"errors,omitempty"`
	Warnings   []string  `json:"warnings,omitempty"`
	Stage      string    `json:"stage,omitempty"`
	Steps      int       `json:"steps,omitempty"` // how many are done of the first boot
	Finished   time.Time `json:"finished,omitzero"`
}

// interrupted is a first boot that did not come to its end: the next one goes on with
// the module that was at work. (A real cloud-init would pass that one over.)
func (c *CloudInit) interrupted() {
	if c.Result == "running" {
		c.Result = ""
	}
}

// NewDisk is the disk as it comes from a cloud image, named by its file name as
// published (`debian-12-genericcloud-amd64-20260601-2136.qcow2`). An image that is
// not known gives a disk from which nothing boots.
func NewDisk(image string) *Disk {
	d := &Disk{Image: image, Written: 0}
	name := strings.ToLower(image)
	switch {
	case strings.Contains(name, "debian-12"):
		d.OS = debian12
	case strings.Contains(name, "debian-13"):
		d.OS = debian13
	}
	if d.OS == "" {
		return d
	}
	d.Hostname = "localhost"
	d.Timezone = "Etc/UTC"
	d.Locale = "C.UTF-8"
	d.Packages = map[string]string{"cloud-init": "22.4.2-1+deb12u3", "curl": "7.88.1-10+deb12u12", "openssh-server": "1:9.2p1-2+deb12u6"}
	if d.OS == debian13 {
		d.Packages["cloud-init"] = "25.1.4-1"
	}
	d.Files = map[string]File{}
	return d
}

// LoadDisk reads a disk from its JSON form. An empty one is a blank disk.
func LoadDisk(raw json.RawMessage) (*Disk, error) {
	d := new(Disk)
	if len(raw) == 0 || string(raw) == "null" {
		return d, nil
	}
	if err := json.Unmarshal(raw, d); err != nil {
		return nil, fmt.Errorf("guest disk: %w", err)
	}
	return d, nil
}
