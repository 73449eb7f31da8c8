package pve_test

import (
	"net/url"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/pve"
)

// checked makes a read call and holds the answer to the API description.
func (s *site) checked(spec *apispec.Spec, path string, pairs ...string) {
	s.t.Helper()
	a := s.call("GET", path, pairs...)
	if a.status != 200 {
		s.t.Errorf("GET %s %v: %s", path, pairs, a)
		return
	}
	for _, fault := range apispec.CheckReturn(spec, "GET", path, a.data) {
		s.t.Error(fault)
	}
}

// TestReadCalls makes every read call of ordinary clients against a box with a VM,
// backups, snapshots, jobs and pools, and holds the answers to the API description.
func TestReadCalls(t *testing.T) {
	for version, name := range map[string]string{"9.2": apispec.PVE92, "8.4": apispec.PVE84} {
		t.Run(version, func(t *testing.T) {
			spec, err := apispec.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			s := newSite(t, func(c *pve.Config) { c.Version, c.PendingUpdate, c.Subscribed = version, 2, version == "8.4" })
			s.enrol()
			s.provision(100)
			s.must(nil, "POST", "/cluster/backup", "id=accolade-local", "pool=accolade", "storage=hdd", "schedule=01:30", "mode=snapshot", "compress=zstd",
				"prune-backups=keep-last=3,keep-daily=7", "repeat-missed=1", "notes-template={{guestname}}", "enabled=1", "fleecing=enabled=1,storage=local-lvm")
			s.task("OK", "POST", "/nodes/pve/qemu/100/snapshot", "snapname=s1", "description=first")
			s.must(nil, "PUT", "/nodes/pve/qemu/100/config", "memory=4096", "tags=accolade")
			s.wait(24 * time.Hour)
			s.task("OK", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=vault", "remove=0")
			var running string
			s.must(&running, "POST", "/nodes/pve/vzdump", "vmid=100", "storage=hdd")
			s.wait(2 * time.Second)
			local := s.content("hdd")
			if len(local) != 1 {
				t.Fatalf("the job made %d backups in a day, want 1", len(local))
			}
			for _, path := range []string{
				"/version", "/cluster", "/cluster/status", "/cluster/resources", "/cluster/tasks", "/cluster/options", "/cluster/nextid", "/cluster/backup",
				"/cluster/backup/accolade-local", "/cluster/backup/accolade-local/included_volumes", "/cluster/backup-info/not-backed-up",
				"/cluster/ha/resources", "/nodes", "/nodes/pve", "/nodes/pve/status", "/nodes/pve/qemu", "/nodes/pve/lxc", "/nodes/pve/storage", "/nodes/pve/tasks",
				"/nodes/pve/disks", "/nodes/pve/disks/list", "/nodes/pve/disks/directory", "/nodes/pve/network", "/nodes/pve/network/vmbr0", "/nodes/pve/apt/update",
				"/nodes/pve/services", "/nodes/pve/time", "/nodes/pve/version", "/nodes/pve/dns", "/nodes/pve/subscription", "/nodes/pve/certificates/info",
				"/nodes/pve/config", "/nodes/pve/hosts", "/pools", "/pools/accolade", "/storage", "/storage/hdd", "/storage/vault", "/nodes/pve/vzdump/defaults",
				"/nodes/pve/qemu/100", "/nodes/pve/qemu/100/config", "/nodes/pve/qemu/100/pending", "/nodes/pve/qemu/100/status", "/nodes/pve/qemu/100/status/current",
				"/nodes/pve/qemu/100/snapshot", "/nodes/pve/qemu/100/snapshot/s1", "/nodes/pve/qemu/100/snapshot/s1/config", "/nodes/pve/qemu/100/agent",
				"/nodes/pve/storage/hdd", "/nodes/pve/storage/hdd/status", "/nodes/pve/storage/hdd/content", "/nodes/pve/storage/vault/content",
				"/nodes/pve/storage/accolade/content", "/nodes/pve/storage/local-lvm/content", "/nodes/pve/tasks/" + running, "/nodes/pve/tasks/" + running + "/status",
				"/nodes/pve/tasks/" + running + "/log", "/nodes/pve/storage/hdd/content/" + local[0].Volid,
			} {
				s.checked(spec, path)
			}
			for _, frame := range []string{"hour", "day", "week", "month", "year"} {
				s.checked(spec, "/nodes/pve/rrddata", "timeframe="+frame)
				s.checked(spec, "/nodes/pve/qemu/100/rrddata", "timeframe="+frame)
				s.checked(spec, "/nodes/pve/storage/hdd/rrddata", "timeframe="+frame)
			}
			s.checked(spec, "/nodes/pve/disks/smart", "disk=/dev/sda")
			s.checked(spec, "/nodes/pve/disks/list", "include-partitions=1")
			s.checked(spec, "/nodes/pve/storage", "format=1", "content=backup")
			s.checked(spec, "/nodes/pve/storage/hdd/prunebackups", "prune-backups=keep-last=1")
			s.checked(spec, "/nodes/pve/vzdump/extractconfig", "volume="+local[0].Volid)
			s.checked(spec, "/nodes/pve/query-url-metadata", "url="+s.web.URL+"/images/debian-12-genericcloud-amd64.qcow2")
			s.checked(spec, "/cluster/resources", "type=vm")
			s.checked(spec, "/pools", "poolid=accolade")
			s.checked(spec, "/nodes/pve/qemu", "full=1")
			s.checked(spec, "/nodes/pve/tasks", "source=all", "errors=1", "vmid=100", "typefilter=vzdump", "since=1", "until=9999999999")
			s.checked(spec, "/nodes/pve/tasks/"+url.PathEscape(running)+"/log", "start=1", "limit=2")
		})
	}
}
