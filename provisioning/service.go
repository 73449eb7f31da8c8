package provisioning

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
)

// Backups takes the first backups of a server, and cares for the later ones.
type Backups interface {
	// Take makes one backup of a server now and returns its volid once the storage
	// lists it. It keeps its checkpoints in the operation.
	Take(ctx context.Context, r *operation.Run, server fleet.Server, kind string) (volid string, err error)
	// Watch puts a server under the nightly schedule.
	Watch(server fleet.Server) error
}

// Parts are what a Service is put together from.
type Parts struct {
	DB      store.DB
	Engine  *operation.Engine
	Fleet   *fleet.Registry
	Keeper  *secret.Keeper
	Backups Backups

	// Client finds a client's ID from the name that somebody typed; nil: any name is
	// an ID.
	Client func(name string) (id string, err error)
	// Connect reaches a box.
	Connect func(fleet.Box) (Hypervisor, error)
	// Enter reaches the inside of a VM; run sets one operation's commands apart.
	Enter func(hv Hypervisor, vmid int, run string) Guest
	// HTTPS changes to a server's own API; nil: everything goes through the agent.
	HTTPS func(Guest, Access) Guest
	// Relay is the mail relay of the configuration, checked; ok is false without.
	Relay func() (relay fleet.Relay, password secret.Value, ok bool)
	// HTTP reads checksums, over verified TLS.
	HTTP *http.Client

	Blueprints string // folder of the cooperative's own; empty: none
	Options    Options
}

// Service makes servers.
type Service struct {
	db      store.DB
	engine  *operation.Engine
	fleet   *fleet.Registry
	keeper  *secret.Keeper
	backups Backups
	client  func(string) (string, error)
	connect func(fleet.Box) (Hypervisor, error)
	enter   func(Hypervisor, int, string) Guest
	https   func(Guest, Access) Guest
	relay   func() (fleet.Relay, secret.Value, bool)
	http    *http.Client
	folder  string
	options Options
	glances glances
}

// New puts a service together and registers its workflows with the engine.
func New(p Parts) *Service {
	s := &Service{db: p.DB, engine: p.Engine, fleet: p.Fleet, keeper: p.Keeper, backups: p.Backups, client: p.Client, connect: p.Connect, enter: p.Enter,
		https: p.HTTPS, relay: p.Relay, http: p.HTTP, folder: p.Blueprints, options: p.Options}
	p.Engine.Register(s.Workflow())
	p.Engine.Register(s.UsersWorkflow())
	return s
}

// observe asks a box what a plan must know, unless it was asked since notBefore.
// without is left out of our servers.
func (s *Service) observe(ctx context.Context, hv Hypervisor, box fleet.Box, without string, notBefore time.Time) (seen observed, err error) {
	if seen, err = s.glances.look(ctx, hv, box, s.engine.Clock().Now(), notBefore); err != nil {
		return seen, err
	}
	all, err := s.fleet.ServersOn(box.Name)
	for _, server := range all {
		if server.Name != without && server.State != fleet.ServerFailed {
			seen.Servers = append(seen.Servers, server)
		}
	}
	return seen, err
}

// Plan checks a request and lists the calls that it would send. It changes nothing.
func (s *Service) Plan(ctx context.Context, q Request) (Plan, error) {
	p, err := s.prepare(q)
	if err != nil {
		return Plan{}, err
	}
	return s.plan(ctx, p)
}

func (s *Service) plan(ctx context.Context, p prepared) (Plan, error) {
	hv, err := s.connect(p.box)
	if err != nil {
		return Plan{}, fmt.Errorf("box %s: %w", p.box.Name, err)
	}
	seen, err := s.observe(ctx, hv, p.box, p.input.Server, s.engine.Clock().Now())
	if err != nil {
		return Plan{}, err
	}
	return newPlan(p.order, seen)
}

// Start checks a request, and that the box has room for it now, and starts the
// operation. A box that does not answer is no reason to refuse: the operation waits
// for it.
func (s *Service) Start(ctx context.Context, q Request) (operation.Operation, error) {
	p, err := s.prepare(q)
	if err != nil {
		return operation.Operation{}, err
	}
	if err := s.underWay(p.input); err != nil {
		return operation.Operation{}, err
	}
	if _, err := s.plan(ctx, p); err != nil && !operation.IsTransient(err) {
		return operation.Operation{}, err
	}
	return s.engine.Start(ctx, operation.Request{Kind: KindProvision, Subject: "server/" + p.input.Server, Input: p.input,
		Leases: []string{"box/" + p.box.Name}, By: q.By, From: q.From})
}

// underWay refuses a server, or a domain, that an operation is about to make.
func (s *Service) underWay(in Input) error {
	open, err := s.engine.List(operation.Filter{Kind: KindProvision, Open: true})
	if err != nil {
		return err
	}
	for _, op := range open {
		if op.Subject == "server/"+in.Server {
			return &operation.Refused{Why: fmt.Sprintf("operation %s makes server %s already", op.ID, in.Server), Fix: "accolade operation follow " + op.ID}
		}
	}
	return nil
}

// ImportUsers checks a list of users and starts the operation that brings them
// into a server.
func (s *Service) ImportUsers(ctx context.Context, server, file string, text []byte, by, from string) (operation.Operation, error) {
	found, err := s.fleet.Server(server)
	if err != nil {
		return operation.Operation{}, err
	}
	if found.State != fleet.ServerReady {
		return operation.Operation{}, &operation.Refused{Why: fmt.Sprintf("server %s is %s", server, found.State), Fix: "wait until it is in service"}
	}
	users, err := readUsers(file, text, []string{found.Domain})
	if err != nil {
		return operation.Operation{}, err
	}
	sealed, err := s.keeper.Seal(secret.New(string(text)))
	if err != nil {
		return operation.Operation{}, err
	}
	return s.engine.Start(ctx, operation.Request{Kind: kindUsers, Subject: "server/" + server, Leases: []string{"box/" + found.Box}, By: by, From: from,
		Input: usersInput{Server: server, File: file, Users: sealed, Count: len(users)}})
}

// Result is what the provisioning of a server had to tell.
func (s *Service) Result(server string) (result Result, err error) {
	err = s.db.View(func(tx store.Tx) error {
		result, err = Results.Get(tx, server)
		return err
	})
	return result, err
}

// AdminPassword opens the password of a server's first admin.
func (s *Service) AdminPassword(server string) (user string, password secret.Value, err error) {
	found, err := s.fleet.Server(server)
	if err != nil {
		return "", password, err
	}
	if len(found.AdminSecret) == 0 {
		return "", password, &operation.Refused{Why: fmt.Sprintf("server %s has no password yet", server), Fix: "wait for its post-install"}
	}
	result, err := s.Result(server)
	if err != nil {
		return "", password, err
	}
	password, err = s.keeper.Open(found.AdminSecret)
	return result.Admin, password, err
}
