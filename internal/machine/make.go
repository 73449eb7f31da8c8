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
	// Over are the parameters of a restore over the VM that Params makes; nil: none. A
	// restore under a free VMID that fails would leave an empty VM outside of our pool,
	// which our token may not remove.
	Over func(mark string) map[string]any
	// Reserved runs in the transaction that reserves a VMID; nil: nothing to do.
	Reserved func(tx store.Tx, vmid int) error
}

// Where things stand in the operation.
const (
	checkpoint = "machine.upid"  // UPID of the create
	sentKey    = "machine.sent"  // VMID under which a create was sent and not refused
	overKey    = "machine.over"  // VMID over which a restore was sent
	stuckKey   = "machine.stuck" // since when there is a lock without a task
)

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
		state := absent
		if try > 0 || !r.First() { // else there is nothing of ours to be found yet
			if state, err = b.look(ctx, r, mark, vmid); err != nil {
				return 0, err
			}
		}
		switch state {
		case whole:
			return vmid, nil
		case blank:
			err = b.restore(ctx, r, mark, vmid)
		case absent:
			var made bool
			made, err = b.create(ctx, r, vmid, mark)
			switch {
			case err != nil || !made:
			case b.Over == nil:
				return vmid, nil
			default:
				err = b.restore(ctx, r, mark, vmid)
			}
		case foreign, wreck:
			err = b.leave(r, vmid)
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("box %s: no VM could be made under any VMID", b.Box)
}

// create sends the create and waits for its task; made says that it ended well: the
// box makes no VM under a number that is taken, so this one is ours. After a refusal
// that may have been caused by another VM under the same number, the caller looks
// again.
func (b Birth) create(ctx context.Context, r *operation.Run, vmid int, mark string) (made bool, err error) {
	if err := r.Set(sentKey, vmid); err != nil {
		return false, err
	}
	upid, err := b.Hypervisor.CreateVM(ctx, vmid, b.Params(mark))
	if err != nil {
		if !errors.Is(err, fleet.ErrUnreachable) { // it was refused: what stands there now is not of this request
			if serr := r.Set(sentKey, 0); serr != nil {
				return false, serr
			}
		}
		if free, ferr := b.Hypervisor.FreeVMID(ctx, vmid); ferr == nil && !free {
			return false, nil
		}
		return false, err
	}
	return b.follow(ctx, r, vmid, upid)
}

// restore writes the backup over the blank VM.
func (b Birth) restore(ctx context.Context, r *operation.Run, mark string, vmid int) error {
	if err := r.Set(overKey, vmid); err != nil {
		return err
	}
	params := b.Over(mark)
	params["force"] = true
	upid, err := b.Hypervisor.CreateVM(ctx, vmid, params)
	if err == nil {
		_, err = b.follow(ctx, r, vmid, upid)
	}
	return err
}

func (b Birth) follow(ctx context.Context, r *operation.Run, vmid int, upid string) (ended bool, err error) {
	if err := r.Set(checkpoint, upid); err != nil {
		return false, err
	}
	switch _, err := b.Hypervisor.Wait(ctx, upid, r.Progress); {
	case errors.Is(err, fleet.ErrNotFound):
		return false, nil // a task that the box has forgotten has ended: look
	case err != nil:
		return false, fmt.Errorf("make VM %d: %w", vmid, err)
	}
	return true, nil
}

func (b Birth) do(ctx context.Context, r *operation.Run, start func() (string, error)) error {
	upid, err := start()
	if err != nil {
		return err
	}
	_, err = b.Hypervisor.Wait(ctx, upid, r.Progress)
	return err
}
