package machine

import (
	"context"
	"errors"
	"fmt"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Birth is one VM to be made.
type Birth struct {
	Box        string
	Hypervisor Hypervisor
	// Params are the parameters of the create; "description" must be Description.
	Params func(mark string) map[string]any
	// Reserved runs in the transaction that reserves a VMID; nil: nothing to do.
	Reserved func(tx store.Tx, vmid int) error
}

// checkpoint is where the UPID of the create stands in the operation.
const checkpoint = "machine.upid"

// Make makes the VM, unless it stands already, and returns its VMID. It may be
// called again at any time.
func (b Birth) Make(ctx context.Context, r *operation.Run) (int, error) {
	mark, err := Mark(r)
	if err != nil {
		return 0, err
	}
	for try := range 100 {
		vmid, err := Reserve(ctx, r, b.Box, b.Hypervisor, nil, b.Reserved)
		if err != nil {
			return 0, err
		}
		if try == 0 && r.First() { // there is nothing of ours to be found yet
			if made, err := b.create(ctx, r, vmid, mark); err != nil || made {
				return vmid, err
			}
		}
		state, err := b.look(ctx, r, mark, vmid)
		if err != nil {
			return 0, err
		}
		switch state {
		case ours:
			return vmid, nil
		case absent:
			if made, err := b.create(ctx, r, vmid, mark); err != nil || made {
				return vmid, err
			}
		case foreign:
			r.LogLine(fmt.Sprintf("VMID %d belongs to a VM that is not ours: taking another", vmid))
			if err := Release(r); err != nil {
				return 0, err
			}
		}
	}
	return 0, fmt.Errorf("box %s: no VM could be made under any VMID", b.Box)
}

type found int

const (
	absent found = iota
	ours
	foreign
)

// look tells what stands under a VMID, after any create that still runs there.
func (b Birth) look(ctx context.Context, r *operation.Run, mark string, vmid int) (found, error) {
	if err := b.waitFor(ctx, r, vmid); err != nil {
		return absent, err
	}
	free, err := b.Hypervisor.FreeVMID(ctx, vmid)
	if err != nil {
		return absent, err
	}
	if free {
		return absent, nil
	}
	vm, err := b.Hypervisor.VM(ctx, vmid)
	switch {
	case errors.Is(err, fleet.ErrNotFound):
		return absent, nil // gone between the two questions
	case errors.Is(err, fleet.ErrRefused):
		return foreign, nil // not in our pool
	case err != nil:
		return absent, err
	case !Marked(vm.Description(), mark):
		return foreign, nil
	case vm.Lock == "create":
		return absent, operation.Transient(fmt.Errorf("box %s: VM %d is locked by a create whose task is not listed", b.Box, vmid))
	default:
		return ours, nil
	}
}

// waitFor waits for a create of ours that still runs: the one whose UPID was
// kept, or one whose answer was lost.
func (b Birth) waitFor(ctx context.Context, r *operation.Run, vmid int) error {
	tasks, err := b.Hypervisor.Tasks(ctx, fleet.TaskFilter{VMID: vmid})
	if err != nil {
		return err
	}
	for _, task := range tasks {
		if task.Running && (task.Type == "qmcreate" || task.Type == "qmrestore") {
			if err := r.Set(checkpoint, task.UPID); err != nil {
				return err
			}
			// How it ended is seen by what stands there afterwards.
			if _, err := b.Hypervisor.Wait(ctx, task.UPID, r.Progress); err != nil && ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// create sends the create and waits for its task; made says that it ended well: the
// box makes no VM under a number that is taken, so this one is ours. After a refusal
// that may have been caused by another VM under the same number, the caller looks
// again.
func (b Birth) create(ctx context.Context, r *operation.Run, vmid int, mark string) (made bool, err error) {
	upid, err := b.Hypervisor.CreateVM(ctx, vmid, b.Params(mark))
	if err != nil {
		if free, ferr := b.Hypervisor.FreeVMID(ctx, vmid); ferr == nil && !free {
			return false, nil
		}
		return false, err
	}
	if err := r.Set(checkpoint, upid); err != nil {
		return false, err
	}
	if _, err := b.Hypervisor.Wait(ctx, upid, r.Progress); err != nil {
		return false, fmt.Errorf("make VM %d: %w", vmid, err)
	}
	return true, nil
}

// Destroy takes away the VM that this operation made, and no other. Its VMID stays
// reserved. Nothing there is no error.
func Destroy(ctx context.Context, r *operation.Run, box string, hv Hypervisor) error {
	vmid, err := reserved(r)
	if err != nil {
		return err
	}
	if vmid == 0 {
		return nil
	}
	mark, err := Mark(r)
	if err != nil {
		return err
	}
	b := Birth{Box: box, Hypervisor: hv}
	state, err := b.look(ctx, r, mark, vmid)
	if err != nil {
		return err
	}
	if state != ours {
		return nil
	}
	return b.destroy(ctx, r, mark, vmid)
}

func (b Birth) destroy(ctx context.Context, r *operation.Run, mark string, vmid int) error {
	vm, err := b.Hypervisor.VM(ctx, vmid)
	if err != nil {
		return err
	}
	if !Marked(vm.Description(), mark) {
		return fmt.Errorf("box %s: VM %d does not carry the mark of operation %s: left alone", b.Box, vmid, r.ID())
	}
	if vm.Config["protection"] == "1" {
		if err := b.Hypervisor.SetVMConfig(ctx, vmid, map[string]any{"protection": false}); err != nil {
			return err
		}
	}
	if vm.Running {
		if err := b.do(ctx, r, func() (string, error) { return b.Hypervisor.StopVM(ctx, vmid) }); err != nil {
			return fmt.Errorf("stop VM %d: %w", vmid, err)
		}
	}
	if err := b.do(ctx, r, func() (string, error) { return b.Hypervisor.DestroyVM(ctx, vmid) }); err != nil {
		return fmt.Errorf("destroy VM %d: %w", vmid, err)
	}
	return nil
}

func (b Birth) do(ctx context.Context, r *operation.Run, start func() (string, error)) error {
	upid, err := start()
	if err != nil {
		return err
	}
	_, err = b.Hypervisor.Wait(ctx, upid, r.Progress)
	return err
}
