package fleet

import "time"

// What an enrolment asks and makes on a box, in plain types (what provisioning
// and backups need stands in machine.go).

// BoxClock is what a box's clock shows.
type BoxClock struct {
	Now  time.Time // UTC
	Zone string    // IANA time zone
}

// Directory is a file system that Proxmox mounts for us.
type Directory struct {
	Path   string // /mnt/pve/hdd
	Device string // /dev/disk/by-uuid/…
	Type   string // ext4
}

// StorageConfig is the definition of a storage on a box. Fields that its type
// does not have stay empty.
type StorageConfig struct {
	Name       string
	Type       string   // dir, lvmthin, zfspool, pbs, …
	Content    []string // backup, iso, import, images, … sorted
	Path       string   // dir
	Mountpoint bool     // dir: is_mountpoint; offline, not filling the SSD, when the disk is gone
	Nodes      []string
	Disabled   bool

	Server      string // pbs: host
	Port        int    // pbs: 0 is 8007
	Datastore   string // pbs
	Namespace   string // pbs
	Username    string // pbs: USER@REALM!TOKEN
	Fingerprint string // pbs: of the server's certificate
	KeyPrint    string // pbs: fingerprint of the encryption key; empty: none
}

// Role is a named set of privileges on a box.
type Role struct {
	Name  string
	Privs []string // sorted
}

// Grant puts a role on a path for a user or a token.
type Grant struct {
	Path      string
	Role      string
	Who       string // USER@REALM or USER@REALM!TOKEN
	Propagate bool   // children of the path too
}

// Token names an API token of a user.
type Token struct {
	ID      string // USER@REALM!TOKEN
	Privsep bool   // has only the rights given to it and to its user
}
