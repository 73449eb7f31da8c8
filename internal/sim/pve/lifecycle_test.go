package pve_test

import (
	"strings"
	"testing"
	"time"
)

// contains tells whether a line of a log contains a text.
func contains(log []string, text string) bool {
	for _, line := range log {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

func wantLines(t *testing.T, log []string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !contains(log, text) {
			t.Errorf("log lacks %q:\n%s", text, strings.Join(log, "\n"))
		}
	}
}

// TestLifecycle walks from a bare box to a VM that was backed up twice and restored.
func TestLifecycle(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.provision(100)

	var config map[string]any
	s.must(&config, "GET", "/nodes/pve/qemu/100/config")
	for key, want := range map[string]any{
		"memory": "8192", "cores": 2.0, "onboot": 1.0, "boot": "order=scsi0;net0", "description": "operation 42",
		"scsi0": "local-lvm:vm-100-disk-0,discard=on,iothread=1,size=64G,ssd=1",
	} {
		if config[key] != want {
			t.Errorf("config %s: got %v, want %v", key, config[key], want)
		}
	}
	if net, _ := config["net0"].(string); !strings.HasPrefix(net, "virtio=BC:24:11:") || !strings.HasSuffix(net, ",bridge=vmbr0") {
		t.Errorf("net0: got %q", net)
	}
	s.refused(500, "unable to create VM 100 - VM 100 already exists on node 'pve'", "POST", "/nodes/pve/qemu", "vmid=100")
	s.refused(500, "QEMU guest agent is not running", "POST", "/nodes/pve/qemu/100/agent/ping")

	log := s.task("OK", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=hdd", "mode=snapshot", "compress=zstd", "notes-template={{guestname}}, {{vmid}}")
	wantLines(t, log, "INFO: starting new backup job: vzdump 100", "INFO: Starting Backup of VM 100 (qemu)", "INFO: status = running",
		"INFO: backup mode: snapshot", "INFO: include disk 'scsi0' 'local-lvm:vm-100-disk-0' 64G",
		"INFO: creating vzdump archive '/mnt/pve/hdd/dump/vzdump-qemu-100-2026_09_14-15_", ".vma.zst'",
		"100% (64.0 GiB of 64.0 GiB)", "INFO: backup is sparse:", "INFO: archive file size: ", "INFO: Finished Backup of VM 100 (00:00:",
		"INFO: Backup job finished successfully", "TASK OK")
	local := s.content("hdd")
	if len(local) != 1 || local[0].Format != "vma.zst" || local[0].VMID != 100 || local[0].Notes != "kiosk, 100" || local[0].Subtype != "qemu" {
		t.Fatalf("local backups: %+v", local)
	}

	remote := func() []string {
		return s.task("OK", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=vault", "mode=snapshot", "remove=0", "protected=1", "fleecing=enabled=1,storage=local-lvm")
	}
	wantLines(t, remote(), "INFO: creating Proxmox Backup Server archive 'vm/100/2026-09-14T", "INFO: enabling encryption",
		"INFO: scsi0: dirty-bitmap status: created new", "INFO: marking backup as protected")
	s.wait(24 * time.Hour)
	wantLines(t, remote(), "INFO: scsi0: dirty-bitmap status: OK (", "INFO: using fast incremental mode (dirty-bitmap), ", "INFO: backup was done incrementally, reused ")
	wantLines(t, remote(), "dirty-bitmap status: OK (drive clean)")
	far := s.content("vault")
	if len(far) != 3 || far[0].Format != "pbs-vm" || far[0].Encrypted == "" || far[0].Protected != 1 {
		t.Fatalf("remote backups: %+v", far)
	}

	// A restore brings back what was saved, not what is there now.
	saved, err := s.box.BackupDigest(local[0].Volid, "scsi0")
	if err != nil {
		t.Fatal(err)
	}
	log = s.task("OK", "POST", "/nodes/pve/qemu", "vmid=101", "archive="+local[0].Volid, "storage=local-lvm", "unique=1")
	wantLines(t, log, "restore vma archive", "new volume ID is 'local-lvm:vm-101-disk-0'", "progress 100%")
	if got, err := s.box.DiskDigest(101, "scsi0"); err != nil || got != saved {
		t.Errorf("restored disk: got %s (%v), want %s", got, err, saved)
	}
	if now, err := s.box.DiskDigest(100, "scsi0"); err != nil || now == saved {
		t.Errorf("the VM's own disk did not change in a day of use: %v", err)
	}
	var restored map[string]any
	s.must(&restored, "GET", "/nodes/pve/qemu/101/config")
	if restored["net0"] == config["net0"] || restored["name"] != "kiosk" {
		t.Errorf("restored config: %v", restored)
	}
	saved, err = s.box.BackupDigest(far[2].Volid, "scsi0")
	if err != nil {
		t.Fatal(err)
	}
	s.refused(500, "unable to restore VM 101 - VM 101 already exists on node 'pve'", "POST", "/nodes/pve/qemu", "vmid=101", "archive="+far[2].Volid)
	s.task("OK", "POST", "/nodes/pve/qemu", "vmid=101", "archive="+far[2].Volid, "storage=local-lvm", "force=1")
	if got, err := s.box.DiskDigest(101, "scsi0"); err != nil || got != saved {
		t.Errorf("restored from the vault: got %s (%v), want %s", got, err, saved)
	}

	// Power, protection, destruction.
	s.refused(500, "VM 100 is running - destroy failed", "DELETE", "/nodes/pve/qemu/100")
	s.must(nil, "PUT", "/nodes/pve/qemu/100/config", "protection=1", "tags=accolade")
	s.refused(500, "can't remove VM 100 - protection mode enabled", "DELETE", "/nodes/pve/qemu/100")
	s.task("already running", "POST", "/nodes/pve/qemu/100/status/start")
	s.task("OK", "POST", "/nodes/pve/qemu/100/status/stop")
	s.task("OK", "POST", "/nodes/pve/qemu/100/status/start")
	wantLines(t, remote(), "dirty-bitmap status: created new")
	s.task("OK", "DELETE", "/nodes/pve/qemu/101", "purge=1", "destroy-unreferenced-disks=1")
	s.refused(500, "Configuration file 'nodes/pve/qemu-server/101.conf' does not exist", "GET", "/nodes/pve/qemu/101/config")
	for _, v := range s.content("local-lvm") {
		if v.VMID == 101 {
			t.Errorf("disk %s is left behind", v.Volid)
		}
	}
}
