package pve_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	proxmox "github.com/luthermonson/go-proxmox"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/pve"
	"codeberg.org/accolade/accolade/internal/sim/simtime"

	"net/http/httptest"
)

// The library that most Go programs speak to Proxmox with works unchanged, by login
// and by token, on both versions.
func TestLibrary(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			world := simtime.New(simtime.Options{Start: time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC), Speed: 200})
			box := pve.NewBox(pve.Config{Name: "pve", Version: version, World: world, Seed: 1,
				Report: func(fault string) { t.Errorf("answer: %s", fault) }})
			world.Add(box)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- world.Run(ctx) }()
			defer func() {
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			}()
			if err := box.SetPassword("root@pam", rootPassword); err != nil {
				t.Fatal(err)
			}
			server := httptest.NewTLSServer(box.Handler())
			defer server.Close()
			spec, err := apispec.Load("pve-" + version)
			if err != nil {
				t.Fatal(err)
			}
			transport := &apispec.Watch{
				Spec: spec,
				Next: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
				Report: func(fault string) {
					if !strings.Contains(fault, "colour") { // which is sent to be refused
						t.Errorf("%s", fault)
					}
				},
			}
			g := &goProxmox{T: t, ctx: ctx, url: server.URL + "/api2/json", http: &http.Client{Transport: transport}}
			g.byLogin()
			g.byToken()
		})
	}
}

type goProxmox struct {
	*testing.T
	ctx  context.Context
	url  string
	http *http.Client
	c    *proxmox.Client
}

func must[T any](t *testing.T, what string) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return v
	}
}

func (g *goProxmox) byLogin() {
	g.c = proxmox.NewClient(g.url, proxmox.WithHTTPClient(g.http), proxmox.WithCredentials(&proxmox.Credentials{Username: "root@pam", Password: rootPassword}))
	must[*proxmox.Version](g.T, "version")(g.c.Version(g.ctx))
	if err := g.c.NewRole(g.ctx, "Tech", "VM.Audit,Sys.Audit,Datastore.Audit"); err != nil {
		g.Fatalf("role: %v", err)
	}
	if err := g.c.NewRole(g.ctx, "Tech", "VM.Audit"); err == nil || !strings.Contains(err.Error(), "create role failed: role 'Tech' already exists") {
		g.Errorf("the role again: %v", err)
	}
	if err := g.c.NewUser(g.ctx, &proxmox.NewUser{UserID: "tech@pve", Enable: true}); err != nil {
		g.Fatalf("user: %v", err)
	}
	if err := g.c.UpdateACL(g.ctx, proxmox.ACLOptions{Path: "/", Roles: "Tech", Users: "tech@pve", Propagate: true}); err != nil {
		g.Fatalf("acl: %v", err)
	}
	must[proxmox.ACLs](g.T, "acl")(g.c.ACL(g.ctx))
	must[proxmox.Roles](g.T, "roles")(g.c.Roles(g.ctx))
	must[proxmox.Domains](g.T, "domains")(g.c.Domains(g.ctx))
	for _, u := range must[proxmox.Users](g.T, "users")(g.c.Users(g.ctx)) {
		must[proxmox.Tokens](g.T, "tokens")(u.GetAPITokens(g.ctx))
		if u.UserID == "root@pam" {
			token := must[proxmox.NewAPIToken](g.T, "token")(u.NewAPIToken(g.ctx, proxmox.Token{TokenID: "sdk", Privsep: false}))
			g.c = proxmox.NewClient(g.url, proxmox.WithHTTPClient(g.http), proxmox.WithAPIToken(token.FullTokenID, token.Value))
		}
	}
	wrong := proxmox.NewClient(g.url, proxmox.WithHTTPClient(g.http), proxmox.WithAPIToken("root@pam!sdk", "wrong"))
	if _, err := wrong.Version(g.ctx); !proxmox.IsNotAuthorized(err) {
		g.Errorf("wrong secret: %v", err)
	}
}

func (g *goProxmox) wait(what string) func(*proxmox.Task, error) {
	return func(task *proxmox.Task, err error) {
		g.Helper()
		if err != nil {
			g.Fatalf("%s: %v", what, err)
		}
		if err := task.Wait(g.ctx, 5*time.Millisecond, 20*time.Second); err != nil {
			g.Fatalf("%s: wait: %v", what, err)
		}
		if !task.IsSuccessful {
			g.Fatalf("%s ended with %q", what, task.ExitStatus)
		}
	}
}

