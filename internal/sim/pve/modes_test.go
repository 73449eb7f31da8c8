package pve_test

import (
	"strings"
	"testing"
	"time"
)

// TestBackupModes: what a backup does to the guest in each mode.
func TestBackupModes(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.provision(100)
	status := func() (out struct{ Status, QMPStatus, Lock string }) {
		t.Helper()
		s.must(&out, "GET", "/nodes/pve/qemu/100/status/current")
		return out
	}
	backup := func(exit string, pairs ...string) []string {
		t.Helper()
		return s.task(exit, "POST", "/nodes/pve/vzdump", append([]string{"vmid=100", "storage=hdd", "remove=0"}, pairs...)...)
	}
	s.wait(time.Minute)
	wantLines(t, backup("OK", "mode=stop"), "INFO: backup mode: stop", "INFO: stopping virtual guest", "INFO: starting kvm to execute backup task", "INFO: resuming VM again after ")
	if st := status(); st.Status != "running" || st.QMPStatus != "running" || st.Lock != "" {
		t.Errorf("after mode stop: %+v", st)
	}
	wantLines(t, backup("OK", "mode=suspend"), "INFO: backup mode: suspend", "INFO: suspending guest", "INFO: resume vm")
	if st := status(); st.QMPStatus != "running" {
		t.Errorf("after mode suspend: %+v", st)
	}
	// A second backup waits for the first.
	var first, second string
	s.must(&first, "POST", "/nodes/pve/vzdump", "vmid=100", "storage=hdd", "remove=0")
	s.must(&second, "POST", "/nodes/pve/vzdump", "vmid=100", "storage=hdd", "remove=0")
	s.wait(5 * time.Second)
	if log := s.log(second); !contains(log, "INFO: trying to get global lock - waiting...") || contains(log, "INFO: Starting Backup") {
		t.Errorf("the second of two backups: %v", log)
	}
	s.ends(first, "OK")
	wantLines(t, s.ends(second, "OK"), "INFO: got global lock", "INFO: Finished Backup of VM 100")

	s.task("OK", "POST", "/nodes/pve/qemu/100/status/stop")
	wantLines(t, backup("OK"), "INFO: status = stopped", "INFO: backup mode: stop", "INFO: starting kvm to execute backup task", "INFO: stopping kvm after backup task")
	if st := status(); st.Status != "stopped" {
		t.Errorf("a VM that was off: %+v", st)
	}
	// The retention refuses one more where nothing is to be removed.
	wantLines(t, backup("job errors", "prune-backups=keep-last=2"), "ERROR: Backup of VM 100 failed - There is a max backup limit of 2 enforced by the target storage")
	wantLines(t, s.task("OK", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=hdd", "prune-backups=keep-last=2"),
		"INFO: prune older backups with retention: keep-last=2", "INFO: removing backup 'hdd:backup/vzdump-qemu-100-", "not covered by keep-retention policy")
	if n := len(s.content("hdd")); n != 2 {
		t.Errorf("%d backups are left, want 2", n)
	}
}

// TestSnapshots: with RAM and without, rolled back and deleted.
func TestSnapshots(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.withSeed(100, "cidata", firstBoot)
	s.agentUp(100, time.Hour)
	digest := func() string {
		t.Helper()
		d, err := s.box.DiskDigest(100, "scsi0")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	s.task("OK", "POST", "/nodes/pve/qemu/100/snapshot", "snapname=ram", "vmstate=1", "description=before")
	before := digest()
	s.must(nil, "POST", "/nodes/pve/qemu/100/agent/file-write", "file=/root/later", "content=x")
	s.must(nil, "PUT", "/nodes/pve/qemu/100/config", "name=renamed")
	s.wait(3 * time.Hour)
	if digest() == before {
		t.Error("three hours of use changed nothing")
	}
	s.task("snapshot name 'ram' already used", "POST", "/nodes/pve/qemu/100/snapshot", "snapname=ram")
	s.task("OK", "POST", "/nodes/pve/qemu/100/snapshot/ram/rollback")
	s.refused(500, "No such file or directory", "GET", "/nodes/pve/qemu/100/agent/file-read", "file=/root/later")
	var config struct{ Name, Parent string }
	if s.must(&config, "GET", "/nodes/pve/qemu/100/config"); config.Name != "kiosk" || config.Parent != "ram" {
		t.Errorf("after the rollback: %+v", config)
	}
	s.task("OK", "DELETE", "/nodes/pve/qemu/100/snapshot/ram")
	var list []struct{ Name string }
	if s.must(&list, "GET", "/nodes/pve/qemu/100/snapshot"); len(list) != 1 || list[0].Name != "current" {
		t.Errorf("snapshots: %v", list)
	}
	for _, v := range s.content("local-lvm") {
		if strings.Contains(v.Volid, "state") {
			t.Errorf("%s is left behind", v.Volid)
		}
	}
}

// TestLiveRestore starts a VM while its disks are on their way.
func TestLiveRestore(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.provision(100)
	s.task("OK", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=vault", "remove=0")
	s.task("OK", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=hdd")
	s.task("live-restore is only compatible with backup images from a Proxmox Backup Server", "POST", "/nodes/pve/qemu",
		"vmid=101", "archive="+s.content("hdd")[0].Volid, "storage=local-lvm", "live-restore=1")
	var upid string
	s.must(&upid, "POST", "/nodes/pve/qemu", "vmid=102", "archive="+s.content("vault")[0].Volid, "storage=local-lvm", "live-restore=1", "unique=1")
	s.wait(5 * time.Second)
	var vm struct{ Status, Lock string }
	if s.must(&vm, "GET", "/nodes/pve/qemu/102/status/current"); vm.Status != "running" || vm.Lock != "create" {
		t.Errorf("during a live restore: %+v", vm)
	}
	s.ends(upid, "OK")
	vm.Lock = ""
	if s.must(&vm, "GET", "/nodes/pve/qemu/102/status/current"); vm.Status != "running" || vm.Lock != "" {
		t.Errorf("after a live restore: %+v", vm)
	}
	// With another key the vault's backup cannot be read, on whatever box.
	s.must(nil, "POST", "/storage", "type=pbs", "storage=other", "server=vault", "datastore=central", "username=root@pam!box",
		"password=secret-of-the-vault", "fingerprint="+fingerprint, "encryption-key=autogen", "content=backup")
	list := s.content("other")
	if len(list) != 1 {
		t.Fatalf("the same vault by another name: %+v", list)
	}
	s.task("wrong key - manifest's key", "POST", "/nodes/pve/qemu", "vmid=103", "archive="+list[0].Volid, "storage=local-lvm")
	s.must(nil, "PUT", "/storage/other", "delete=encryption-key")
	s.task("missing key - manifest was created with key", "POST", "/nodes/pve/qemu", "vmid=104", "archive="+list[0].Volid, "storage=local-lvm")
}
