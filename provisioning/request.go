package provisioning

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/templates"
)

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
	order order
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
	blueprint, err := readBlueprint(name, text, s.options)
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
		users, err := readUsers(q.UsersName, q.UsersText, []string{blueprint.Domain})
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
	p.order = order{Server: q.Server, Client: q.Client, Box: p.box, Blueprint: blueprint, Mark: "OPERATION", SHA512: blueprint.Image.SHA512, Users: p.input.UserCount}
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
	if err := checkRelay(relay.Host, relay.Port, relay.User, password.Reveal()); err != nil {
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
