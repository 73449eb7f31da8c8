package enrol

import (
	"context"
	"fmt"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// wrecks are the half-made VMs that still stand on a box.
func (s *Service) wrecks(ctx context.Context, b fleet.Box, all []fleet.Wreck) (found []Finding, err error) {
	var host Host
	for _, w := range all {
		if w.Box != b.Name {
			continue
		}
		if host == nil {
			if host, err = s.dialOurs(b); err != nil {
				return nil, err
			}
			defer host.Close()
		}
		free, err := host.FreeVMID(ctx, w.VMID)
		if err != nil {
			return nil, err
		}
		if !free {
			found = append(found, Finding{"box/" + b.Name, fmt.Sprintf("VM %d was left half made by operation %s, which may not take it away", w.VMID, w.Operation),
				fmt.Sprintf("look that it is an empty one; on the box: qm unlock %d; qm destroy %d --purge", w.VMID, w.VMID)})
		}
	}
	return found, nil
}
