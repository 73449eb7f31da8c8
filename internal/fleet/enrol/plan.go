package enrol

import (
	"context"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// Plan is what an enrolment would do.
type Plan struct {
	Box      fleet.Box // as found, with the disks that were picked
	Actions  []Action  // empty: everything is there
	Warnings []string
	Formats  bool        // the HDD would get a file system
	Wipes    *fleet.Disk // whose data would be destroyed; nil: none
}

// Action is one change, in the words of its step.
type Action struct {
	Step string `json:"step"`
	What string `json:"what"`
}

// lastStep is no change to the box: alone it is not worth an operation.
const lastStep = "revoke the bootstrap credential"

const formatStep = "format the HDD"

// plan lets every step look and do nothing. A step sees the box as it is, without
// what the steps before it would make.
func (e *enrolment) plan(ctx context.Context) (Plan, error) {
	var p Plan
	for _, st := range steps {
		needed, err := st.actions(e, ctx)
		if err != nil {
			return p, err
		}
		p.Formats = p.Formats || st.name == formatStep && len(needed) > 0
		for _, a := range needed {
			p.Actions = append(p.Actions, Action{Step: st.name, What: a.what})
		}
	}
	if len(p.Actions) == 1 && p.Actions[0].Step == lastStep && e.known { // it was needed for nothing
		p.Actions = nil
	}
	p.Box, p.Warnings = e.box, e.warnings
	if d, ok := disk(e.box.Disks, fleet.RoleBackup); ok && e.in.WipeDisk == d.Serial && d.Used != "" {
		p.Wipes = &d
	}
	return p, nil
}
