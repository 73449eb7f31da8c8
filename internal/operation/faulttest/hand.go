package faulttest

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"codeberg.org/accolade/accolade/internal/sim/fault"
	"codeberg.org/accolade/accolade/internal/sim/pve"
)

// What a technician does who reads what he is told: each of it is seen to help.

// What the doctor says that a hand can mend.
var (
	half    = regexp.MustCompile(`VM ([0-9]+) was left half made`)
	off     = regexp.MustCompile(`its VM ([0-9]+) is switched off`)
	hanging = regexp.MustCompile(`is locked .* by a task .*pvesh delete /nodes/[^/]+/tasks/(UPID:[^\s\]]+)`)
)

// clearWrecks does what the doctor says about VMs that were left half made when their
// box went down, where our token may not take those away, or where another one stands
// since; and about those that did not start with their box, a storage being away.
// Nothing else leaves one.
func (r *runner) clearWrecks(ctx context.Context) error {
	if r.world.Doctor == nil || !r.wire.planned(fault.Reboot) && !r.wire.planned(fault.VMIDTaken) {
		return nil
	}
	found, err := r.doctor()
	if err != nil {
		return err
	}
	for _, finding := range found {
		act := (*pve.Box).UnlockAndDeleteVM
		m := half.FindStringSubmatch(finding)
		if m == nil {
			act, m = (*pve.Box).StartVM, off.FindStringSubmatch(finding)
		} else {
			r.out.wrecked = true
		}
		if m == nil {
			continue
		}
		vmid, err := strconv.Atoi(m[1])
		if err != nil {
			return err
		}
		for _, t := range r.world.Targets {
			if t.Box != nil {
				err = act(t.Box, vmid)
			}
		}
		if err != nil {
			return err
		}
	}
	return r.clk.Sleep(ctx, aMoment)
}

// stopHanging does what the doctor says about tasks of others that hang and hold one of
// our VMs: a fault that no task of ours met strikes the box's own work of the night.
func (r *runner) stopHanging(ctx context.Context) error {
	if r.world.Doctor == nil || !r.wire.planned(fault.TaskHangs) {
		return nil
	}
	found, err := r.doctor()
	if err != nil {
		return err
	}
	for _, finding := range found {
		m := hanging.FindStringSubmatch(finding)
		if m == nil {
			continue
		}
		for _, t := range r.world.Targets {
			if t.Box != nil {
				t.Box.StopTask(m[1])
			}
		}
	}
	return r.clk.Sleep(ctx, aMoment)
}

// restartDeaf does what a person does whose VM came up without its agent when the box
// did: nothing else starts it.
func (r *runner) restartDeaf(ctx context.Context) error {
	if !r.wire.planned(fault.AgentNever) || !r.wire.planned(fault.Reboot) {
		return nil
	}
	for _, t := range r.world.Targets {
		if t.Box == nil || !t.Stands {
			continue
		}
		if err := t.Box.RestartVM(t.VMID); err != nil {
			return err
		}
	}
	return r.clk.Sleep(ctx, aMoment)
}

// freeWhatIsTold does what the operation says about disks that the box left behind.
func (r *runner) freeWhatIsTold(now []string) (rest []string, err error) {
	for _, line := range now {
		volume, is := strings.CutPrefix(line, "volume ")
		if !is || !slices.ContainsFunc(r.out.op.CannotUndo, func(told string) bool { return strings.Contains(told, "pvesm free "+volume) }) {
			rest = append(rest, line)
			continue
		}
		for _, t := range r.world.Targets {
			if t.Box != nil {
				err = errors.Join(err, t.Box.FreeVolume(volume))
			}
		}
	}
	return rest, err
}
