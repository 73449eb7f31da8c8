package provisioning_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/provisioning"
)

func TestProvision(t *testing.T) {
	for _, version := range []string{"8.4", "9.2"} {
		t.Run(version, func(t *testing.T) {
			b := newBench(t, version)
			if op := b.provision(12); op.State != operation.Done {
				t.Fatalf("%s: %+v", op.State, op.Problem)
			}
			server, err := b.Registry.Server("kerlann")
			if err != nil {
				t.Fatal(err)
			}
			if server.State != fleet.ServerReady || server.VMID != 100 || !server.Protection || server.Address == "" || len(server.AdminSecret) == 0 {
				t.Errorf("server %+v", server)
			}
			vm, err := b.root.VM(t.Context(), 100)
			if err != nil {
				t.Fatal(err)
			}
			if !vm.Running || vm.Config["protection"] != "1" || vm.Config["tags"] != machine.Tag || vm.Config["ide2"] != "" || !strings.Contains(vm.Config["scsi0"], "size=64G") {
				t.Errorf("VM %+v", vm)
			}
			isos, err := b.root.Content(t.Context(), "accolade", "iso", 0)
			if err != nil || len(isos) != 0 {
				t.Errorf("seeds left: %v, %v", isos, err)
			}
			result, err := b.service.Result("kerlann")
			if err != nil {
				t.Fatal(err)
			}
			if result.Users != 12 || len(result.Apps) != 2 || result.Certificate.Authority != "selfsigned" || !strings.Contains(result.DNS, "MX") || result.Local == "" || result.Remote == "" || len(result.Warnings) != 0 {
				t.Errorf("result %+v", result)
			}
			var list struct {
				Users map[string]fleet.Account `json:"users"`
			}
			if err := json.Unmarshal([]byte(b.inside("yunohost", "user", "list", "--output-as", "json")), &list); err != nil || len(list.Users) != 13 {
				t.Errorf("%d users, %v; wanted 12 and the admin", len(list.Users), err)
			}
			user, password, err := b.service.AdminPassword("kerlann")
			if err != nil || user != "camille" || len(password.Reveal()) != 24 {
				t.Errorf("admin %q, password of %d characters, %v", user, len(password.Reveal()), err)
			}
			points, away, err := b.backups.Points(t.Context(), "kerlann")
			if err != nil || len(away) > 0 || len(points) != 2 {
				t.Errorf("points %+v, away %v, %v; wanted one local and one remote", points, away, err)
			}
		})
	}
}

func TestAThousandUsers(t *testing.T) {
	b := newBench(t, "9.2")
	if op := b.provision(0); op.State != operation.Done {
		t.Fatalf("%s: %+v", op.State, op.Problem)
	}
	list := strings.Replace(string(users(1000)), "user500;Prenom;Nom;;", "user500;Prenom;Nom;azerty123456;", 1)
	op, err := b.service.ImportUsers(t.Context(), "kerlann", "users.csv", []byte(list), "anne", "test")
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	follow := make(chan struct{})
	go func() {
		defer close(follow)
		for ev, err := range b.Engine.Follow(context.Background(), op.ID, 0) {
			if err != nil {
				return
			}
			if text := ev.Operation.Progress.Text; text != "" && (len(seen) == 0 || seen[len(seen)-1] != text) {
				seen = append(seen, text)
			}
		}
	}()
	op = b.Wait(op.ID)
	<-follow
	var all struct {
		Users map[string]fleet.Account `json:"users"`
	}
	if err := json.Unmarshal([]byte(b.inside("yunohost", "user", "list", "--output-as", "json")), &all); err != nil {
		t.Fatal(err)
	}
	_, made := all.Users["user500"]
	switch {
	case made && (len(all.Users) != 1001 || op.State != operation.Done):
		t.Errorf("%d users, operation %s: %+v", len(all.Users), op.State, op.Problem)
	case !made && (len(all.Users) != 1000 || op.State != operation.Failed || !strings.Contains(op.Problem.What, "no user for user500:")):
		t.Errorf("%d users, operation %s: %+v; wanted user500 named as refused", len(all.Users), op.State, op.Problem)
	}
	if len(seen) < 5 || !strings.Contains(strings.Join(seen, "\n"), "500 of 1000 users") {
		t.Errorf("progress was told as %q", seen)
	}
	// Again: nobody is made twice, nobody is missing.
	op, err = b.service.ImportUsers(t.Context(), "kerlann", "users.csv", users(1000), "anne", "test")
	if err != nil {
		t.Fatal(err)
	}
	if op = b.Wait(op.ID); op.State != operation.Done {
		t.Errorf("a second time: %s: %+v", op.State, op.Problem)
	}
}

