// Package enrol makes a bare Proxmox box one of ours: it checks the box, gives it
// storages, a place on a vault, a nightly backup job of its own and a login for
// us with the least rights, and revokes the credential that it came in with. Run
// again it finds everything there and changes nothing; with repair it mends what
// somebody else changed.
//
// It never wipes a disk unless its serial number was given for that, and it never
// keeps a right that the daily work does not need: what needs more is done here,
// with the technician's credential.
package enrol

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
)

// kind is the operation's kind.
const kind = "box.enrol"

// Input is what a technician says about the box. Credential is sealed before it
// is stored.
type Input struct {
	Name        string        `json:"name"`
	Site        string        `json:"site"`
	Client      string        `json:"client,omitempty"`
	Spare       bool          `json:"spare,omitempty"` // waits in stock
	URL         string        `json:"url"`
	Fingerprint string        `json:"fingerprint"`
	Vault       string        `json:"vault"`
	Namespace   string        `json:"namespace,omitempty"`  // default: the box's name
	VMStorage   string        `json:"vm_storage,omitempty"` // default: the first that holds VM disks
	Bridge      string        `json:"bridge,omitempty"`     // default: vmbr0
	SSD         string        `json:"ssd,omitempty"`        // serial number; default: the one that Proxmox is on
	HDD         string        `json:"hdd,omitempty"`        // serial number; default: the only hard disk
	WipeDisk    string        `json:"wipe_disk,omitempty"`  // serial number of a disk whose data may be destroyed
	Schedule    string        `json:"schedule"`             // of the local backup job, for instance 01:30
	Retention   string        `json:"retention"`            // of the local backup job, as prune-backups has it
	PlannedDisk int64         `json:"planned_disk"`         // bytes of disk that a server gets
	Repair      bool          `json:"repair,omitempty"`
	Credential  secret.Sealed `json:"credential"`
}

// Deps are what the enrolment works with.
type Deps struct {
	DB        store.DB
	Engine    *operation.Engine
	Keeper    *secret.Keeper
	Clock     clock.Clock
	Log       *slog.Logger
	DialBox   func(b fleet.Box, login fleet.Login) Host
	DialVault func(v fleet.Vault, key secret.Value) VaultServer
	Allowed   func(url string) error // refuses addresses that this controller must not reach; nil: none
	// Restored are the VMs on a box that a restore of ours made beside its servers: VMID
	// to name. nil: none.
	Restored func(tx store.Tx, box string) (map[int]string, error)

	Schedule  string // default of Input.Schedule
	Retention string // default of Input.Retention
}

// Service plans and starts enrolments.
type Service struct {
	Deps

	mu    sync.Mutex
	known map[string]*seldom // by the box's name, for Round
}

// defaultDisk is the disk that a server is planned with where nothing else is said.
const defaultDisk = 64 << 30

// New registers the workflow with the engine.
func New(d Deps) *Service {
	d.Schedule = cmp.Or(d.Schedule, "01:30")
	d.Retention = cmp.Or(d.Retention, fleet.DefaultRetention().String())
	s := &Service{Deps: d, known: map[string]*seldom{}}
	d.Engine.Register(s.workflow())
	return s
}

// Plan looks at the box and says what an enrolment would do, changing nothing.
func (s *Service) Plan(ctx context.Context, in Input, login fleet.Login) (Plan, error) {
	in, err := s.complete(in)
	if err != nil {
		return Plan{}, err
	}
	e, err := s.open(in, login, nil)
	if err != nil {
		return Plan{}, err
	}
	defer e.close()
	return e.plan(ctx)
}

// Start plans, and starts the operation that carries the plan out. When nothing is
// to be done it starts none: the operation's ID is empty then.
func (s *Service) Start(ctx context.Context, in Input, login fleet.Login, by, from string) (operation.Operation, Plan, error) {
	in, err := s.complete(in)
	if err != nil {
		return operation.Operation{}, Plan{}, err
	}
	e, err := s.open(in, login, nil)
	if err != nil {
		return operation.Operation{}, Plan{}, err
	}
	plan, err := e.plan(ctx)
	e.close()
	if err != nil || len(plan.Actions) == 0 {
		return operation.Operation{}, plan, err
	}
	if e.known && e.box.State != fleet.BoxEnrolling && !in.Repair {
		return operation.Operation{}, plan, &operation.Refused{
			Why: fmt.Sprintf("box %s is enrolled already, and %d things on it are not as they should be; the first: %s", in.Name, len(plan.Actions), plan.Actions[0].What),
			Fix: "see all with `accolade box enrol " + in.Name + " --repair --dry-run`, mend them with --repair"}
	}
	if in.Credential, err = s.seal(login); err != nil {
		return operation.Operation{}, plan, err
	}
	op, err := s.Engine.Start(ctx, operation.Request{Kind: kind, Subject: "box/" + in.Name, Input: in, Leases: []string{"box/" + in.Name}, By: by, From: from})
	return op, plan, err
}

