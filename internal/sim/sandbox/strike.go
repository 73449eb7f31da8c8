package sandbox

import (
	"fmt"
	"slices"

	"codeberg.org/accolade/accolade/internal/sim/fault"
)

// machineFault makes a box do what a rule says; other counterparts have no machine.
func (s *Sandbox) machineFault(name string) fault.Machine {
	return func(r fault.Rule) error {
		i := slices.Index(s.boxNames(), name)
		if i < 0 {
			return fmt.Errorf("%s has no faults of kind %s", name, r.Kind)
		}
		return s.boxes[i].Strike(r)
	}
}

// mend ends what a rule did to the boxes that it struck, where it lasts.
func (s *Sandbox) mend(r fault.Rule) {
	for i, name := range s.boxNames() {
		if r.Target != "*" && r.Target != name {
			continue
		}
		if err := s.boxes[i].Mend(r); err != nil { // the storage or VM is gone, and with it what was wrong
			s.opts.Log.Warn("fault not mended", "box", name, "kind", r.Kind, "err", err)
		}
	}
}
