package provisioning

import (
	"context"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/poll"
)

// Hypervisor is one box, as far as making a server needs it. Calls that start a
// task return its UPID. An answer that may come by itself later is marked with
// operation.Transient; a call that changes something is never sent twice by the
// one below, so that a lost answer is for us to look after.
type Hypervisor interface {
	Status(ctx context.Context) (fleet.Node, error)
	Storages(ctx context.Context) ([]fleet.ObservedStorage, error)
	Content(ctx context.Context, storage, content string, vmid int) ([]fleet.Volume, error)
	Download(ctx context.Context, d fleet.Download) (upid string, err error)
	Upload(ctx context.Context, storage, content, file string, data []byte) (upid string, err error)
	DeleteVolume(ctx context.Context, id string) (upid string, err error)

	machine.Hypervisor

	ResizeDisk(ctx context.Context, vmid int, disk, size string) (upid string, err error)
	StartVM(ctx context.Context, vmid int) (upid string, err error)

	// AgentUp waits until the guest's agent answers. Between two questions it calls
	// down with the reason why it does not: fleet.ErrVMOff, fleet.ErrAgentDown.
	AgentUp(ctx context.Context, vmid int, work poll.Work, down func(error) error) error
	// AgentExec starts a command in the guest, as root, with at most 64 KiB of input.
	AgentExec(ctx context.Context, vmid int, argv []string, input []byte) (pid int, err error)
	// AgentWait waits for its end, which is told once.
	AgentWait(ctx context.Context, vmid, pid int, work poll.Work) (fleet.Exec, error)
	AgentAddresses(ctx context.Context, vmid int) ([]string, error)
}