// seal packs a login for the store: only its ID and User would be readable.
func (s *Service) seal(l fleet.Login) (secret.Sealed, error) {
	text := l.Secret.Reveal()
	if !l.Password() {
		text = l.TokenID + "=" + text
	}
	return s.Keeper.Seal(secret.New(text))
}

func (s *Service) unseal(b secret.Sealed) (fleet.Login, error) {
	text, err := s.Keeper.Open(b)
	if err != nil {
		return fleet.Login{}, fmt.Errorf("open the bootstrap credential: %w", err)
	}
	return fleet.ParseLogin(text.Reveal())
}

// complete fills in what was not said, from the box's record when it is known, and
// refuses what cannot be.
func (s *Service) complete(in Input) (Input, error) {
	if err := fleet.CheckName("box", in.Name); err != nil {
		return in, err
	}
	var known fleet.Box
	err := s.DB.View(func(tx store.Tx) (err error) {
		known, err = fleet.Boxes.Get(tx, in.Name)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return in, err
	}
	if in.Repair && errors.Is(err, store.ErrNotFound) {
		return in, &operation.Refused{Why: "box " + in.Name + " is not known, so there is nothing to repair", Fix: "enrol it without --repair"}
	}
	in.URL = cmp.Or(in.URL, known.URL)
	in.Fingerprint = cmp.Or(in.Fingerprint, known.Fingerprint)
	in.Site = cmp.Or(in.Site, known.Site)
	in.Client = cmp.Or(in.Client, known.Client)
	in.Vault = cmp.Or(in.Vault, known.Vault)
	in.Namespace = cmp.Or(known.Namespace, in.Namespace, in.Name)
	in.VMStorage = cmp.Or(in.VMStorage, known.Storages.VM)
	in.Bridge = cmp.Or(in.Bridge, known.Bridge, "vmbr0")
	in.Schedule = cmp.Or(in.Schedule, known.Job.Schedule, s.Schedule)
	in.Retention = cmp.Or(in.Retention, known.Job.Prune, s.Retention)
	in.PlannedDisk = cmp.Or(in.PlannedDisk, defaultDisk)
	for _, d := range known.Disks {
		switch d.Role {
		case fleet.RoleSystem:
			in.SSD = cmp.Or(in.SSD, d.Serial)
		case fleet.RoleBackup:
			in.HDD = cmp.Or(in.HDD, d.Serial)
		}
	}
	if in.HDD == "" {
		in.HDD = in.WipeDisk
	}
	for _, missing := range []struct{ value, flag string }{{in.URL, "url"}, {in.Fingerprint, "fingerprint"}, {in.Site, "site"}} {
		if missing.value == "" {
			return in, &operation.Refused{Why: fmt.Sprintf("box %s: %s is missing", in.Name, missing.flag), Fix: "give --" + missing.flag}
		}
	}
	if in.URL, err = fleet.CleanURL(in.URL, "8006"); err != nil {
		return in, err
	}
	if in.Fingerprint, err = fleet.CleanFingerprint(in.Fingerprint); err != nil {
		return in, err
	}
	if s.Allowed != nil {
		if err := s.Allowed(in.URL); err != nil {
			return in, err
		}
	}
	return s.chooseVault(in)
}

// chooseVault takes the only vault when none was named.
func (s *Service) chooseVault(in Input) (Input, error) {
	if in.Vault != "" {
		return in, nil
	}
	var vaults []fleet.Vault
	err := s.DB.View(func(tx store.Tx) (err error) {
		vaults, err = fleet.Vaults.List(tx)
		return err
	})
	switch {
	case err != nil:
		return in, err
	case len(vaults) == 0:
		return in, &operation.Refused{Why: "there is no vault for the remote backups of box " + in.Name, Fix: "add one with `accolade vault add`"}
	case len(vaults) > 1:
		return in, &operation.Refused{Why: fmt.Sprintf("there are %d vaults, and box %s names none", len(vaults), in.Name), Fix: "say which with --vault"}
	}
	in.Vault = vaults[0].Name
	return in, nil
}

// hostPort splits an address that fleet.CleanURL wrote: https://HOST:PORT.
func hostPort(address string) (host string, port int) {
	host, text, err := net.SplitHostPort(strings.TrimPrefix(address, "https://"))
	if err != nil {
		return address, 0
	}
	if port, err = strconv.Atoi(text); err != nil {
		port = 0
	}
	return host, port
}
