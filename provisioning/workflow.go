package provisioning

import (
	"context"
	"errors"
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
)

// Kinds of the operations of this room.
const (
	KindProvision = "server.provision"
	kindUsers     = "server.users"
)

// The steps of server.provision, in their order.
const (
	stepReserve     = "reserve"
	stepImage       = "image"
	stepSeed        = "seed"
	stepMachine     = "machine"
	stepResize      = "resize"
	stepStart       = "start"
	stepAgent       = "agent"
	stepFirstBoot   = "first-boot"
	stepInstall     = "install"
	stepPostInstall = "post-install"
	stepRelay       = "relay"
	stepDomain      = "domain"
	stepUsers       = "users"
	stepApps        = "apps"
	stepDiagnosis   = "diagnosis"
	stepSeal        = "seal"
	stepLocal       = "first-local-backup"
	stepRemote      = "first-remote-backup"
	stepReady       = "ready"
)

// Input is what an operation server.provision is about.
type Input struct {
	Server        string        `json:"server"`
	Client        string        `json:"client"`
	Box           string        `json:"box"`
	Blueprint     Blueprint     `json:"blueprint"`
	BlueprintName string        `json:"blueprint_name"`
	Users         secret.Sealed `json:"users,omitempty"` // the CSV: it may hold passwords
	UserCount     int           `json:"user_count,omitempty"`
}

// Workflow is the way from a blueprint to a running server. Each step first looks
// whether its work is done; the last ones tell what they could not do instead of
// failing, for by then there is a server that somebody may be using.
func (s *Service) Workflow() operation.Workflow {
	return operation.Workflow{Kind: KindProvision, Confided: usersList, Steps: []operation.Step{
		{Name: stepReserve, Do: s.reserve, Undo: s.giveUp, Deadline: 2 * time.Hour},
		{Name: stepImage, Do: s.image, CannotUndo: "the image stays on the box, for the next server", Deadline: 6 * time.Hour},
		{Name: stepSeed, Do: s.seed, Undo: s.dropSeed, Deadline: 2 * time.Hour},
		{Name: stepMachine, Do: s.machine, Undo: s.destroy, Deadline: 4 * time.Hour},
		{Name: stepResize, Do: s.resize, Deadline: 2 * time.Hour},
		{Name: stepStart, Do: s.start, Deadline: 2 * time.Hour},
		{Name: stepAgent, Do: s.agent, Deadline: 2 * time.Hour},
		{Name: stepFirstBoot, Do: s.firstBoot, Deadline: 2 * time.Hour},
		{Name: stepInstall, Do: s.install, Deadline: 6 * time.Hour},
		{Name: stepPostInstall, Do: s.postInstall, Deadline: 2 * time.Hour},
		{Name: stepRelay, Do: s.setRelay, Deadline: 2 * time.Hour},
		{Name: stepDomain, Do: s.domain, Deadline: 2 * time.Hour},
		{Name: stepUsers, Do: s.importUsers, Deadline: 12 * time.Hour},
		{Name: stepApps, Do: s.apps, Deadline: 12 * time.Hour},
		{Name: stepDiagnosis, Do: s.diagnosis, Deadline: 2 * time.Hour},
		{Name: stepSeal, Do: s.seal, Deadline: 2 * time.Hour},
		{Name: stepLocal, Do: s.firstLocal, CannotUndo: "the first local backup stays", Deadline: 12 * time.Hour},
		{Name: stepRemote, Do: s.firstRemote, CannotUndo: "the first remote backup stays", Deadline: 24 * time.Hour},
		{Name: stepReady, Do: s.ready, Deadline: 2 * time.Hour},
	}}
}

// job is what every step needs: the order, the box and the way to it.
type job struct {
	Input
	order order
	box   fleet.Box
	hv    Hypervisor
}

func (s *Service) job(r *operation.Run) (*job, error) {
	j := &job{}
	if err := r.Input(&j.Input); err != nil {
		return nil, err
	}
	var err error
	if j.box, err = s.fleet.Box(j.Box); err != nil {
		return nil, err
	}
	if j.hv, err = s.connect(j.box); err != nil {
		return nil, fmt.Errorf("box %s: %w", j.Box, err)
	}
	mark, err := machine.Mark(r)
	if err != nil {
		return nil, err
	}
	j.order = order{Server: j.Server, Client: j.Client, Box: j.box, Blueprint: j.Blueprint, Mark: mark, Users: j.UserCount}
	return j, nil
}

