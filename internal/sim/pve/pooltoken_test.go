package pve_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestPoolToken works with a token whose rights come from the pool, as ours do: what
// is refused at the call, what only in the task, and what a list does not show.
func TestPoolToken(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.provision(100)
	s.task("OK", "POST", "/nodes/pve/qemu", "vmid=300")
	s.must(nil, "POST", "/access/users", "userid=accolade@pve")
	if err := s.box.AddToken("accolade@pve", "controller", "7d0f1f1e-0000-4000-8000-00000000000a", true); err != nil {
		t.Fatal(err)
	}
	root := s.token
	grant := func(path string, privs ...string) {
		t.Helper()
		s.token = root
		role := "R" + strings.NewReplacer("/", "-", ",", "-").Replace(path)
		s.must(nil, "POST", "/access/roles", "roleid="+role, "privs="+strings.Join(privs, ","))
		for _, who := range []string{"users=accolade@pve", "tokens=accolade@pve!controller"} {
			s.must(nil, "PUT", "/access/acl", "path="+path, "roles="+role, who)
		}
		s.token = "accolade@pve!controller=7d0f1f1e-0000-4000-8000-00000000000a"
	}
	grant("/pool/accolade", "VM.Allocate", "VM.Audit", "VM.PowerMgmt", "VM.Config.CPU", "VM.Config.Memory", "VM.Config.Disk", "VM.Config.Options", "VM.Config.CDROM", "VM.Config.HWType", "VM.Config.Network")
	grant("/storage/local-lvm", "Datastore.AllocateSpace", "Datastore.Audit")
	grant("/storage/hdd", "Datastore.AllocateSpace")

	var list []struct{ VMID int }
	if s.must(&list, "GET", "/nodes/pve/qemu"); len(list) != 1 || list[0].VMID != 100 {
		t.Errorf("the VMs that it sees: %v", list)
	}
	var storages []struct{ Storage string }
	if s.must(&storages, "GET", "/nodes/pve/storage"); len(storages) != 2 {
		t.Errorf("the storages that it sees: %v", storages)
	}
	s.refused(403, "Permission check failed (/vms/300, VM.Audit)", "GET", "/nodes/pve/qemu/300/config")
	s.refused(403, "Permission check failed", "POST", "/nodes/pve/qemu", "vmid=200")
	s.refused(403, "Permission check failed (/sdn/zones/localnetwork/vmbr0, SDN.Use)", "POST", "/nodes/pve/qemu", "vmid=200", "pool=accolade", "net0=virtio,bridge=vmbr0")
	s.refused(403, "Permission check failed (/storage/local, Datastore.AllocateSpace)", "POST", "/nodes/pve/qemu", "vmid=200", "pool=accolade", "scsi0=local:8")
	s.refused(403, "Permission check failed (/, Sys.Modify)", "POST", "/nodes/pve/qemu", "vmid=200", "pool=accolade", "startup=order=1")
	s.task("unable to create VM 200 - 403 Permission check failed (/vms/200, VM.Config.Options)", "POST", "/nodes/pve/qemu", "vmid=200", "pool=accolade", "tags=accolade")
	s.task("OK", "POST", "/nodes/pve/qemu", "vmid=200", "pool=accolade", "scsi0=local-lvm:8", "memory=512", "scsi1=local-lvm:2")
	s.must(nil, "PUT", "/nodes/pve/qemu/200/config", "tags=accolade")

	// A backup without the right on the VM fails in its task.
	upid := s.task("403 Permission check failed (/vms/200, VM.Backup)", "POST", "/nodes/pve/vzdump", "vmid=200", "storage=hdd")
	wantLines(t, upid, "TASK ERROR: 403 Permission check failed (/vms/200, VM.Backup)")
	s.refused(403, "Permission check failed (/, Sys.Modify)", "POST", "/nodes/pve/vzdump", "vmid=200", "storage=hdd", "bwlimit=1000")
	s.refused(403, "Permission check failed (/storage/hdd, Datastore.Allocate)", "POST", "/nodes/pve/vzdump", "vmid=200", "storage=hdd", "prune-backups=keep-last=1")
	s.refused(403, "Permission check failed (/storage/vault, Datastore.AllocateSpace)", "POST", "/nodes/pve/vzdump", "vmid=200", "storage=vault")
	s.refused(403, "Permission check failed (/, Sys.Audit)", "GET", "/cluster/backup")

	// A disk that is deleted stays as unused, or goes with force.
	s.must(nil, "PUT", "/nodes/pve/qemu/200/config", "delete=scsi0")
	s.must(nil, "PUT", "/nodes/pve/qemu/200/config", "delete=scsi1", "force=1")
	var config map[string]any
	s.must(&config, "GET", "/nodes/pve/qemu/200/config")
	if config["unused0"] != "local-lvm:vm-200-disk-0" || config["unused1"] != nil || config["scsi0"] != nil || config["scsi1"] != nil {
		t.Errorf("after the disks were deleted: %v", config)
	}
	s.token = root
	var disks []string
	for _, v := range s.content("local-lvm") {
		if v.VMID == 200 {
			disks = append(disks, v.Volid)
		}
	}
	if fmt.Sprint(disks) != "[local-lvm:vm-200-disk-0]" {
		t.Errorf("disks: %v", disks)
	}
}