func (g *goProxmox) byToken() {
	must[proxmox.NodeStatuses](g.T, "nodes")(g.c.Nodes(g.ctx))
	node := must[*proxmox.Node](g.T, "node")(g.c.Node(g.ctx, "pve"))
	// node.Disks is left out: v0.8.2 takes the wear of an SSD for a text, which no host
	// with an SSD sends
	must[proxmox.NodeNetworks](g.T, "networks")(node.Networks(g.ctx))
	must[proxmox.Storages](g.T, "storages")(node.Storages(g.ctx))
	must[*proxmox.NodeTime](g.T, "time")(node.Time(g.ctx))
	must[[]*proxmox.NodeService](g.T, "services")(node.Services(g.ctx))
	must[*proxmox.Subscription](g.T, "subscription")(node.Subscription(g.ctx))
	must[[]*proxmox.RRDData](g.T, "rrd")(node.RRDData(g.ctx, proxmox.TimeframeHour, proxmox.AVERAGE))
	must[[]*proxmox.APTUpdate](g.T, "apt")(node.APTUpdates(g.ctx))
	must[proxmox.Containers](g.T, "containers")(node.Containers(g.ctx))
	must[proxmox.ClusterStorages](g.T, "storage")(g.c.ClusterStorages(g.ctx))
	cluster := must[*proxmox.Cluster](g.T, "cluster")(g.c.Cluster(g.ctx))
	must[proxmox.ClusterResources](g.T, "resources")(cluster.Resources(g.ctx))
	vmid := must[int](g.T, "next id")(cluster.NextID(g.ctx))
	if err := g.c.NewPool(g.ctx, "accolade", "ours"); err != nil {
		g.Fatalf("pool: %v", err)
	}

	local := must[*proxmox.Storage](g.T, "local")(node.Storage(g.ctx, "local"))
	file := filepath.Join(g.TempDir(), "seed.iso")
	if err := os.WriteFile(file, make([]byte, 40<<10), 0o600); err != nil {
		g.Fatal(err)
	}
	g.wait("upload")(local.Upload("iso", file))
	must[*proxmox.ISO](g.T, "iso")(local.ISO(g.ctx, "seed.iso"))

	option := func(name string, value any) proxmox.VirtualMachineOption {
		return proxmox.VirtualMachineOption{Name: name, Value: value}
	}
	g.wait("create")(node.NewVirtualMachine(g.ctx, vmid, option("name", "web"), option("cores", 2), option("memory", 2048), option("pool", "accolade"),
		option("scsi0", "local-lvm:8"), option("net0", "virtio,bridge=vmbr0"), option("onboot", true), option("agent", "enabled=1"), option("ide2", "local:iso/seed.iso,media=cdrom")))
	if _, err := node.NewVirtualMachine(g.ctx, vmid); err == nil || !strings.HasPrefix(err.Error(), "500 unable to create VM") {
		g.Errorf("the same again: %v", err)
	}
	if _, err := node.NewVirtualMachine(g.ctx, vmid+1, option("colour", "red")); err == nil || !strings.Contains(err.Error(), "colour") {
		g.Errorf("an unknown option: %v", err)
	}
	vm := must[*proxmox.VirtualMachine](g.T, "vm")(node.VirtualMachine(g.ctx, vmid))
	g.wait("tag")(vm.AddTag(g.ctx, "accolade"))
	g.wait("resize")(vm.ResizeDisk(g.ctx, "scsi0", "16G"))
	g.wait("start")(vm.Start(g.ctx))
	if err := vm.Ping(g.ctx); err != nil || !vm.IsRunning() {
		g.Errorf("running: %v %v", vm.Status, err)
	}
	if _, err := vm.AgentOsInfo(g.ctx); err == nil || !strings.Contains(err.Error(), "guest agent is not running") {
		g.Errorf("agent of an empty disk: %v", err)
	}
	g.wait("stop")(vm.Stop(g.ctx))
	must[proxmox.Tasks](g.T, "tasks")(cluster.Tasks(g.ctx))
	g.wait("destroy")(vm.Delete(g.ctx, nil))
}
