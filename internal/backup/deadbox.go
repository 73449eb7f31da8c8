package backup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// restoreInput is what an operation backup.restore is about.
type restoreInput struct {
	Server string `json:"server"` // whose point it is
	Client string `json:"client"`
	Box    string `json:"box"`
	Point  string `json:"point"` // volid on that box
	Name   string `json:"name"`  // of the new VM
}

// Restored is what a restore made.
type Restored struct {
	Operation string    `json:"operation"`
	Server    string    `json:"server"` // whose content it is
	Box       string    `json:"box"`
	VMID      int       `json:"vmid"`
	Name      string    `json:"name"`
	Point     string    `json:"point"`
	At        time.Time `json:"at"`
}

// Restores are kept by operation.
var Restores = store.NewCollection[Restored]("backup-restore", 1,
	store.WithIndex("server", func(r Restored) []string { return []string{r.Server} }))

// RestoredOn are the VMs that restores made on a box: VMID to name.
func RestoredOn(tx store.Tx, box string) (map[int]string, error) {
	all, err := Restores.List(tx)
	made := map[int]string{}
	for _, r := range all {
		if r.Box == box {
			made[r.VMID] = r.Name
		}
	}
	return made, err
}

func (s *Service) restoreWorkflow() operation.Workflow {
	return operation.Workflow{Kind: KindRestore, Steps: []operation.Step{
		{Name: "check", Do: s.checkPoint, Deadline: time.Hour},
		{Name: "restore", Do: s.restore, Undo: s.destroy, Deadline: 24 * time.Hour},
		{Name: "done", Do: s.restored, Deadline: time.Hour},
	}}
}

// RestoreAsNew starts a restore of a point to a free VMID of its box, which is how a dead
// box is brought back too: onto a spare. The new VM stays off: beside the old one it
// would claim the same address. point is a volid, or empty for the server's newest point.
func (s *Service) RestoreAsNew(ctx context.Context, name, point string, by, from string) (operation.Operation, error) {
	server, err := s.fleet.Server(name)
	if err != nil {
		return operation.Operation{}, err
	}
	if server.VMID == 0 {
		return operation.Operation{}, &operation.Refused{Why: fmt.Sprintf("server %s has no VM and so no backups", name), Fix: "name another server"}
	}
	points, away, err := s.Points(ctx, name)
	if err != nil {
		return operation.Operation{}, err
	}
	i := 0
	if point != "" {
		i = slices.IndexFunc(points, func(p Point) bool { return p.ID == point })
	}
	if len(away) > 0 && (i < 0 || len(points) == 0) {
		return operation.Operation{}, &operation.Refused{Why: fmt.Sprintf("not all backups of server %s can be listed now: %s", name, whyAway(away)), Fix: "try again when that answers"}
	}
	if i < 0 || len(points) == 0 {
		return operation.Operation{}, &operation.Refused{Why: strings.TrimSpace(fmt.Sprintf("server %s has no backup point %s", name, point)), Fix: "accolade backup list " + name + " shows those that are there"}
	}
	return s.engine.Start(ctx, operation.Request{Kind: KindRestore, Subject: "server/" + name, Leases: []string{"box/" + server.Box}, By: by, From: from,
		Input: restoreInput{Server: name, Client: server.Client, Box: server.Box, Point: points[i].ID, Name: name + "-restored"}})
}

func whyAway(away []error) string {
	var all []string
	for _, err := range away {
		all = append(all, err.Error())
	}
	return strings.Join(all, "; ")
}

func (s *Service) restoring(r *operation.Run) (in restoreInput, box fleet.Box, hv Hypervisor, err error) {
	if err = r.Input(&in); err != nil {
		return in, box, nil, err
	}
	if box, err = s.fleet.Box(in.Box); err != nil {
		return in, box, nil, err
	}
	if hv, err = s.connect(box); err != nil {
		err = fmt.Errorf("box %s: %w", in.Box, err)
	}
	return in, box, hv, err
}

// checkPoint makes sure that the point is still listed and that it fits.
func (s *Service) checkPoint(ctx context.Context, r *operation.Run) error {
	in, box, hv, err := s.restoring(r)
	if err != nil {
		return err
	}
	storage, _, _ := strings.Cut(in.Point, ":")
	points, err := hv.Content(ctx, storage, "backup", 0)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(points, func(v fleet.Volume) bool { return v.ID == in.Point }) {
		return operation.Permanent(fmt.Errorf("box %s: storage %s does not list %s any more", in.Box, storage, in.Point), "accolade backup list "+in.Server)
	}
	server, err := s.fleet.Server(in.Server)
	if err != nil {
		return err
	}
	all, err := hv.Storages(ctx)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.Name == box.Storages.VM && one.Free < server.Disk {
			return operation.Permanent(fmt.Errorf("box %s: the disk of %s needs %d bytes, storage %s has %d free", in.Box, in.Server, server.Disk, one.Name, one.Free),
				"make room on the box")
		}
	}
	return nil
}

func (s *Service) restore(ctx context.Context, r *operation.Run) error {
	in, box, hv, err := s.restoring(r)
	if err != nil {
		return err
	}
	vmid, err := machine.Birth{Box: in.Box, Hypervisor: hv, Params: func(mark string) map[string]any {
		return map[string]any{"pool": box.Pool, "name": in.Name, "description": machine.Description(mark, in.Name, in.Client), "onboot": false, "memory": 512}
	}, Over: func(mark string) map[string]any {
		return map[string]any{
			"archive": in.Point, "storage": box.Storages.VM, "unique": true,
			"name": in.Name, "description": machine.Description(mark, in.Name, in.Client), "onboot": false,
		}
	}}.Make(ctx, r)
	if err != nil {
		return err
	}
	r.LogLine(fmt.Sprintf("%s is back as VM %d on box %s, switched off", in.Point, vmid, in.Box))
	return r.Set("vmid", vmid)
}

func (s *Service) destroy(ctx context.Context, r *operation.Run) error {
	in, _, hv, err := s.restoring(r)
	if err != nil {
		return err
	}
	err = machine.Destroy(ctx, r, in.Box, hv)
	if err != nil && !operation.IsStaying(err) {
		return err
	}
	return cmp.Or(machine.Release(r), err)
}

func (s *Service) restored(_ context.Context, r *operation.Run) error {
	var in restoreInput
	if err := r.Input(&in); err != nil {
		return err
	}
	var vmid int
	if _, err := r.Get("vmid", &vmid); err != nil {
		return err
	}
	if err := machine.Release(r); err != nil {
		return err
	}
	return r.Update(func(tx store.Tx) error {
		return Restores.Put(tx, r.ID(), Restored{Operation: r.ID(), Server: in.Server, Box: in.Box, VMID: vmid, Name: in.Name, Point: in.Point, At: r.Clock().Now()})
	})
}

// Restored is what a restore made.
func (s *Service) Restored(op string) (made Restored, err error) {
	err = s.db.View(func(tx store.Tx) error {
		made, err = Restores.Get(tx, op)
		return err
	})
	return made, err
}
