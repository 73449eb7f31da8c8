package provisioning_test

import (
	"encoding/json"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/operation"
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
