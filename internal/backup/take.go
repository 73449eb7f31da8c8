package backup

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// attempt is one backup in the making. What it must not forget stands in its
// operation under keys of its own, since an operation may make several.
type attempt struct {
	s       *Service
	r       *operation.Run
	server  fleet.Server
	box     fleet.Box
	hv      Hypervisor
	kind    Kind
	storage string
	run     Run
}

func (s *Service) begin(r *operation.Run, server fleet.Server, kind Kind, id string) (*attempt, error) {
	box, err := s.fleet.Box(server.Box)
	if err != nil {
		return nil, err
	}
	a := &attempt{s: s, r: r, server: server, box: box, kind: kind, storage: storageOf(box, kind)}
	if a.storage == "" {
		return nil, &operation.Refused{Why: fmt.Sprintf("box %s has no storage for %s backups", box.Name, kind), Fix: "accolade box enrol " + box.Name + " --repair"}
	}
	if a.hv, err = s.connect(box); err != nil {
		return nil, fmt.Errorf("box %s: %w", box.Name, err)
	}
	a.run = Run{ID: id, Server: server.Name, Kind: kind, Box: box.Name, Place: placeOf(box, kind, server.VMID), Operation: r.ID(), Started: r.Clock().Now()}
	return a, s.db.View(func(tx store.Tx) error {
		kept, err := Runs.Get(tx, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil && kept.Operation == r.ID() {
			a.run = kept
		}
		return err
	})
}

func storageOf(box fleet.Box, kind Kind) string {
	if kind == Remote {
		return box.Storages.Vault
	}
	return box.Storages.Backup
}

func placeOf(box fleet.Box, kind Kind, vmid int) Place {
	if kind == Remote {
		return Place{Vault: box.Vault, Namespace: box.Namespace, VMID: vmid}
	}
	return Place{Box: box.Name, VMID: vmid}
}

func (a *attempt) key(name string) string { return "backup." + string(a.kind) + "." + name }

func (a *attempt) save() error {
	return a.r.Update(func(tx store.Tx) error { return Runs.Put(tx, a.run.ID, a.run) })
}

// take makes the backup, or finds the one that was made for this attempt before,
// by this controller or one that is gone.
func (a *attempt) take(ctx context.Context) error {
	err := a.try(ctx)
	if ctx.Err() != nil {
		return err
	}
	a.run.Error = ""
	if err != nil {
		a.run.Error = err.Error()
	}
	if serr := a.save(); serr != nil {
		return serr
	}
	return err
}

func (a *attempt) try(ctx context.Context) error {
	before, err := a.known(ctx)
	if err != nil {
		return err
	}
	if !a.r.First() || a.run.Tries > 0 { // somebody may have begun it already
		if err := a.settle(ctx); err != nil {
			return err
		}
		if done, err := a.count(ctx, before, fleet.Task{}); err != nil || done {
			return err
		}
	}
	a.run.Tries++
	if err := a.save(); err != nil {
		return err
	}
	upid, err := a.hv.Vzdump(ctx, fleet.Dump{VMID: a.server.VMID, Storage: a.storage, Notes: "{{guestname}}, by accolade", Fleecing: a.fleecing()})
	if err != nil {
		return err
	}
	if err := a.r.Set(a.key("upid"), upid); err != nil {
		return err
	}
	task, err := a.hv.Wait(ctx, upid, a.r.Progress)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	done, cerr := a.count(ctx, before, task)
	switch {
	case cerr != nil:
		return cerr
	case done:
		return nil
	case err != nil:
		return failed(err)
	default:
		return operation.Transient(fmt.Errorf("box %s: the backup task ended well, and storage %s lists no new point of VM %d", a.box.Name, a.storage, a.server.VMID))
	}
}

// fleecing keeps a slow vault from slowing the guest: what the guest overwrites
// meanwhile is put aside on the storage of the VMs.
func (a *attempt) fleecing() string {
	if a.kind == Remote {
		return a.box.Storages.VM
	}
	return ""
}

// failed tells what may come by itself from what will not: a task without the
// right fails the same way every time.
func failed(err error) error {
	if errors.Is(err, fleet.ErrRefused) || operation.IsTransient(err) {
		return err
	}
	return operation.Transient(err)
}

// active refuses, for now, a storage that is away.
func (a *attempt) active(ctx context.Context) error {
	all, err := a.hv.Storages(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(s fleet.ObservedStorage) bool { return s.Name == a.storage })
	if i < 0 {
		return &operation.Refused{Why: fmt.Sprintf("box %s has no storage %q", a.box.Name, a.storage), Fix: "accolade box enrol " + a.box.Name + " --repair"}
	}
	if !all[i].Active {
		return operation.Transient(&awayError{Box: a.box.Name, Storage: a.storage, Place: a.run.Place})
	}
	return nil
}

// awayError is a storage that its box cannot reach.
type awayError struct {
	Box, Storage string
	Place        Place
}

func (e *awayError) Error() string {
	if e.Place.Vault != "" {
		return fmt.Sprintf("vault %s is away: box %s cannot reach it", e.Place.Vault, e.Box)
	}
	return fmt.Sprintf("box %s: storage %s is away", e.Box, e.Storage)
}

// known is what the storage listed before the attempt; it is kept, so that a
// later controller knows a new point from an old one without trusting clocks.
func (a *attempt) known(ctx context.Context) ([]string, error) {
	var before []string
	if kept, err := a.r.Get(a.key("before"), &before); err != nil || kept {
		return before, err
	}
	points, err := a.points(ctx)
	if err != nil {
		return nil, err
	}
	before = []string{}
	for _, point := range points {
		before = append(before, point.ID)
	}
	return before, a.r.Set(a.key("before"), before)
}

// points are those that the storage lists. When it does not, whether it is away is
// looked into.
func (a *attempt) points(ctx context.Context) ([]fleet.Volume, error) {
	points, err := a.hv.Content(ctx, a.storage, "backup", a.server.VMID)
	if err != nil {
		if why := a.active(ctx); why != nil {
			return nil, why
		}
	}
	if err != nil && !operation.IsTransient(err) && !errors.Is(err, fleet.ErrRefused) {
		err = operation.Transient(err) // a vault that went away between two questions is an error of the call
	}
	return points, err
}

// settle waits for backups that still run: that of the resident job, which holds
// the box's one backup lock, or ours, whose answer may have been lost. How they
// ended is seen by what is listed afterwards.
func (a *attempt) settle(ctx context.Context) error {
	tasks, err := a.hv.Tasks(ctx, fleet.TaskFilter{Type: "vzdump"})
	if err != nil {
		return err
	}
	for _, task := range tasks {
		if !task.Running {
			continue
		}
		if _, err := a.hv.Wait(ctx, task.UPID, a.r.Progress); err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// count looks for a point that was not there before, and writes the run down. task is
// the one that was just waited for, with its log, if any.
func (a *attempt) count(ctx context.Context, before []string, task fleet.Task) (bool, error) {
	points, err := a.points(ctx)
	if err != nil {
		return false, err
	}
	for _, point := range points {
		if slices.Contains(before, point.ID) {
			continue
		}
		a.run.Point, a.run.At, a.run.Size, a.run.Ended = point.ID, point.Created, point.Size, a.r.Clock().Now()
		if err := a.describe(ctx, task); err != nil {
			return false, err
		}
		a.r.LogLine(fmt.Sprintf("%s lists %s", a.storage, point.ID))
		return true, nil
	}
	return false, nil
}

// logs is how many of the newest backup tasks of a VM are looked at for the one that
// made a point.
const logs = 5

// describe adds what the log of the task tells that made the point: the task is the
// one that names it, whoever started it and whether its answer came or not. Where the
// box has dropped the logs, it is the task that we started. waited is the one that was
// just waited for, with its log.
func (a *attempt) describe(ctx context.Context, waited fleet.Task) error {
	if a.made(waited.UPID, waited.Log) {
		return nil
	}
	if _, err := a.r.Get(a.key("upid"), &a.run.UPID); err != nil {
		return err
	}
	tasks, err := a.hv.Tasks(ctx, fleet.TaskFilter{Type: "vzdump", VMID: a.server.VMID, Limit: logs})
	if err != nil {
		return err
	}
	for _, task := range tasks {
		log, err := a.hv.TaskLog(ctx, task.UPID)
		if err != nil {
			if operation.IsTransient(err) {
				return err
			}
			continue // a log that the box has dropped
		}
		if a.made(task.UPID, log) {
			return nil
		}
	}
	return nil
}

// made writes down what a task's log tells, if it is the one that made the point.
func (a *attempt) made(upid string, log []string) bool {
	report := a.s.read(log)
	if report.Archive == "" || !strings.HasSuffix(a.run.Point, path.Base(report.Archive)) {
		return false
	}
	a.run.UPID, a.run.Read, a.run.Sent, a.run.Bitmap, a.run.Took = upid, report.Dirty, report.Sent, string(report.Bitmap), report.Duration
	return true
}

// Take makes one backup of a server inside another operation and returns the
// volid that the storage lists.
func (s *Service) Take(ctx context.Context, r *operation.Run, server fleet.Server, kind string) (string, error) {
	a, err := s.begin(r, server, Kind(kind), kind+"/"+server.Name+"/"+r.ID())
	if err != nil {
		return "", err
	}
	if err := a.take(ctx); err != nil {
		return "", err
	}
	return a.run.Point, nil
}

// pause is the time between two tries at a backup whose vault is away.
const pause = 10 * time.Minute
