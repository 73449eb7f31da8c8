package api

import (
	"context"
	"time"

	"codeberg.org/accolade/accolade/internal/operation"
)

// Server is one YunoHost server.
type Server struct {
	Name      string      `json:"name"`
	Client    string      `json:"client"`
	Box       string      `json:"box"`
	VMID      int         `json:"vmid" doc:"number of the VM on its box; 0: there is none"`
	Domain    string      `json:"domain"`
	State     string      `json:"state" enum:"planned,provisioning,ready,failed,gone"`
	Blueprint string      `json:"blueprint"`
	Operation string      `json:"operation" doc:"the one that made it"`
	Cores     int         `json:"cores"`
	Memory    int64       `json:"memory" doc:"bytes"`
	Disk      int64       `json:"disk" doc:"bytes"`
	Address   string      `json:"address,omitempty"`
	Protected bool        `json:"protected" doc:"the box refuses to destroy its VM"`
	Created   time.Time   `json:"created"`
	Ready     time.Time   `json:"ready,omitzero"`
	Made      *ServerMade `json:"made,omitempty" doc:"what its provisioning has to tell"`
}

// ServerMade is what a provisioning has to tell at its end.
type ServerMade struct {
	Certificate string   `json:"certificate" doc:"selfsigned, letsencrypt or other"`
	DNS         string   `json:"dns" doc:"zone text to publish"`
	Users       int      `json:"users" doc:"imported"`
	Apps        []string `json:"apps,omitempty"`
	Findings    []string `json:"findings,omitempty" doc:"what YunoHost's diagnosis found"`
	Warnings    []string `json:"warnings,omitempty"`
	Local       string   `json:"local_backup,omitempty" doc:"first backup on the box's own disk"`
	Remote      string   `json:"remote_backup,omitempty" doc:"first backup on the vault"`
}

// NewServer asks for a server.
type NewServer struct {
	Name      string `json:"name,omitempty" doc:"empty: the domain's first label"`
	Client    string `json:"client" minLength:"1"`
	Box       string `json:"box" minLength:"1"`
	Blueprint File   `json:"blueprint" doc:"a file, or the name of a blueprint of the controller"`
	Domain    string `json:"domain,omitempty" doc:"stands before the blueprint's"`
	Admin     string `json:"admin,omitempty" doc:"user name of YunoHost's first admin; stands before the blueprint's"`
	AdminName string `json:"admin_name,omitempty" doc:"their full name"`
	Users     *File  `json:"users,omitempty" doc:"CSV of users to import"`
}

// File is a file that the caller read, or only its name.
type File struct {
	Name string `json:"name" minLength:"1"`
	Text string `json:"text,omitempty"`
}

// ServerPlan is what making a server would do.
type ServerPlan struct {
	Server   string       `json:"server"`
	Box      string       `json:"box"`
	VMID     int          `json:"vmid"`
	Calls    []ServerCall `json:"calls"`
	Warnings []string     `json:"warnings,omitempty"`
}

// ServerCall is one call that would be sent.
type ServerCall struct {
	Step   string         `json:"step"`
	Method string         `json:"method"`
	Path   string         `json:"path"`
	Params map[string]any `json:"params,omitempty"`
	Note   string         `json:"note,omitempty"`
}

// AdminPassword is the way into a server's web admin.
type AdminPassword struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// Servers lists the servers by name.
func (c *Client) Servers(ctx context.Context) ([]Server, error) {
	var out []Server
	return out, c.Get(ctx, "/servers", &out)
}

// Server reads one.
func (c *Client) Server(ctx context.Context, name string) (Server, error) {
	var out Server
	return out, c.Get(ctx, path("servers", name), &out)
}

// PlanServer lists the calls that making a server would send. It changes nothing.
func (c *Client) PlanServer(ctx context.Context, s NewServer) (ServerPlan, error) {
	var out ServerPlan
	return out, c.Post(ctx, "/servers/plan", s, &out)
}

// ProvisionServer starts the operation that makes a server.
func (c *Client) ProvisionServer(ctx context.Context, s NewServer) (operation.Operation, error) {
	var out operation.Operation
	return out, c.Post(ctx, "/servers", s, &out)
}

// ImportUsers starts the operation that brings users into a server.
func (c *Client) ImportUsers(ctx context.Context, server string, users File) (operation.Operation, error) {
	var out operation.Operation
	return out, c.Post(ctx, path("servers", server, "users"), users, &out)
}

// ServerPassword tells the password of a server's first admin; the audit records
// who asked.
func (c *Client) ServerPassword(ctx context.Context, server string) (AdminPassword, error) {
	var out AdminPassword
	return out, c.Post(ctx, path("servers", server, "password"), nil, &out)
}
