package pve_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/pve"
)

// reload saves the box, makes a new one of the same world and loads the state into it.
func (s *site) reload() {
	s.t.Helper()
	data, err := json.Marshal(s.box)
	if err != nil {
		s.t.Fatal(err)
	}
	next := pve.NewBox(pve.Config{Name: "other", Version: "9.2", World: s.clock, Vaults: s.vault, Downloads: s.web.URL})
	if err := json.Unmarshal(data, next); err != nil {
		s.t.Fatal(err)
	}
	s.box = next
	s.open()
}

// TestSavedInTheMiddle saves and loads the box every few seconds, in the middle of
// imports, boots, backups and restores. The end must be the same as without.
func TestSavedInTheMiddle(t *testing.T) {
	story := func(s *site, between func()) string {
		step := func(verb, path string, pairs ...string) {
			s.t.Helper()
			var upid string
			s.must(&upid, verb, path, pairs...)
			for range 5000 {
				var state taskState
				s.must(&state, "GET", "/nodes/pve/tasks/"+upid+"/status")
				if state.Status == "stopped" {
					if state.ExitStatus != "OK" {
						s.t.Fatalf("%s: %s", upid, state.ExitStatus)
					}
					return
				}
				between()
				s.wait(4 * time.Second)
			}
			s.t.Fatalf("%s does not end", upid)
		}
		s.enrol()
		step("POST", "/nodes/pve/storage/accolade/download-url", "content=import", "filename=debian-12.qcow2", "url="+s.web.URL+"/images/debian-12-genericcloud-amd64.qcow2")
		step("POST", "/nodes/pve/qemu", "vmid=100", "pool=accolade", "memory=4096", "cores=2", "scsi0=local-lvm:0,import-from=accolade:import/debian-12.qcow2", "net0=virtio,bridge=vmbr0", "agent=1")
		step("PUT", "/nodes/pve/qemu/100/resize", "disk=scsi0", "size=32G")
		step("POST", "/nodes/pve/qemu/100/status/start")
		for range 40 {
			between()
			s.wait(5 * time.Second)
		}
		step("POST", "/nodes/pve/vzdump", "vmid=100", "storage=vault", "remove=0")
		s.wait(26 * time.Hour)
		between()
		step("POST", "/nodes/pve/vzdump", "vmid=100", "storage=vault", "remove=0")
		step("POST", "/nodes/pve/vzdump", "vmid=100", "storage=hdd", "compress=zstd", "mode=stop")
		step("POST", "/nodes/pve/qemu/100/snapshot", "snapname=before")
		backups := s.content("vault")
		step("POST", "/nodes/pve/qemu", "vmid=101", "archive="+backups[1].Volid, "storage=local-lvm", "unique=1")
		out := fmt.Sprintln(s.clock.Now(), len(backups))
		for vmid, drive := range map[int]string{100: "scsi0"} {
			digest, err := s.box.DiskDigest(vmid, drive)
			if err != nil {
				s.t.Fatal(err)
			}
			out += digest
		}
		digest, err := s.box.DiskDigest(101, "scsi0")
		if err != nil {
			s.t.Fatal(err)
		}
		for _, path := range []string{"/nodes/pve/qemu/100/config", "/nodes/pve/qemu/101/config", "/nodes/pve/storage/hdd/content", "/nodes/pve/storage/vault/content"} {
			a := s.call("GET", path)
			out += "\n" + string(a.data)
		}
		var list []struct{ UPID string }
		s.must(&list, "GET", "/nodes/pve/tasks", "limit=500")
		for _, item := range list {
			out += fmt.Sprintln(item.UPID, s.log(item.UPID))
		}
		return out + digest
	}
	plain := newSite(t)
	want := story(plain, func() {})
	saved := newSite(t)
	saved.web.Close()
	saved.web = plain.web
	saved.box = pve.NewBox(pve.Config{Name: "pve", Version: "9.2", World: saved.clock, Seed: 7, Vaults: saved.vault, Downloads: plain.web.URL})
	if err := saved.box.AddToken("root@pam", "test", "0b9d4d8c-2a4c-4a4e-9a56-8f3f6f2d1f11", false); err != nil {
		t.Fatal(err)
	}
	saved.open()
	if got := story(saved, saved.reload); got != want {
		t.Errorf("saved and loaded on the way, the end differs:\n--- without\n%.6000s\n--- with\n%.6000s", want, got)
	}
}
