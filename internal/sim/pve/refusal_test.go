package pve_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/pve"
)

// TestRefusals: what the real system refuses, in its words.
func TestRefusals(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.provision(100)
	const qemu = "/nodes/pve/qemu"
	vm := qemu + "/100"
	for _, r := range []struct {
		status     int
		text       string
		verb, path string
		pairs      []string
	}{
		{500, "storage ID 'hdd' already defined", "POST", "/storage", []string{"type=dir", "storage=hdd", "path=/mnt/pve/hdd"}},
		{500, "illegal path for directory storage: /mnt/p v", "POST", "/storage", []string{"type=dir", "storage=hdd2", "path=/mnt/p v"}},
		{500, "directory is expected to be a mount point but is not mounted: '/mnt/pve/no'", "POST", "/storage", []string{"type=dir", "storage=no", "path=/mnt/pve/no", "is_mountpoint=1"}},
		{500, "vault2: error fetching datastores - 500 Can't connect to away:8007", "POST", "/storage", []string{"type=pbs", "storage=vault2", "server=away", "datastore=central", "username=root@pam!box", "password=secret-of-the-vault", "fingerprint=" + fingerprint}},
		{500, "not verified, abort!", "POST", "/storage", []string{"type=pbs", "storage=vault2", "server=vault", "datastore=central", "username=root@pam!box", "password=secret-of-the-vault", "fingerprint=" + strings.Replace(fingerprint, "AA", "AB", 1)}},
		{500, "vault2: error fetching datastores - 401 Unauthorized", "POST", "/storage", []string{"type=pbs", "storage=vault2", "server=vault", "datastore=central", "username=root@pam!box", "password=wrong-secret", "fingerprint=" + fingerprint}},
		{500, "vault2: Cannot find datastore 'other', check permissions and existence!", "POST", "/storage", []string{"type=pbs", "storage=vault2", "server=vault", "datastore=other", "username=root@pam!box", "password=secret-of-the-vault", "fingerprint=" + fingerprint}},
		{500, "Value does not seems like a valid, JSON formatted encryption key!", "POST", "/storage", []string{"type=pbs", "storage=vault2", "server=vault", "datastore=central", "username=root@pam!box", "password=secret-of-the-vault", "fingerprint=" + fingerprint, "encryption-key=nonsense"}},
		{500, "delete storage failed: storage 'nothing' does not exist", "DELETE", "/storage/nothing", nil},
		{500, "device '/dev/sda' is already in use", "POST", "/nodes/pve/disks/directory", []string{"device=/dev/sda", "name=x1"}},
		{500, "not a valid local disk", "POST", "/nodes/pve/disks/directory", []string{"device=/dev/sdz", "name=x1"}},
		{403, "Permission check failed", "PUT", "/nodes/pve/disks/wipedisk", []string{"disk=/dev/sdb"}},
		{500, "pool 'nope' does not exist", "POST", qemu, []string{"vmid=200", "pool=nope"}},
		{500, "storage 'nope' does not exist", "POST", qemu, []string{"vmid=200", "scsi0=nope:8"}},
		{400, "storage 'hdd' does not support vm images", "POST", qemu, []string{"vmid=200", "scsi0=hdd:8"}},
		{400, "'import-from' requires special syntax", "POST", qemu, []string{"vmid=200", "scsi0=local-lvm:8,import-from=accolade:import/x.qcow2"}},
		{400, "explicit 'media=cdrom' is required for iso images", "POST", qemu, []string{"vmid=200", "ide2=accolade:iso/x.iso"}},
		{500, "only root can set 'args' config", "POST", qemu, []string{"vmid=200", "args=-no-hpet"}},
		{500, "only root can set 'hookscript' config", "POST", qemu, []string{"vmid=200", "hookscript=local:snippets/x.pl"}},
		{500, "only root can set 'serial0' config for real devices", "POST", qemu, []string{"vmid=200", "serial0=/dev/ttyS0"}},
		{500, "Only root can pass arbitrary filesystem paths.", "POST", qemu, []string{"vmid=200", "scsi0=local-lvm:0,import-from=/tmp/x.qcow2"}},
		{400, "option conflicts with option 'archive'", "POST", qemu, []string{"vmid=200", "archive=hdd:backup/vzdump-qemu-100-2026_09_14-15_00_00.vma.zst", "scsi0=local-lvm:8"}},
		{400, "wrong file extension", "POST", "/nodes/pve/storage/accolade/download-url", []string{"content=iso", "filename=x.qcow2", "url=http://a/x"}},
		{400, "invalid filename or wrong extension", "POST", "/nodes/pve/storage/accolade/download-url", []string{"content=import", "filename=x.img", "url=http://a/x"}},
		{500, "storage 'hdd' is not configured for content-type 'iso'", "POST", "/nodes/pve/storage/hdd/download-url", []string{"content=iso", "filename=x.iso", "url=http://a/x"}},
		{500, "unable to parse directory volume name", "DELETE", "/nodes/pve/storage/accolade/content/accolade:nonsense", nil},
		{400, "storage ID mismatch (hdd != accolade)", "DELETE", "/nodes/pve/storage/accolade/content/hdd:iso/x.iso", nil},
		{500, "no options specified", "PUT", vm + "/config", nil},
		{500, "checksum mismatch (file change by other user?)", "PUT", vm + "/config", []string{"name=x", "digest=0123456789012345678901234567890123456789"}},
		{400, "unknown option 'colour'", "PUT", vm + "/config", []string{"delete=colour"}},
		{400, "you can't use '-name' and", "PUT", vm + "/config", []string{"name=x", "delete=name"}},
		{500, "balloon value too large", "PUT", vm + "/config", []string{"balloon=16384"}},
		{500, "device 'scsi9' does not exist", "PUT", vm + "/config", []string{"boot=order=scsi9"}},
		{500, "unable to use snapshot name 'current'", "POST", vm + "/snapshot", []string{"snapname=current"}},
		{500, "snapshot 'nope' does not exist", "GET", vm + "/snapshot/nope/config", nil},
		{400, "option conflicts with option 'vmid'", "POST", "/nodes/pve/vzdump", []string{"vmid=100", "pool=accolade"}},
		{400, "property is missing", "POST", "/nodes/pve/vzdump", []string{"storage=hdd"}},
		{400, "variable 'what' at char", "POST", "/nodes/pve/vzdump", []string{"vmid=100", "storage=hdd", "notes-template={{what}}"}},
		{400, "Only root may set this option.", "POST", "/nodes/pve/vzdump", []string{"vmid=100", "tmpdir=/tmp"}},
		{500, "pool 'nope' does not exist", "POST", "/cluster/backup", []string{"id=x1", "pool=nope", "storage=hdd", "schedule=01:30"}},
		{400, "neither 'starttime' nor 'schedule' were set", "POST", "/cluster/backup", []string{"id=x1", "pool=accolade", "storage=hdd"}},
		{400, "No such job 'nope'", "DELETE", "/cluster/backup/nope", nil},
		{500, "pool 'accolade' already exists", "POST", "/pools", []string{"poolid=accolade"}},
		{500, "pool 'accolade' is not empty (contains VM 100)", "DELETE", "/pools/accolade", nil},
		{400, "VM 100 already exists", "GET", "/cluster/nextid", []string{"vmid=100"}},
		{400, "no such task", "GET", "/nodes/pve/tasks/UPID:pve:00000001:00000001:00000001:qmstart:100:root@pam!test:/status", nil},
		{400, "unable to parse worker upid", "GET", "/nodes/pve/tasks/nonsense/status", nil},
		{501, "is not simulated", "POST", vm + "/template", nil},
	} {
		s.refused(r.status, r.text, r.verb, r.path, r.pairs...)
	}
}

