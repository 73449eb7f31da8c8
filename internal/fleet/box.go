package fleet

import (
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/secret"
)

// BoxState is where a box stands in its life.
type BoxState string

const (
	BoxEnrolling BoxState = "enrolling" // an enrolment has begun and has not ended well yet
	BoxReady     BoxState = "ready"     // enrolled; takes servers
	BoxSpare     BoxState = "spare"     // enrolled, waits in stock
	BoxRetired   BoxState = "retired"   // taken out of service; its name stays taken
)

// Box is one physical Proxmox VE host: an SSD with Proxmox and the VM, an HDD
// with the local backups.
type Box struct {
	Name        string   `json:"name"`
	Site        string   `json:"site"`
	Client      string   `json:"client,omitempty"` // empty: a spare, or a shared box
	URL         string   `json:"url"`              // https://HOST:8006, without a path
	Fingerprint string   `json:"fingerprint"`      // SHA-256 of the leaf certificate, 32 upper-case hex pairs with colons
	Node        string   `json:"node"`             // the one node's name, as Proxmox calls it
	Version     string   `json:"version"`          // as last read, for instance 9.2.4
	State       BoxState `json:"state"`
	Zone        string   `json:"zone"` // IANA time zone in which its own jobs run

	Disks    []Disk   `json:"disks,omitempty"`
	Storages Storages `json:"storages"`
	Pool     string   `json:"pool"`   // every VM of ours is in it
	Bridge   string   `json:"bridge"` // network bridge of the VMs
	Job      Job      `json:"job"`    // the resident local backup job as it is wanted

	Vault       string        `json:"vault,omitempty"`       // name of the vault that takes its remote backups
	Namespace   string        `json:"namespace,omitempty"`   // its own part of that vault
	VaultToken  string        `json:"vault_token,omitempty"` // its token there, USER@pbs!TOKEN
	VaultSecret secret.Sealed `json:"vault_secret,omitempty"`
	VaultPassed bool          `json:"vault_passed"`        // that secret and the key are known to be on the box
	VaultKey    secret.Sealed `json:"vault_key,omitempty"` // client-side encryption key, Proxmox's JSON
	KeyPrint    string        `json:"key_print,omitempty"` // fingerprint of that key, as backups carry it

	TokenID     string        `json:"token_id,omitempty"` // USER@REALM!TOKEN
	TokenSecret secret.Sealed `json:"token_secret,omitempty"`

	Observed Observation `json:"observed"`          // what it said when it was last asked
	Updates  []Update    `json:"updates,omitempty"` // of its Proxmox VE, as they were seen, the oldest first
	Enrolled time.Time   `json:"enrolled"`
	Created  time.Time   `json:"created"`
}

// Update is a box's Proxmox VE in another version than it was seen in before.
type Update struct {
	Seen time.Time `json:"seen"`
	From string    `json:"from"` // 9.2.4
	To   string    `json:"to"`
}

// Storages are the names, on the box, of the storages that we use.
type Storages struct {
	VM     string `json:"vm"`     // disks of VMs, for instance local-lvm
	Backup string `json:"backup"` // local backups, on the HDD
	Images string `json:"images"` // our own: cloud images and seeds
	Vault  string `json:"vault"`  // remote backups
}

// Names of what enrolment makes on every box.
const (
	PoolName      = "accolade"
	ImagesStorage = "accolade"
	BackupStorage = "hdd"
	VaultStorage  = "vault"
	LocalJob      = "accolade-local"
)

// DiskRole is what we use a disk for.
type DiskRole string

const (
	RoleSystem DiskRole = "system" // Proxmox and the VMs
	RoleBackup DiskRole = "backup" // the local backups
)

// Disk is one physical disk of a box.
type Disk struct {
	Path   string   `json:"path"`   // /dev/sdb
	Serial string   `json:"serial"` // what a technician reads on the label
	Model  string   `json:"model,omitempty"`
	Type   string   `json:"type"` // ssd, hdd, nvme, usb, unknown
	Size   int64    `json:"size"` // bytes
	Used   string   `json:"used,omitempty"`
	Health string   `json:"health,omitempty"`
	Wear   int      `json:"wear"` // percent of life left, -1 unknown
	Role   DiskRole `json:"role,omitempty"`
}

// Retention says how many backup points a job keeps.
type Retention struct {
	Last    int `json:"last"`
	Daily   int `json:"daily"`
	Weekly  int `json:"weekly"`
	Monthly int `json:"monthly"`
}

// DefaultRetention is three last, seven days, five weeks, twelve months.
func DefaultRetention() Retention { return Retention{Last: 3, Daily: 7, Weekly: 5, Monthly: 12} }

// String is the property string that Proxmox wants in prune-backups.
func (r Retention) String() string {
	var parts []string
	for _, keep := range []struct {
		name string
		n    int
	}{{"keep-last", r.Last}, {"keep-daily", r.Daily}, {"keep-weekly", r.Weekly}, {"keep-monthly", r.Monthly}} {
		if keep.n > 0 {
			parts = append(parts, keep.name+"="+strconv.Itoa(keep.n))
		}
	}
	return strings.Join(parts, ",")
}

// Job is a backup job that lives on the box and needs no controller.
type Job struct {
	ID           string `json:"id"`
	Enabled      bool   `json:"enabled"`
	Schedule     string `json:"schedule"` // a systemd calendar event in the box's zone, for instance 01:30
	Storage      string `json:"storage"`
	Pool         string `json:"pool"`
	Mode         string `json:"mode"`     // snapshot
	Compress     string `json:"compress"` // zstd
	Prune        string `json:"prune"`    // prune-backups, as Retention.String writes it
	RepeatMissed bool   `json:"repeat_missed"`
	Notes        string `json:"notes"` // notes-template
}

// Observation is what a box said about itself.
type Observation struct {
	At       time.Time         `json:"at"`              // zero: never asked
	Error    string            `json:"error,omitempty"` // why the last round failed; the rest is then older than At
	Fix      string            `json:"fix,omitempty"`   // what to do about that
	Seen     time.Time         `json:"seen"`            // the last time it answered
	Version  string            `json:"version,omitempty"`
	Storages []ObservedStorage `json:"storages,omitempty"`
	VMs      []ObservedVM      `json:"vms,omitempty"`
	Drift    []Drift           `json:"drift,omitempty"` // differences between what is wanted and what is there
}

// ObservedStorage is one storage as its box lists it.
type ObservedStorage struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Active bool   `json:"active"`
	Total  int64  `json:"total"` // bytes
	Used   int64  `json:"used"`  // bytes
	Free   int64  `json:"free"`  // bytes
}

// ObservedVM is one VM as its box lists it.
type ObservedVM struct {
	VMID   int           `json:"vmid"`
	Name   string        `json:"name"`
	Status string        `json:"status"` // running, stopped
	Lock   string        `json:"lock,omitempty"`
	Uptime time.Duration `json:"uptime"`
	Memory int64         `json:"memory"` // bytes
}

// Drift is one thing on a box that is not as it should be.
type Drift struct {
	What   string `json:"what"`   // "local backup job: schedule"
	Wanted string `json:"wanted"` // "01:30"
	Actual string `json:"actual"` // "03:00"; empty: missing
	Fix    string `json:"fix"`    // the command that mends it
}
