package pve_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/sharedtest"
	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/pve"
)

// TestCoverage tells how much of the API is simulated, and how much of that was ever
// recorded; each handler must belong to a method of one version at least, and what
// ordinary clients read must be there.
func TestCoverage(t *testing.T) {
	known := map[string]bool{}
	for _, version := range versions {
		spec, err := apispec.Load("pve-" + version)
		if err != nil {
			t.Fatal(err)
		}
		simulated := 0
		for _, m := range spec.Methods {
			known[m.Sig()] = true
			if slices.Contains(pve.Simulated(), m.Sig()) {
				simulated++
			}
		}
		t.Logf("pve %s: %d of %d methods simulated", version, simulated, len(spec.Methods))
	}
	for _, sig := range pve.Simulated() {
		if !known[sig] {
			t.Errorf("handler %s belongs to no method", sig)
		}
	}
	recorded := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "recorded", "pve-9.2.4"), "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := apispec.Load(apispec.PVE92)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all []exchange
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			if m, _, ok := spec.Find(e.Method, e.Path); ok {
				recorded[m.Sig()] = true
			}
		}
	}
	both := 0
	for sig := range recorded {
		if slices.Contains(pve.Simulated(), sig) {
			both++
		}
	}
	t.Logf("recorded: %d methods, %d of them simulated", len(recorded), both)
	for _, sig := range clientReads {
		if !slices.Contains(pve.Simulated(), sig) {
			t.Errorf("%s, which ordinary clients read, is not simulated", sig)
		}
	}
}

// clientReads are the read calls that ordinary clients make.
var clientReads = strings.Split(strings.TrimSpace(`
GET /version
GET /cluster/status
GET /cluster/resources
GET /cluster/backup
GET /cluster/backup-info
GET /cluster/backup-info/not-backed-up
GET /cluster/tasks
GET /cluster/nextid
GET /nodes
GET /nodes/{node}/status
GET /nodes/{node}/qemu
GET /nodes/{node}/lxc
GET /nodes/{node}/storage
GET /nodes/{node}/tasks
GET /nodes/{node}/disks/list
GET /nodes/{node}/network
GET /nodes/{node}/rrddata
GET /nodes/{node}/apt/update
GET /nodes/{node}/services
GET /pools
GET /access
GET /access/users
GET /access/groups
GET /access/roles
GET /access/acl
GET /access/domains
GET /access/permissions
GET /nodes/{node}/qemu/{vmid}/config
GET /nodes/{node}/qemu/{vmid}/status/current
GET /nodes/{node}/qemu/{vmid}/pending
GET /nodes/{node}/qemu/{vmid}/snapshot
POST /nodes/{node}/qemu/{vmid}/agent/ping
GET /nodes/{node}/qemu/{vmid}/agent/get-osinfo
GET /nodes/{node}/qemu/{vmid}/agent/network-get-interfaces
POST /nodes/{node}/qemu/{vmid}/agent/exec
GET /nodes/{node}/qemu/{vmid}/agent/exec-status
`), "\n")
