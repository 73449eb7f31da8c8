// Package archive is what simulated backups are made of, and the wire between a
// simulated Proxmox VE host and a simulated Proxmox Backup Server.
//
// It owns plain data (images, disks, the blocks of a disk) and two interfaces
// that package pbs implements and package pve calls. It knows no storage, no
// retention rule and no time; it never reads a clock.
package archive

import (
	"encoding/json"
	"errors"
	"time"
)

// Image is a whole virtual machine as a backup holds it.
type Image struct {
	// Config holds the keys of the VM's configuration ("memory": "8192").
	Config map[string]string `json:"config"`
	// Disks are keyed by the drive's name ("scsi0").
	Disks map[string]Disk `json:"disks"`
}

// Disk is the content of one virtual disk at one instant.
type Disk struct {
	// Size in bytes, as the guest sees it.
	Size int64 `json:"size"`
	// Blocks that were ever written; the rest reads as zeros.
	Blocks Blocks `json:"blocks"`
	// Guest is what package guest knows about the system on the disk; null for
	// a disk that never held one.
	Guest json.RawMessage `json:"guest,omitempty"`
}

// Used is the number of bytes that are not zeros.
func (i Image) Used() int64 {
	var n int64
	for _, d := range i.Disks {
		n += d.Blocks.Used()
	}
	return n
}

// Size is the sum of the disks' sizes in bytes.
func (i Image) Size() int64 {
	var n int64
	for _, d := range i.Disks {
		n += d.Size
	}
	return n
}

// Ref names one snapshot inside a namespace: type/id/time, as in
// "vm/100/2026-11-23T01:00:00Z". Time has whole seconds, in UTC.
type Ref struct {
	Type string    `json:"type"`
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
}

func (r Ref) String() string {
	return r.Type + "/" + r.ID + "/" + r.Time.UTC().Format("2006-01-02T15:04:05Z")
}

// Upload is a snapshot on its way to the server.
type Upload struct {
	Ref
	Image Image
	// Key is the fingerprint of the client's encryption key (32 lower-case hex
	// pairs with colons); empty for a snapshot in clear.
	Key string
	// Written is how many bytes went over the wire; the rest was known to the
	// server already.
	Written int64
}

// Snapshot is one entry of a server's list.
type Snapshot struct {
	Ref
	Size      int64         `json:"size"`
	Owner     string        `json:"owner"`
	Notes     string        `json:"notes,omitempty"`
	Protected bool          `json:"protected,omitempty"`
	Key       string        `json:"key,omitempty"`
	Verified  *Verification `json:"verified,omitempty"`
}

// Verification is the result of the server's last look at a snapshot.
type Verification struct {
	State string `json:"state"` // "ok" or "failed"
	UPID  string `json:"upid"`
}

// Status is the room in a datastore, in bytes.
type Status struct {
	Total, Used, Avail int64
}

// Error is an answer of the server: Text as its client prints it, for instance
// "permission check failed - missing Datastore.Prune". Code is the HTTP status.
type Error struct {
	Code int
	Text string
}

func (e *Error) Error() string { return e.Text }

// ErrNoDatastore says that the server answered and accepted the credentials, but
// shows no datastore of that name to this user.
var ErrNoDatastore = errors.New("datastore not found")

// Network opens sessions to backup servers by their address. An unreachable
// server, a fingerprint that is not the server's, and refused credentials are
// errors of the text that Proxmox's own client prints
// ("Can't connect to vault:8007 (Connection refused)",
// "fingerprint 'AB:…' not verified, abort!", "401 Unauthorized").
type Network interface {
	Open(server string, port int, fingerprint, username, password, datastore, namespace string) (Session, error)
}

// Session acts on one namespace of one datastore with one user's rights. A call
// that the user may not make is an *Error of code 403. The caller passes
// instants; a session keeps no time of its own.
type Session interface {
	// Status is the datastore's room.
	Status() (Status, error)
	// List gives the snapshots that this user sees, oldest first.
	List() ([]Snapshot, error)
	// Put stores a whole snapshot; a second one under the same Ref is refused.
	Put(Upload) error
	// Get reads a snapshot's content.
	Get(Ref) (Image, error)
	// Delete forgets a snapshot. A protected one is refused.
	Delete(Ref) error
	SetNotes(Ref, string) error
	SetProtected(Ref, bool) error
}
