package provisioning

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/templates"
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
}

// New puts a service together and registers its workflows with the engine.
func New(p Parts) *Service {
	s := &Service{db: p.DB, engine: p.Engine, fleet: p.Fleet, keeper: p.Keeper, backups: p.Backups, client: p.Client, connect: p.Connect, enter: p.Enter,
		https: p.HTTPS, relay: p.Relay, http: p.HTTP, folder: p.Blueprints, options: p.Options}
	p.Engine.Register(s.Workflow())
	p.Engine.Register(s.UsersWorkflow())
	return s
}

// Request asks for a server. Domain and Admin, when given, stand before those of
// the blueprint.
type Request struct {
	Server        string // empty: the domain's first label
	Client        string
	Box           string
	BlueprintName string // of one that ships or of the cooperative's own, or the name of the file
	BlueprintText []byte // empty: look the name up
	Domain        string
	Admin         Admin
	UsersName     string
	UsersText     []byte
	By, From      string
}

// Blueprint finds a blueprint by its name: the cooperative's own first, then
// those that ship.
func (s *Service) Blueprint(name string) ([]byte, error) {
	if s.folder != "" && name == filepath.Base(name) {
		text, err := os.ReadFile(filepath.Join(s.folder, name+".yaml"))
		if err == nil || !errors.Is(err, os.ErrNotExist) {
			return text, err
		}
	}
	if text, ok := templates.Blueprint(name); ok {
		return text, nil
	}
	return nil, &operation.Refused{Why: fmt.Sprintf("there is no blueprint named %q", name),
		Fix: "name one of " + strings.Join(templates.Blueprints(), ", ") + ", or give a file"}
}

// prepared is a request that was checked.
type prepared struct {
	input Input
	order Order
	box   fleet.Box
}

// prepare checks all that can be checked without asking the box.
func (s *Service) prepare(q Request) (p prepared, err error) {
	text, name := q.BlueprintText, q.BlueprintName
	if len(text) == 0 {
		if text, err = s.Blueprint(name); err != nil {
			return p, err
		}
	}
	blueprint, err := ReadBlueprint(name, text, s.options)
	if err != nil {
		return p, err
	}
	if q.Domain != "" {
		blueprint.Domain = q.Domain
	}
	if q.Admin.Username != "" {
		blueprint.Admin.Username = q.Admin.Username
	}
	if q.Admin.FullName != "" {
		blueprint.Admin.FullName = q.Admin.FullName
	}
	if err := blueprint.Complete(); err != nil {
		return p, &operation.Refused{Why: err.Error(), Fix: "write it into the blueprint, or give --domain, --admin and --admin-name"}
	}
	if q.Server == "" {
		q.Server, _, _ = strings.Cut(blueprint.Domain, ".")
	}
	if err := fleet.CheckName("server", q.Server); err != nil {
		return p, err
	}
	if blueprint.Relay {
		if err := s.checkRelay(); err != nil {
			return p, err
		}
	}
	if q.Client, err = s.clientID(q.Client); err != nil {
		return p, err
	}
	if p.box, err = s.fleet.Box(q.Box); err != nil {
		return p, err
	}
	if err := s.checkPlace(q, p.box, blueprint); err != nil {
		return p, err
	}
	p.input = Input{Server: q.Server, Client: q.Client, Box: q.Box, Blueprint: blueprint, BlueprintName: name}
	if len(q.UsersText) > 0 {
		users, err := ReadUsers(q.UsersName, q.UsersText, []string{blueprint.Domain})
		if err != nil {
			return p, err
		}
		if slices.ContainsFunc(users, func(u User) bool { return u.Username == blueprint.Admin.Username }) {
			return p, &operation.Refused{Why: fmt.Sprintf("%s: user %q is the server's admin, who is made by the post-install", q.UsersName, blueprint.Admin.Username), Fix: "take that row out, or name another admin"}
		}
		if p.input.Users, err = s.keeper.Seal(secret.New(string(q.UsersText))); err != nil {
			return p, err
		}
		p.input.UserCount = len(users)
	}
	p.order = Order{Server: q.Server, Client: q.Client, Box: p.box, Blueprint: blueprint, Mark: "OPERATION", SHA512: blueprint.Image.SHA512, Users: p.input.UserCount}
	return p, nil
}

func (s *Service) clientID(name string) (string, error) {
	if s.client == nil || name == "" {
		return name, nil
	}
	return s.client(name)
}

func (s *Service) checkRelay() error {
	relay, password, ok := s.relay()
	if !ok {
		return &operation.Refused{Why: "the blueprint wants a mail relay, and the configuration has none", Fix: "set relay: in the controller's configuration, or relay: false in the blueprint"}
	}
	if err := CheckRelay(relay.Host, relay.Port, relay.User, password.Reveal()); err != nil {
		return &operation.Refused{Why: "the relay of the configuration: " + err.Error(), Fix: "change relay: in the controller's configuration"}
	}
	return nil
}

// checkPlace refuses a name or a domain that is taken, and a box that takes no
// servers.
func (s *Service) checkPlace(q Request, box fleet.Box, blueprint Blueprint) error {
	if box.State != fleet.BoxReady {
		return &operation.Refused{Why: fmt.Sprintf("box %s is %s", box.Name, box.State), Fix: "finish its enrolment, or take it out of stock: accolade box edit " + box.Name}
	}
	if owner, err := s.clientID(box.Client); box.Client != "" && (err != nil || owner != q.Client) {
		return &operation.Refused{Why: fmt.Sprintf("box %s stands at client %s, not %s", box.Name, box.Client, q.Client), Fix: "name that client, or another box"}
	}
	servers, err := s.fleet.Servers()
	if err != nil {
		return err
	}
	for _, other := range servers {
		if other.State == fleet.ServerGone || other.State == fleet.ServerFailed {
			continue
		}
		if other.Name == q.Server {
			return &operation.Refused{Why: fmt.Sprintf("server %s exists already, on box %s (%s)", other.Name, other.Box, other.State), Fix: "choose another name with --name"}
		}
		if other.Domain == blueprint.Domain {
			return &operation.Refused{Why: fmt.Sprintf("domain %s belongs to server %s already", other.Domain, other.Name), Fix: "choose another domain"}
		}
	}
	return nil
}

// observe asks a box what a plan must know. without is left out of our servers.
func (s *Service) observe(ctx context.Context, hv Hypervisor, box fleet.Box, without string) (seen Observed, err error) {
	if seen.Node, err = hv.Status(ctx); err != nil {
		return seen, err
	}
	if seen.Storages, err = hv.Storages(ctx); err != nil {
		return seen, err
	}
	if seen.VMs, err = hv.VMs(ctx); err != nil {
		return seen, err
	}
	if seen.Images, err = hv.Content(ctx, box.Storages.Images, "import", 0); err != nil {
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
	seen, err := s.observe(ctx, hv, p.box, p.input.Server)
	if err != nil {
		return Plan{}, err
	}
	return NewPlan(p.order, seen)
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
	users, err := ReadUsers(file, text, []string{found.Domain})
	if err != nil {
		return operation.Operation{}, err
	}
	sealed, err := s.keeper.Seal(secret.New(string(text)))
	if err != nil {
		return operation.Operation{}, err
	}
	return s.engine.Start(ctx, operation.Request{Kind: KindUsers, Subject: "server/" + server, Leases: []string{"box/" + found.Box}, By: by, From: from,
		Input: UsersInput{Server: server, File: file, Users: sealed, Count: len(users)}})
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