// TestFailuresInTasks: what is refused only once the worker runs.
func TestFailuresInTasks(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.provision(100)
	const qemu = "/nodes/pve/qemu"
	vm := qemu + "/100"
	for _, r := range []struct {
		exit       string
		verb, path string
		pairs      []string
	}{
		{"unable to create VM 200 - cannot import from 'accolade:import/no.qcow2'", "POST", qemu, []string{"vmid=200", "scsi0=local-lvm:0,import-from=accolade:import/no.qcow2"}},
		{"unable to create VM 200 - volume accolade:iso/no.iso does not exist", "POST", qemu, []string{"vmid=200", "ide2=accolade:iso/no.iso,media=cdrom"}},
		{"download failed: exit code 4", "POST", "/nodes/pve/storage/accolade/download-url", []string{"content=import", "filename=a.qcow2", "url=https://cloud.debian.org/a.qcow2"}},
		{"download failed: exit code 8", "POST", "/nodes/pve/storage/accolade/download-url", []string{"content=import", "filename=a.qcow2", "url=" + s.web.URL + "/nothing"}},
		{"checksum mismatch: got '", "POST", "/nodes/pve/storage/accolade/download-url", []string{"content=import", "filename=a.qcow2", "url=" + s.web.URL + "/images/debian-12-genericcloud-amd64.qcow2", "checksum=00", "checksum-algorithm=sha512"}},
		{"refusing to override existing file", "POST", "/nodes/pve/storage/accolade/download-url", []string{"content=import", "filename=debian-12-genericcloud-amd64.qcow2", "url=" + s.web.URL + "/images/debian-12-genericcloud-amd64.qcow2"}},
		{"shrinking disks is not supported", "PUT", vm + "/resize", []string{"disk=scsi0", "size=1G"}},
		{"disk 'scsi5' does not exist", "PUT", vm + "/resize", []string{"disk=scsi5", "size=1G"}},
		{"snapshot 'nope' does not exist", "POST", vm + "/snapshot/nope/rollback", nil},
		{"snapshot 'nope' does not exist", "DELETE", vm + "/snapshot/nope", nil},
		{"job errors", "POST", "/nodes/pve/vzdump", []string{"vmid=999", "storage=hdd"}},
		{"wrong content type", "POST", "/nodes/pve/vzdump", []string{"vmid=100", "storage=accolade"}},
		{"does not exist", "POST", "/nodes/pve/vzdump", []string{"vmid=100", "storage=nope"}},
		{"does not exist", "POST", qemu, []string{"vmid=200", "archive=hdd:backup/vzdump-qemu-100-2026_01_01-01_00_00.vma.zst", "storage=local-lvm"}},
	} {
		s.task(r.exit, r.verb, r.path, r.pairs...)
	}
	var list []struct{ VMID int }
	s.must(&list, "GET", qemu)
	for _, v := range list {
		if v.VMID == 200 {
			s.task("OK", "DELETE", qemu+"/200") // a failed restore leaves the VM behind
		}
	}
	s.task("OK", "POST", qemu, "vmid=200", "cores=9", "memory=512", "net0=virtio,bridge=vmbr9")
	s.task("MAX 4 vcpus allowed per VM on this node", "POST", qemu+"/200/status/start")
	s.must(nil, "PUT", qemu+"/200/config", "cores=1")
	s.task("bridge 'vmbr9' does not exist", "POST", qemu+"/200/status/start")
	s.must(nil, "PUT", qemu+"/200/config", "delete=net0", "memory=262144")
	s.task("start failed: QEMU exited with code 1", "POST", qemu+"/200/status/start")
}