func TestStartRefuses(t *testing.T) {
	b := newBench(t, "9.2")
	for name, test := range map[string]struct {
		change func(*provisioning.Request)
		want   string
	}{
		"client": {func(q *provisioning.Request) { q.Client = "other" }, "box kiosk stands at client kerlann, not other"},
		"box":    {func(q *provisioning.Request) { q.Box = "none" }, `no box "none"`},
		"name":   {func(q *provisioning.Request) { q.Server = "Ker Lann" }, `server name "Ker Lann" cannot be used`},
		"admin": {func(q *provisioning.Request) {
			q.UsersName, q.UsersText = "u.csv", users(1)
			q.Admin.Username = "user0"
		}, `user "user0" is the server's admin`},
		"room": {func(q *provisioning.Request) {
			q.BlueprintText = []byte(strings.Replace(b.blueprint(), "cores: 2", "cores: 9", 1))
		}, "wants 9 cores, the box has 4"},
		"disk": {func(q *provisioning.Request) {
			q.BlueprintText = []byte(strings.Replace(b.blueprint(), "disk: 64G", "disk: 30T", 1))
		}, "wants a disk of 30T"},
		"users": {func(q *provisioning.Request) { q.UsersName, q.UsersText = "u.csv", []byte("username\n") }, "u.csv:1: missing columns"},
		"two bad": {func(q *provisioning.Request) {
			q.UsersName, q.UsersText = "u.csv", []byte(strings.Replace(string(users(3)), "@kerlann.bzh", "@other.bzh", 2))
		}, "u.csv:3: mail"},
	} {
		t.Run(name, func(t *testing.T) {
			q := b.request(0)
			test.change(&q)
			op, err := b.service.Start(t.Context(), q)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v (operation %s), wanted %q", err, op.ID, test.want)
			}
		})
	}
	if list, err := b.Engine.List(operation.Filter{Kind: provisioning.KindProvision}); err != nil || len(list) != 0 {
		t.Errorf("operations %v, %v: a refusal left one", list, err)
	}
	if servers, err := b.Registry.Servers(); err != nil || len(servers) != 0 {
		t.Errorf("servers %v, %v: a refusal left one", servers, err)
	}
}

func TestAFailureTakesEverythingBack(t *testing.T) {
	b := newBench(t, "9.2")
	q := b.request(0)
	q.BlueprintText = []byte(strings.Replace(b.blueprint(), "domain: kerlann.bzh", "domain: kerlann.bzh\ninstaller: "+b.images+"/nothing", 1))
	op, err := b.service.Start(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if op = b.Wait(op.ID); op.State != operation.Failed || !strings.Contains(op.Problem.What, "installer ended with status") {
		t.Fatalf("%s: %+v", op.State, op.Problem)
	}
	vms, err := b.root.VMs(t.Context())
	if err != nil || len(vms) != 0 {
		t.Errorf("VMs %v, %v", vms, err)
	}
	if isos, err := b.root.Content(t.Context(), "accolade", "iso", 0); err != nil || len(isos) != 0 {
		t.Errorf("seeds %v, %v", isos, err)
	}
	server, err := b.Registry.Server("kerlann")
	if err != nil || server.State != fleet.ServerFailed || server.VMID != 0 {
		t.Errorf("server %+v, %v", server, err)
	}
	// The name and the number are free again.
	if op := b.provision(0); op.State != operation.Done {
		t.Fatalf("a second try: %s: %+v", op.State, op.Problem)
	}
	if server, err = b.Registry.Server("kerlann"); err != nil || server.VMID != 100 {
		t.Errorf("server %+v, %v", server, err)
	}
}
