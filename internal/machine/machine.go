// Package machine makes VMs that are ours beyond doubt, and destroys no other.
//
// Making a VM is the dangerous step: a request whose answer is lost may have
// worked. So the VMID is reserved in our store first; the VM carries the mark of
// its operation in its description; and before anything is sent, and after any
// failure, the box is asked what is there. A VM without the mark is somebody
// else's: another VMID is taken then, and the VM stays untouched.
//
// The package decides neither what a VM is made of nor what runs in it.
package machine

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
)

// Tag is the tag of every VM of ours.
const Tag = "accolade"

// FirstVMID is the lowest number that a VM of ours gets.
const FirstVMID = 100

// Hypervisor is one box, as far as making and destroying VMs needs it. Calls that
// start a task return its UPID.
type Hypervisor interface {
	// VMs lists the VMs that we may see; VMIDs may be taken by others.
	VMs(ctx context.Context) ([]fleet.VM, error)
	// VM reads one VM with its configuration; fleet.ErrNotFound where there is none.
	VM(ctx context.Context, vmid int) (fleet.VM, error)
	// FreeVMID says whether no VM has that number, whether we may see it or not.
	FreeVMID(ctx context.Context, vmid int) (bool, error)
	// CreateVM makes a VM, or restores one where the parameters have an archive.
	CreateVM(ctx context.Context, vmid int, params map[string]any) (upid string, err error)
	SetVMConfig(ctx context.Context, vmid int, set map[string]any, remove ...string) error
	Storages(ctx context.Context) ([]fleet.ObservedStorage, error)
	StopVM(ctx context.Context, vmid int) (upid string, err error) // hard, as by the power button
	DestroyVM(ctx context.Context, vmid int) (upid string, err error)
	// Tasks lists tasks, newest first.
	Tasks(ctx context.Context, f fleet.TaskFilter) ([]fleet.Task, error)
	// Wait follows a task to its end for as long as it makes progress.
	Wait(ctx context.Context, upid string, report func(fraction float64, line string)) (fleet.Task, error)
}

// Mark is the one of an operation: its ID and something that no other controller,
// nor this one after a loss of its state, will ever write. It is kept before it is
// used.
func Mark(r *operation.Run) (mark string, err error) {
	if kept, err := r.Get("machine.mark", &mark); err != nil || kept {
		return mark, err
	}
	mark = r.ID() + "-" + strings.ToLower(rand.Text()[:12])
	return mark, r.Set("machine.mark", mark)
}

// Description is that of a VM that an operation makes.
func Description(mark, server, client string) string {
	return fmt.Sprintf("Accolade: server %s of %s\noperation: %s\n", server, client, mark)
}

// Marked says whether a VM's description carries an operation's mark.
func Marked(description, mark string) bool {
	for line := range strings.Lines(description) {
		if strings.TrimSpace(line) == "operation: "+mark {
			return mark != ""
		}
	}
	return false
}
