package fault

import "slices"

// Kind is what goes wrong.
type Kind string

// What a rule does on the wire.
const (
	// Refused: nobody listens; connections are refused until the rule is gone.
	Refused Kind = "refused"
	// ResetBefore: the connection breaks before the request is acted upon.
	ResetBefore Kind = "reset-before"
	// ResetMiddle: the connection breaks when half of the request's body has arrived.
	ResetMiddle Kind = "reset-middle"
	// ResetAfter: the request is acted upon, but its answer is lost.
	ResetAfter Kind = "reset-after"
	// Slow: the answer comes after Delay (of real time).
	Slow Kind = "slow"
	// Error: the request is not acted upon and answered with Status and Reason, for
	// instance 500 "can't lock file … - got timeout", 595 or 596.
	Error Kind = "error"
)

// What a rule makes a machine do, from the request on that it names.
const (
	TaskFails      Kind = "task-fails"      // the request's task ends with Reason
	TaskWarns      Kind = "task-warns"      // the request's task ends with WARNINGS: 1
	TaskHangs      Kind = "task-hangs"      // the request's task never ends
	DiskFull       Kind = "disk-full"       // the storage named by Storage has no room
	StorageOffline Kind = "storage-offline" // the storage named by Storage is not mounted
	AgentNever     Kind = "agent-never"     // the agent in VM VMID never comes up, from its next boot on
	VMLocked       Kind = "vm-locked"       // the next attempt to lock VM VMID times out
	Reboot         Kind = "reboot"          // the box goes down and comes up again
	ClockWrong     Kind = "clock-wrong"     // the box's clock is Delay ahead
	TasksRotated   Kind = "tasks-rotated"   // the ended tasks are in no list any more, and their logs are gone
	VMIDTaken      Kind = "vmid-taken"      // somebody else makes a VM under VMID, unless there is one
	VMDeleted      Kind = "vm-deleted"      // somebody removes VM VMID by hand, unless there is none
)

var kinds = []Kind{
	Refused, ResetBefore, ResetMiddle, ResetAfter, Slow, Error,
	TaskFails, TaskWarns, TaskHangs, DiskFull, StorageOffline, AgentNever, VMLocked, Reboot, ClockWrong,
	TasksRotated, VMIDTaken, VMDeleted,
}

// Wire tells whether the kind acts on the wire and not inside a machine.
func (k Kind) Wire() bool { return slices.Index(kinds, k) <= slices.Index(kinds, Error) }

// ofVM tells whether a rule of the kind names a VM.
func (k Kind) ofVM() bool {
	return k == AgentNever || k == VMLocked || k == VMIDTaken || k == VMDeleted
}
