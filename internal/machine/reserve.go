package machine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Reservation is a VMID that an operation of ours has taken before its box knew.
type Reservation struct {
	Box       string    `json:"box"`
	VMID      int       `json:"vmid"`
	Operation string    `json:"operation"`
	At        time.Time `json:"at"`
}

// Reservations are kept under BOX/VMID until their VM stands or the operation is
// undone.
var Reservations = store.NewCollection[Reservation]("reservation", 1,
	store.WithIndex("operation", func(r Reservation) []string { return []string{r.Operation} }))

// reserved is the VMID that an operation holds; 0: none.
func reserved(r *operation.Run) (vmid int, err error) {
	err = r.Update(func(tx store.Tx) error {
		held, err := Reservations.ByIndex(tx, "operation", r.ID())
		if err == nil && len(held) > 0 {
			vmid = held[0].VMID
		}
		return err
	})
	return vmid, err
}

// Reserve takes the lowest VMID of a box that is free there and in our store, or
// gives the one that this operation holds already. vms are those that the box has
// just listed: a number that is taken by one which we may not see then shows when the
// VM is made. nil: the box is asked for both. also runs in the same transaction and may be nil.
func Reserve(ctx context.Context, r *operation.Run, box string, hv Hypervisor, vms []fleet.VM, also func(tx store.Tx, vmid int) error) (int, error) {
	held, err := reserved(r)
	if err != nil || held != 0 {
		return held, err
	}
	ask := vms == nil
	if ask {
		if vms, err = hv.VMs(ctx); err != nil {
			return 0, err
		}
	}
	taken := map[int]bool{}
	for _, vm := range vms {
		taken[vm.VMID] = true
	}
	for vmid := FirstVMID; vmid < FirstVMID+10000; vmid++ {
		if taken[vmid] {
			continue
		}
		if ask {
			if free, err := hv.FreeVMID(ctx, vmid); err != nil {
				return 0, err
			} else if !free {
				continue
			}
		}
		err := r.Update(func(tx store.Tx) error {
			owners, err := fleet.Servers.ByIndex(tx, "vmid", fleet.Place(box, vmid))
			if err != nil {
				return err
			}
			for _, owner := range owners {
				if owner.State != fleet.ServerGone && owner.Operation != r.ID() {
					return store.ErrExists
				}
			}
			if err := Reservations.Insert(tx, fleet.Place(box, vmid), Reservation{box, vmid, r.ID(), r.Clock().Now()}); err != nil {
				return err
			}
			if err := fleet.Wrecks.Delete(tx, fleet.Place(box, vmid)); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err // the number is free: the wreck is gone
			}
			if also == nil {
				return nil
			}
			return also(tx, vmid)
		})
		if errors.Is(err, store.ErrExists) {
			continue
		}
		return vmid, err
	}
	return 0, fmt.Errorf("box %s: no VMID is free from %d on", box, FirstVMID)
}

// Release gives back what an operation holds; nothing held is no error.
func Release(r *operation.Run) error {
	return r.Update(func(tx store.Tx) error {
		held, err := Reservations.ByIndex(tx, "operation", r.ID())
		if err != nil {
			return err
		}
		for _, one := range held {
			if err := Reservations.Delete(tx, fleet.Place(one.Box, one.VMID)); err != nil {
				return err
			}
		}
		return nil
	})
}
