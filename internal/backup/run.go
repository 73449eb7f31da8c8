package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Kinds of the operations of this room.
const (
	kindRemote  = "backup.remote"
	kindLocal   = "backup.local"
	KindRestore = "backup.restore" // a backup becomes a server again
)

// runInput is what an operation backup.remote or backup.local is about.
type runInput struct {
	Server string    `json:"server"`
	Kind   Kind      `json:"kind"`
	Run    string    `json:"run"`   // ID of the run
	Until  time.Time `json:"until"` // a storage that is away is tried until then
}

func (s *Service) runWorkflow(kind string) operation.Workflow {
	return operation.Workflow{Kind: kind, Steps: []operation.Step{
		{Name: "backup", Do: s.runStep, CannotUndo: "backup points are not taken back", Deadline: 48 * time.Hour},
	}}
}

// runStep tries until there is a point or the night is over.
func (s *Service) runStep(ctx context.Context, r *operation.Run) error {
	var in runInput
	if err := r.Input(&in); err != nil {
		return err
	}
	server, err := s.fleet.Server(in.Server)
	if err != nil {
		return err
	}
	a, err := s.begin(r, server, in.Kind, in.Run)
	if err != nil {
		return err
	}
	for {
		err := a.take(ctx)
		switch {
		case err == nil:
			return s.arrived(r, a.run)
		case ctx.Err() != nil || !operation.IsTransient(err) || operation.IsAway(err) && !passing(err): // the engine waits for a box that is away
			return err
		case !r.Clock().Now().Add(pause).Before(in.Until):
			a.run.Ended = r.Clock().Now()
			if serr := a.save(); serr != nil {
				return serr
			}
			return operation.Permanent(fmt.Errorf("server %s: no %s backup: %w", in.Server, in.Kind, err),
				"see that the storage is reachable from box "+a.box.Name+", then: accolade backup run "+in.Server)
		}
		r.Progress(0, fmt.Sprintf("%v; trying again until %s", err, in.Until.Format("15:04 MST")))
		if err := r.Clock().Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// passing tells of what a night waits for until its end, and no longer: there is
// another night.
func passing(err error) bool {
	return errors.Is(err, fleet.ErrStorageAway) || errors.Is(err, fleet.ErrLocked)
}

// Start starts a backup of a server now.
func (s *Service) Start(_ context.Context, name string, kind Kind, by, from string) (op operation.Operation, err error) {
	now := s.clk.Now()
	err = s.db.Update(func(tx store.Tx) error {
		op, err = s.start(tx, name, kind, now, now.Add(2*time.Hour), by, from)
		return err
	})
	return op, err
}

// start writes a run and its operation down in one transaction.
func (s *Service) start(tx store.Tx, name string, kind Kind, at, until time.Time, by, from string) (op operation.Operation, err error) {
	server, err := fleet.Servers.Get(tx, name)
	if err != nil {
		return op, err
	}
	if server.State != fleet.ServerReady {
		return op, &operation.Refused{Why: fmt.Sprintf("server %s is %s", name, server.State), Fix: "back up servers that are in service"}
	}
	box, err := fleet.Boxes.Get(tx, server.Box)
	if err != nil {
		return op, err
	}
	if storageOf(box, kind) == "" {
		return op, &operation.Refused{Why: fmt.Sprintf("box %s has no storage for %s backups", box.Name, kind), Fix: "accolade box enrol " + box.Name + " --repair"}
	}
	workflow, limits := kindRemote, []string{"vault/" + box.Vault}
	if kind == Local {
		workflow, limits = kindLocal, nil
	}
	id := fmt.Sprintf("%s/%s/%s", kind, name, at.UTC().Format(time.RFC3339Nano))
	op, err = s.engine.StartTx(tx, operation.Request{Kind: workflow, Subject: "server/" + name, Leases: []string{"box/" + box.Name}, Limits: limits, By: by, From: from,
		Input: runInput{Server: name, Kind: kind, Run: id, Until: until}})
	if err != nil {
		return op, err
	}
	return op, Runs.Put(tx, id, Run{ID: id, Server: name, Kind: kind, Box: box.Name, Place: placeOf(box, kind, server.VMID), Operation: op.ID, Started: s.clk.Now()})
}
