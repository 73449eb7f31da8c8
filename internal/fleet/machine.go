package fleet

import "time"

// The plain types in which a box is asked and answers about VMs, tasks and
// volumes. The rooms above declare the interface that they need in these types,
// so that the adapter knows none of them.

// Node is what a box has and has left.
type Node struct {
	Name       string
	Online     bool
	Version    string // 9.2.4; empty in the list of nodes
	Cores      int
	Memory     int64 // bytes
	MemoryFree int64 // bytes
	RootFree   int64 // bytes of the root file system
	Uptime     time.Duration
}

// VM is one VM as its box describes it now.
type VM struct {
	VMID     int
	Name     string
	Running  bool
	Template bool
	Lock     string // backup, migrate, create …; empty: free
	Memory   int64  // bytes
	Uptime   time.Duration
	Config   map[string]string // net0, scsi0, description …; empty where only the list was asked
}

// Description is the text in which the operation that made the VM left its mark.
func (v VM) Description() string { return v.Config["description"] }

// Task is how a task of a box does.
type Task struct {
	UPID     string
	Type     string // qmcreate, vzdump …
	ID       string // usually the VMID
	Running  bool
	Exit     string // OK, WARNINGS: n, or the error's text; empty while it runs
	OK       bool   // ended, with or without warnings
	Warnings int
	Log      []string // every line, where it was waited for
	Started  time.Time
	Ended    time.Time // zero while it runs
}

// TaskFilter narrows a list of tasks.
type TaskFilter struct {
	VMID   int       // 0: any
	Type   string    // vzdump, qmcreate, …; empty: any
	Since  time.Time // zero: ever
	Errors bool      // only failed ones
	Active bool      // only those that run
	Limit  int       // 0: 50
}

// Volume is something that a storage lists.
type Volume struct {
	ID        string // volid: hdd:backup/vzdump-qemu-100-….vma.zst
	Storage   string
	Content   string // iso, import, images, backup
	Format    string
	VMID      int // 0: belongs to none
	Size      int64
	Created   time.Time
	Notes     string
	Protected bool
	Encrypted string // fingerprint of the key; empty: not encrypted
	Verified  string // ok, failed; empty: not yet
}

// Download asks a box to fetch an image by itself.
type Download struct {
	Storage string
	Content string // import, iso
	File    string // name on the storage
	URL     string
	SHA512  string // lower-case hex
}

// Dump asks for one backup of one VM, as a snapshot.
type Dump struct {
	VMID     int
	Storage  string
	Notes    string // template: {{guestname}} and so on
	Fleecing string // storage that takes what the guest overwrites meanwhile; empty: none
}

// Exec is how a command that the guest agent started does.
type Exec struct {
	Exited   bool
	ExitCode int
	Out, Err []byte
	Cut      bool // the output was longer than the agent keeps
}
