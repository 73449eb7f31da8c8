package enrol

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// longWork is more than any task on one of our VMs takes that still goes on: a whole
// backup of a large server over a slow line fits in it.
const longWork = 12 * time.Hour

// locks tells of VMs that nothing can back up, start or change: their lock is that of a
// task that has died, or that hangs. Until somebody looks, each night's backup fails.
func (s *Service) locks(ctx context.Context, b fleet.Box, vms []fleet.ObservedVM, wrecked []fleet.Wreck) (found []Finding, err error) {
	locked := slices.DeleteFunc(slices.Clone(vms), func(v fleet.ObservedVM) bool {
		return v.Lock == "" || slices.ContainsFunc(wrecked, func(w fleet.Wreck) bool { return w.Box == b.Name && w.VMID == v.VMID })
	})
	if len(locked) == 0 {
		return nil, nil
	}
	host, err := s.dialOurs(b)
	if err != nil {
		return nil, err
	}
	defer host.Close()
	running, err := host.Tasks(ctx, fleet.TaskFilter{Active: true, Limit: 500})
	if err != nil {
		return nil, err
	}
	now, err := host.VMs(ctx) // a lock whose task ended while we asked is gone now
	if err != nil {
		return nil, err
	}
	for _, v := range locked {
		if !slices.ContainsFunc(now, func(one fleet.VM) bool { return one.VMID == v.VMID && one.Lock == v.Lock }) {
			continue
		}
		holder := longest(running, v.VMID)
		what := fmt.Sprintf("VM %d (%s) is locked (%s)", v.VMID, v.Name, v.Lock)
		switch {
		case holder == nil:
			found = append(found, Finding{"box/" + b.Name, what + ", and no task is at work on it", fmt.Sprintf("on the box: qm unlock %d", v.VMID)})
		case s.Clock.Now().Sub(holder.Started) > longWork:
			found = append(found, Finding{"box/" + b.Name,
				fmt.Sprintf("%s by a task %s that has been running since %s", what, holder.Type, holder.Started.Format("2006-01-02 15:04 MST")),
				fmt.Sprintf("read its log in the box's web page; if it hangs, on the box: pvesh delete /nodes/%s/tasks/%s", b.Node, holder.UPID)})
		}
	}
	return found, nil
}

// longest is the task at work on a VM that began first: those after it wait for its
// lock. A backup job of several VMs names none of them.
func longest(running []fleet.Task, vmid int) (first *fleet.Task) {
	for _, t := range running {
		if (t.ID == strconv.Itoa(vmid) || t.ID == "" && t.Type == "vzdump") && (first == nil || t.Started.Before(first.Started)) {
			first = &t
		}
	}
	return first
}