// vmid is the number that the machine step settled on.
func (s *Service) vmid(j *job) (int, error) {
	server, err := s.fleet.Server(j.Server)
	if err != nil {
		return 0, err
	}
	if server.VMID == 0 {
		return 0, fmt.Errorf("server %s has no VMID", j.Server)
	}
	return server.VMID, nil
}

// reserve takes a VMID in our store, once more checks the room, and writes the
// server down.
func (s *Service) reserve(ctx context.Context, r *operation.Run) error {
	j, err := s.job(r)
	if err != nil {
		return err
	}
	seen, err := s.observe(ctx, j.hv, j.box, j.Server, lately(r))
	if err != nil {
		return err
	}
	if _, err := room(j.order, seen); err != nil {
		return err
	}
	_, err = machine.Reserve(ctx, r, j.Box, j.hv, append([]fleet.VM{}, seen.VMs...), s.writeDown(j, r))
	return err
}

// writeDown puts the server into the registry under the VMID just reserved.
func (s *Service) writeDown(j *job, r *operation.Run) func(store.Tx, int) error {
	return func(tx store.Tx, vmid int) error {
		server, err := fleet.Servers.Get(tx, j.Server)
		if errors.Is(err, store.ErrNotFound) {
			server, err = fleet.Server{}, nil
		}
		if err != nil {
			return err
		}
		if server.Operation != r.ID() {
			server = fleet.Server{
				Name: j.Server, Client: j.Client, Box: j.Box, Domain: j.Blueprint.Domain, Blueprint: j.BlueprintName,
				Operation: r.ID(), Cores: j.Blueprint.Size.Cores, Memory: int64(j.Blueprint.Size.Memory), Disk: int64(j.Blueprint.Size.Disk),
				Reachable: j.Blueprint.Reachable.HTTPS, Created: r.Clock().Now(),
			}
			if err := Results.Put(tx, j.Server, Result{Admin: j.Blueprint.Admin.Username}); err != nil {
				return err
			}
		}
		server.VMID, server.State = vmid, fleet.ServerProvisioning
		return fleet.Servers.Put(tx, j.Server, server)
	}
}

// giveUp writes down that there is no such server after all.
func (s *Service) giveUp(_ context.Context, r *operation.Run) error {
	var in Input
	if err := r.Input(&in); err != nil {
		return err
	}
	if err := machine.Release(r); err != nil {
		return err
	}
	return s.edit(r, in.Server, func(server *fleet.Server) { server.State, server.VMID = fleet.ServerFailed, 0 })
}

// edit changes our server's record, if it is this operation's.
func (s *Service) edit(r *operation.Run, name string, change func(*fleet.Server)) error {
	return r.Update(func(tx store.Tx) error {
		server, err := fleet.Servers.Get(tx, name)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil || server.Operation != r.ID() {
			return err
		}
		change(&server)
		return fleet.Servers.Put(tx, name, server)
	})
}

// machine makes the VM.
func (s *Service) machine(ctx context.Context, r *operation.Run) error {
	j, err := s.job(r)
	if err != nil {
		return err
	}
	vmid, err := machine.Birth{
		Box: j.Box, Hypervisor: j.hv, Reserved: s.writeDown(j, r),
		Params: func(string) map[string]any { return machineParams(j.order) },
	}.Make(ctx, r)
	if err != nil {
		return err
	}
	r.LogLine(fmt.Sprintf("VM %d stands on box %s", vmid, j.Box))
	return nil
}

func (s *Service) destroy(ctx context.Context, r *operation.Run) error {
	j, err := s.job(r)
	if err != nil {
		return err
	}
	return machine.Destroy(ctx, r, j.Box, j.hv)
}

// ready closes the work: the server is in service.
func (s *Service) ready(ctx context.Context, r *operation.Run) error {
	j, err := s.job(r)
	if err != nil {
		return err
	}
	vmid, err := s.vmid(j)
	if err != nil {
		return err
	}
	addresses, err := j.hv.AgentAddresses(ctx, vmid)
	if err != nil {
		return err
	}
	if err := machine.Release(r); err != nil {
		return err
	}
	err = s.edit(r, j.Server, func(server *fleet.Server) {
		server.State, server.Ready, server.Protection = fleet.ServerReady, r.Clock().Now(), true
		if len(addresses) > 0 {
			server.Address = addresses[0]
		}
	})
	if err != nil {
		return err
	}
	server, err := s.fleet.Server(j.Server)
	if err != nil {
		return err
	}
	return s.backups.Watch(server)
}
