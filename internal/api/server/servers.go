package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/provisioning"
)

func (s *Server) registerServers() {
	handle(s, route{method: http.MethodGet, path: "/servers", id: "list-servers", summary: "Servers by name", roles: everyone}, s.listServers)
	handle(s, route{method: http.MethodGet, path: "/servers/{server}", id: "show-server", summary: "One server", roles: everyone}, s.showServer)
	handle(s, route{method: http.MethodPost, path: "/servers/plan", id: "plan-server", summary: "The calls that making a server would send; changes nothing", roles: techs, limit: fileLimit}, s.planServer)
	handle(s, route{method: http.MethodPost, path: "/servers", id: "provision-server", summary: "Make a server", roles: techs, status: http.StatusAccepted, limit: fileLimit}, s.provisionServer)
	handle(s, route{method: http.MethodPost, path: "/servers/{server}/users", id: "import-users", summary: "Import users from a CSV", roles: techs, status: http.StatusAccepted, limit: fileLimit}, s.importUsers)
	handle(s, route{method: http.MethodPost, path: "/servers/{server}/password", id: "show-password", summary: "Tell the password of a server's first admin", roles: techs, discloses: true}, s.showPassword)
}

// fileLimit is for bodies that carry a file: a thousand users and more.
const fileLimit = 4 << 20

func (s *Server) listServers(context.Context, *struct{}) (*answer[[]api.Server], error) {
	servers, err := s.Fleet.Servers()
	if err != nil {
		return nil, err
	}
	out := make([]api.Server, len(servers))
	for i, one := range servers {
		out[i] = wireServer(one)
	}
	return body(out), nil
}

func (s *Server) showServer(_ context.Context, in *struct {
	Server string `path:"server"`
}) (*answer[api.Server], error) {
	found, err := s.Fleet.Server(in.Server)
	if err != nil {
		return nil, err
	}
	out := wireServer(found)
	result, err := s.Provisioning.Result(in.Server)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		out.Made = wireResult(result)
	}
	return body(out), nil
}

func (s *Server) planServer(ctx context.Context, in *struct{ Body api.NewServer }) (*answer[api.ServerPlan], error) {
	plan, err := s.Provisioning.Plan(ctx, newServer(ctx, in.Body))
	if err != nil {
		return nil, err
	}
	out := api.ServerPlan{Server: plan.Server, Box: plan.Box, VMID: plan.VMID, Warnings: plan.Warnings}
	for _, call := range plan.Calls {
		out.Calls = append(out.Calls, api.ServerCall(call))
	}
	return body(out), nil
}

func (s *Server) provisionServer(ctx context.Context, in *struct{ Body api.NewServer }) (*answer[operation.Operation], error) {
	note(ctx, "servers/"+in.Body.Name, "on box "+in.Body.Box+" for "+in.Body.Client)
	op, err := s.Provisioning.Start(ctx, newServer(ctx, in.Body))
	if err != nil {
		return nil, err
	}
	return body(op), nil
}

func newServer(ctx context.Context, n api.NewServer) provisioning.Request {
	who := caller(ctx)
	q := provisioning.Request{Server: n.Name, Client: n.Client, Box: n.Box, BlueprintName: n.Blueprint.Name, BlueprintText: []byte(n.Blueprint.Text),
		Domain: n.Domain, Admin: provisioning.Admin{Username: n.Admin, FullName: n.AdminName}, By: who.Name, From: who.From}
	if n.Users != nil {
		q.UsersName, q.UsersText = n.Users.Name, []byte(n.Users.Text)
	}
	return q
}

func (s *Server) importUsers(ctx context.Context, in *struct {
	Server string `path:"server"`
	Body   api.File
}) (*answer[operation.Operation], error) {
	who := caller(ctx)
	op, err := s.Provisioning.ImportUsers(ctx, in.Server, in.Body.Name, []byte(in.Body.Text), who.Name, who.From)
	if err != nil {
		return nil, err
	}
	return body(op), nil
}

func (s *Server) showPassword(_ context.Context, in *struct {
	Server string `path:"server"`
}) (*answer[api.AdminPassword], error) {
	user, password, err := s.Provisioning.AdminPassword(in.Server)
	if err != nil {
		return nil, err
	}
	return body(api.AdminPassword{User: user, Password: password.Reveal()}), nil
}

func wireServer(one fleet.Server) api.Server {
	return api.Server{Name: one.Name, Client: one.Client, Box: one.Box, VMID: one.VMID, Domain: one.Domain, State: string(one.State), Blueprint: one.Blueprint,
		Operation: one.Operation, Cores: one.Cores, Memory: one.Memory, Disk: one.Disk, Address: one.Address, Protected: one.Protection, Created: one.Created, Ready: one.Ready}
}

func wireResult(r provisioning.Result) *api.ServerMade {
	made := &api.ServerMade{Certificate: r.Certificate.Authority, DNS: r.DNS, Users: r.Users, Apps: r.Apps, Warnings: r.Warnings, Local: r.Local, Remote: r.Remote}
	for _, finding := range r.Findings {
		made.Findings = append(made.Findings, fmt.Sprintf("%s: %s (%s)", finding.Status, finding.Summary, finding.Category))
	}
	return made
}
