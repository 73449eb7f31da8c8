// Package backup owns what is wanted of the backups and what is known of them:
// the nightly remote backup of each server, the runs that were made of it, the
// points that the storages list, and the way back from one. A run counts only
// when the storage lists its point.
//
// The local backups are jobs of the boxes themselves; this package reads what
// they made. It never deletes a backup point: pruning belongs to the storages.
package backup

import (
	"context"
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/store"
)

// Kind says where a backup goes.
type Kind string

const (
	Local  Kind = "local"  // the HDD of the box
	Remote Kind = "remote" // the vault
)

// Hypervisor is one box, as far as backups need it. Calls that start a task
// return its UPID. An answer that may come by itself later is marked with
// operation.Transient.
type Hypervisor interface {
	machine.Hypervisor
	Storages(ctx context.Context) ([]fleet.ObservedStorage, error)
	Content(ctx context.Context, storage, content string, vmid int) ([]fleet.Volume, error)
	// Vzdump starts a backup. Without the right to it, it still answers a UPID: the
	// task fails then.
	Vzdump(ctx context.Context, d fleet.Dump) (upid string, err error)
	TaskLog(ctx context.Context, upid string) ([]string, error)
}

// Point is one restorable backup that a storage lists. VMIDs repeat between
// boxes: a point belongs to the VM of its place, never to its VMID alone.
type Point struct {
	Place     Place     `json:"place"`
	Kind      Kind      `json:"kind"`
	Server    string    `json:"server,omitempty"` // empty: of a VM that is no server of ours
	Box       string    `json:"box"`
	Storage   string    `json:"storage"`
	ID        string    `json:"id"` // volid on that box
	At        time.Time `json:"at"`
	Size      int64     `json:"size"`
	Notes     string    `json:"notes,omitempty"`
	Protected bool      `json:"protected,omitempty"`
	Encrypted bool      `json:"encrypted"`
	Verified  string    `json:"verified,omitempty"` // ok, failed; empty: not yet
}

// Place is where the points of one VM lie: a vault's namespace, or a box's own
// disk.
type Place struct {
	Vault     string `json:"vault"` // empty: the box's own disk
	Namespace string `json:"namespace"`
	Box       string `json:"box,omitempty"` // of a local point
	VMID      int    `json:"vmid"`
}

func (p Place) String() string {
	if p.Vault == "" {
		return fmt.Sprintf("box %s, VM %d", p.Box, p.VMID)
	}
	return fmt.Sprintf("vault %s, namespace %s, VM %d", p.Vault, p.Namespace, p.VMID)
}

// Run is one try at a backup, or a night of tries, as the controller made it.
type Run struct {
	ID        string        `json:"id"` // of its operation, with the kind
	Server    string        `json:"server"`
	Kind      Kind          `json:"kind"`
	Box       string        `json:"box"`
	Place     Place         `json:"place"`
	Operation string        `json:"operation"`
	Started   time.Time     `json:"started"`
	Ended     time.Time     `json:"ended,omitzero"`
	Tries     int           `json:"tries"`
	UPID      string        `json:"upid,omitempty"`
	Point     string        `json:"point,omitempty"` // volid that the storage lists; empty: none, the run does not count
	At        time.Time     `json:"at,omitzero"`     // of the point
	Size      int64         `json:"size,omitempty"`
	Read      int64         `json:"read,omitempty"` // bytes that had to be read from the disk
	Sent      int64         `json:"sent,omitempty"` // bytes transferred
	Bitmap    string        `json:"bitmap,omitempty"`
	Took      time.Duration `json:"took,omitempty"`
	Error     string        `json:"error,omitempty"` // of the last try
}

// Counts says whether there is a backup to show for the run.
func (r Run) Counts() bool { return r.Point != "" }

// Runs are kept by ID, and found by server.
var Runs = store.NewCollection[Run]("backup-run", 1,
	store.WithIndex("server", func(r Run) []string { return []string{r.Server} }))