// TestFaults: what can be injected.
func TestFaults(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.provision(100)
	backup := []string{"vmid=100", "storage=hdd", "compress=zstd"}

	s.box.FailTask("vzdump", "100", "interrupted by a test", 5*time.Second)
	s.task("interrupted by a test", "POST", "/nodes/pve/vzdump", backup...)
	if len(s.content("hdd")) != 0 {
		t.Error("a failed backup is listed")
	}
	s.box.FailTask("qmcreate", "", "nothing is done", 0)
	s.task("nothing is done", "POST", "/nodes/pve/qemu", "vmid=555", "scsi0=local-lvm:8")
	s.refused(500, "does not exist", "GET", "/nodes/pve/qemu/555/config")
	s.box.WarnTask("vzdump", "", "something is odd")
	s.task("WARNINGS: 1", "POST", "/nodes/pve/vzdump", backup...)

	s.box.HangTask("vzdump", "")
	var upid string
	s.must(&upid, "POST", "/nodes/pve/vzdump", backup...)
	s.wait(48 * time.Hour)
	var state taskState
	if s.must(&state, "GET", "/nodes/pve/tasks/"+upid+"/status"); state.Status != "running" {
		t.Errorf("the hanging task: %+v", state)
	}
	s.must(nil, "DELETE", "/nodes/pve/tasks/"+upid)
	if s.must(&state, "GET", "/nodes/pve/tasks/"+upid+"/status"); state.ExitStatus != "interrupted by signal" {
		t.Errorf("the stopped task: %+v", state)
	}

	s.box.LockVM(100, 1)
	s.refused(500, "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout", "PUT", "/nodes/pve/qemu/100/config", "name=other")
	s.must(nil, "PUT", "/nodes/pve/qemu/100/config", "name=other")
	s.box.LockVM(100, 1)
	s.task("can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout", "POST", "/nodes/pve/qemu/100/status/stop")

	s.box.FillStorage("hdd", 2<<40)
	log := s.task("job errors", "POST", "/nodes/pve/vzdump", backup...)
	wantLines(t, log, "No space left on device", "ERROR: Backup of VM 100 failed - vma_queue_write: write error - Broken pipe")
	s.box.FillStorage("hdd", -2<<40)

	if err := s.box.SetStorageOffline("vault", true); err != nil {
		t.Fatal(err)
	}
	s.task("could not activate storage 'vault': vault: error fetching datastores - 500 Can't connect to vault:8007", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=vault")
	var list []struct {
		Storage       string
		Active, Total int64
	}
	s.must(&list, "GET", "/nodes/pve/storage")
	for _, st := range list {
		if (st.Active == 1) != (st.Storage != "vault") {
			t.Errorf("storage %+v", st)
		}
	}
	if err := s.box.SetDiskDead("WD-WCC4M0HXC1ZK", true); err != nil {
		t.Fatal(err)
	}
	s.refused(500, "directory is expected to be a mount point but is not mounted: '/mnt/pve/hdd'", "GET", "/nodes/pve/storage/hdd/content")
	s.task("could not activate storage 'hdd'", "POST", "/nodes/pve/vzdump", backup...)
}

// TestUsedDisk: a disk with data is wiped only by root's own login.
func TestUsedDisk(t *testing.T) {
	s := newSite(t, func(c *pve.Config) { c.Disks = []pve.HostDisk{pve.SystemSSD(240 << 30), pve.UsedHDD(1 << 40)} })
	var disks []struct {
		DevPath, Used, Serial, Type string
	}
	if s.must(&disks, "GET", "/nodes/pve/disks/list"); len(disks) != 2 || disks[1].Used != "partitions" || disks[1].Type != "hdd" {
		t.Errorf("disks: %+v", disks)
	}
	s.refused(500, "device '/dev/sdb' is already in use", "POST", "/nodes/pve/disks/directory", "device=/dev/sdb", "name=hdd")
	s.refused(403, "", "PUT", "/nodes/pve/disks/wipedisk", "disk=/dev/sdb")
	if err := s.box.SetPassword("root@pam", "correct horse"); err != nil {
		t.Fatal(err)
	}
	var ticket struct{ Ticket, CSRFPreventionToken string }
	s.must(&ticket, "POST", "/access/ticket", "username=root@pam", "password=correct horse")
	put := func(disk string) answer {
		req, err := http.NewRequestWithContext(t.Context(), "PUT", s.door.URL+"/api2/json/nodes/pve/disks/wipedisk", strings.NewReader("disk="+disk))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.AddCookie(&http.Cookie{Name: "PVEAuthCookie", Value: strings.ReplaceAll(ticket.Ticket, ":", "%3A")})
		req.Header.Set("CSRFPreventionToken", ticket.CSRFPreventionToken)
		return s.doAs(req)
	}
	if a := put("/dev/sda"); a.status != 500 {
		t.Errorf("wiping the system disk: %s", a)
	}
	a := put("/dev/sdb")
	if a.status != 200 {
		t.Fatalf("wiping by root's login: %s", a)
	}
	s.ends(strings.Trim(string(a.data), `"`), "OK")
	s.task("OK", "POST", "/nodes/pve/disks/directory", "device=/dev/sdb", "name=hdd")
}

// TestHotplug: what a running VM takes at once, and what waits.
func TestHotplug(t *testing.T) {
	s := newSite(t)
	s.enrol()
	if a := s.upload("accolade", "iso", "seed.iso", []byte("no file system")); a.status != 200 {
		t.Fatal(a)
	} else {
		s.ends(strings.Trim(string(a.data), `"`), "OK")
	}
	s.provision(100)
	vm := "/nodes/pve/qemu/100/config"
	s.task("OK", "POST", "/nodes/pve/qemu/100/status/stop")
	s.must(nil, "PUT", vm, "ide2=accolade:iso/seed.iso,media=cdrom")
	s.task("OK", "POST", "/nodes/pve/qemu/100/status/start")
	pending := func() map[string]string {
		var list []struct {
			Key     string
			Pending any
			Delete  int
		}
		s.must(&list, "GET", "/nodes/pve/qemu/100/pending")
		out := map[string]string{}
		for _, item := range list {
			if item.Pending != nil || item.Delete != 0 {
				out[item.Key] = fmt.Sprint(item.Pending)
			}
		}
		return out
	}
	s.must(nil, "PUT", vm, "name=other", "tags=accolade;b", "protection=1")
	if p := pending(); len(p) != 0 {
		t.Errorf("pending after name, tags and protection: %v", p)
	}
	s.refused(500, "can't remove drive 'ide2' - protection mode enabled", "PUT", vm, "delete=ide2")
	s.must(nil, "PUT", vm, "protection=0")
	s.must(nil, "PUT", vm, "ide2=none,media=cdrom") // a medium can be changed
	if p := pending(); len(p) != 0 {
		t.Errorf("pending after the medium was taken out: %v", p)
	}
	s.must(nil, "PUT", vm, "delete=ide2") // an IDE drive cannot be pulled
	s.must(nil, "PUT", vm, "memory=4096", "cores=1")
	if p := pending(); len(p) < 3 || p["memory"] != "4096" {
		t.Errorf("pending: %v", p)
	}
	s.must(nil, "PUT", vm, "revert=memory")
	s.task("OK", "POST", "/nodes/pve/qemu/100/status/stop")
	var config map[string]any
	s.must(&config, "GET", vm)
	if config["ide2"] != nil || config["cores"] != 1.0 || config["memory"] != "8192" || config["tags"] != "accolade;b" {
		t.Errorf("config after the stop: %v", config)
	}
	s.task("OK", "DELETE", "/nodes/pve/storage/accolade/content/accolade:iso/seed.iso")
	if len(s.content("accolade", "content=iso")) != 0 {
		t.Error("the ISO is still listed")
	}
}
