package pve_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/diskfs/go-diskfs/backend"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"
)

// isoFile is a file as diskfs writes an image to it.
type isoFile struct{ *os.File }

func (d isoFile) Sys() (*os.File, error)                  { return d.File, nil }
func (d isoFile) Writable() (backend.WritableFile, error) { return d.File, nil }
func (d isoFile) Path() string                            { return d.Name() }

// seedISO is a NoCloud image.
func seedISO(t *testing.T, label, userData string) []byte {
	t.Helper()
	folder := t.TempDir()
	target, err := os.Create(filepath.Join(t.TempDir(), "seed.iso"))
	if err != nil {
		t.Fatal(err)
	}
	fsys, err := iso9660.Create(isoFile{target}, 0, 0, 2048, folder)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"user-data": userData, "meta-data": "instance-id: op-42\nlocal-hostname: kiosk\n",
		"network-config": "version: 2\nethernets:\n  all:\n    match: {name: 'en*'}\n    dhcp4: true\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := fsys.Finalize(iso9660.FinalizeOptions{RockRidge: true, VolumeIdentifier: label}); err != nil {
		t.Fatal(err)
	}
	if err := target.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(target.Name())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const firstBoot = `#cloud-config
hostname: kiosk
timezone: Europe/Paris
package_update: true
packages: [qemu-guest-agent, curl]
runcmd:
  - [systemctl, start, qemu-guest-agent]
`

// withSeed makes a VM with a seed in its drive and starts it.
func (s *site) withSeed(vmid int, label, userData string) {
	s.t.Helper()
	name := fmt.Sprintf("seed-%d.iso", vmid)
	a := s.upload("accolade", "iso", name, seedISO(s.t, label, userData))
	if a.status != 200 {
		s.t.Fatal(a)
	}
	s.ends(strings.Trim(string(a.data), `"`), "OK")
	if len(s.content("accolade", "content=import")) == 0 {
		s.task("OK", "POST", "/nodes/pve/storage/accolade/download-url", "content=import", "filename=debian-12.qcow2",
			"url="+s.web.URL+"/images/debian-12-genericcloud-amd64.qcow2")
	}
	s.task("OK", "POST", "/nodes/pve/qemu", fmt.Sprint("vmid=", vmid), "name=kiosk", "pool=accolade", "cores=2", "memory=4096", "scsihw=virtio-scsi-single",
		"scsi0=local-lvm:0,import-from=accolade:import/debian-12.qcow2,discard=on", "net0=virtio,bridge=vmbr0", "ide2=accolade:iso/"+name+",media=cdrom", "agent=enabled=1", "onboot=1")
	s.task("OK", "PUT", fmt.Sprintf("/nodes/pve/qemu/%d/resize", vmid), "disk=scsi0", "size=32G")
	s.task("OK", "POST", fmt.Sprintf("/nodes/pve/qemu/%d/status/start", vmid))
}

// agentUp waits for the guest agent and tells how long it took; 0: it never came.
func (s *site) agentUp(vmid int, within time.Duration) time.Duration {
	s.t.Helper()
	for waited := time.Duration(0); waited < within; waited += 5 * time.Second {
		if a := s.call("POST", fmt.Sprintf("/nodes/pve/qemu/%d/agent/ping", vmid)); a.status == 200 {
			return waited
		}
		s.wait(5 * time.Second)
	}
	return 0
}

type execStatus struct {
	Exited, Exitcode int
	OutData          string `json:"out-data"`
	ErrData          string `json:"err-data"`
}

// exec runs a command in the guest to its end.
func (s *site) exec(vmid int, input string, argv ...string) execStatus {
	s.t.Helper()
	pairs := []string{}
	for _, a := range argv {
		pairs = append(pairs, "command="+a)
	}
	if input != "" {
		pairs = append(pairs, "input-data="+input)
	}
	var started struct{ PID int }
	s.must(&started, "POST", fmt.Sprintf("/nodes/pve/qemu/%d/agent/exec", vmid), pairs...)
	var status execStatus
	for range 1000 {
		s.must(&status, "GET", fmt.Sprintf("/nodes/pve/qemu/%d/agent/exec-status", vmid), fmt.Sprint("pid=", started.PID))
		if status.Exited == 1 {
			return status
		}
		s.wait(time.Second)
	}
	s.t.Fatalf("%v does not end", argv)
	return status
}

// TestGuest boots a guest from its seed and speaks to its agent.
func TestGuest(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.refused(500, "does not exist", "POST", "/nodes/pve/qemu/100/agent/ping")
	s.withSeed(100, "cidata", firstBoot)
	s.refused(500, "QEMU guest agent is not running", "POST", "/nodes/pve/qemu/100/agent/ping")
	if took := s.agentUp(100, time.Hour); took < 20*time.Second || took > 20*time.Minute {
		t.Fatalf("the agent came after %s", took)
	}
	if st := s.exec(100, "", "cloud-init", "status", "--wait", "--format", "json"); st.Exitcode != 0 || !strings.Contains(st.OutData, `"status": "done"`) {
		t.Errorf("cloud-init: %+v", st)
	}
	if st := s.exec(100, "one\ntwo\n", "cat"); st.OutData != "one\ntwo\n" {
		t.Errorf("cat: %+v", st)
	}
	var os struct{ Result map[string]any }
	if s.must(&os, "GET", "/nodes/pve/qemu/100/agent/get-osinfo"); os.Result["id"] != "debian" || os.Result["version-id"] != "12" {
		t.Errorf("osinfo: %v", os)
	}
	var nets struct {
		Result []struct {
			Name string
			IPs  []map[string]any `json:"ip-addresses"`
		}
	}
	if s.must(&nets, "GET", "/nodes/pve/qemu/100/agent/network-get-interfaces"); len(nets.Result) != 2 || len(nets.Result[1].IPs) == 0 {
		t.Errorf("interfaces: %+v", nets)
	}
	s.must(nil, "POST", "/nodes/pve/qemu/100/agent/file-write", "file=/root/note", "content=hello")
	var file struct{ Content string }
	if s.must(&file, "GET", "/nodes/pve/qemu/100/agent/file-read", "file=/root/note"); file.Content != "hello" {
		t.Errorf("file: %+v", file)
	}
	// Text beyond ASCII needs a wrapping, and comes back byte by byte.
	if st := s.exec(100, "TWHDq2xsZSDFkyAy", "/bin/sh", "-c", `base64 -d | "$@"`, "sh", "cat"); st.OutData != "Ma\u00c3\u00ablle \u00c5\u0093 2" {
		t.Errorf("wrapped input: %q", st.OutData+st.ErrData)
	}
	s.refused(500, "Wide character", "POST", "/nodes/pve/qemu/100/agent/file-write", "file=/root/note", "content=œuvre")

	// A backup freezes the guest, and thaws it again.
	log := s.task("OK", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=vault", "remove=0")
	wantLines(t, log, "issuing guest-agent 'fs-freeze' command", "issuing guest-agent 'fs-thaw' command")
	var frozen struct{ Result string }
	if s.must(&frozen, "POST", "/nodes/pve/qemu/100/agent/fsfreeze-status"); frozen.Result != "thawed" {
		t.Errorf("after the backup: %+v", frozen)
	}

	// A reboot from inside keeps the bitmap, a stop loses it.
	s.must(nil, "POST", "/nodes/pve/qemu/100/agent/exec", "command=reboot")
	s.wait(3 * time.Minute)
	if s.agentUp(100, 10*time.Minute) < 0 {
		t.Fatal("no agent after the reboot")
	}
	wantLines(t, s.task("OK", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=vault", "remove=0"), "scsi0: dirty-bitmap status: OK (")
	s.task("OK", "POST", "/nodes/pve/qemu/100/status/shutdown", "timeout=60")
	s.task("OK", "POST", "/nodes/pve/qemu/100/status/start")
	wantLines(t, s.task("OK", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=vault", "remove=0"), "dirty-bitmap status: created new")

	// The restored server is the one that was saved, and comes up without a seed.
	backups := s.content("vault")
	s.task("OK", "POST", "/nodes/pve/qemu", "vmid=101", "archive="+backups[0].Volid, "storage=local-lvm", "unique=1")
	s.must(nil, "PUT", "/nodes/pve/qemu/101/config", "ide2=none,media=cdrom", "net0=virtio,bridge=vmbr0,link_down=1")
	s.task("OK", "POST", "/nodes/pve/qemu/101/status/start")
	s.wait(time.Minute)
	if s.agentUp(101, 10*time.Minute) < 0 {
		t.Fatal("no agent in the restored VM")
	}
	if s.must(&file, "GET", "/nodes/pve/qemu/101/agent/file-read", "file=/root/note"); file.Content != "hello" {
		t.Errorf("file in the restored VM: %+v", file)
	}
}

// TestGuestThatNeverComes: a wrong label, broken YAML, the fault.
func TestGuestThatNeverComes(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.withSeed(100, "seed", firstBoot)
	s.withSeed(101, "cidata", "#cloud-config\n\tpackages: [")
	for _, vmid := range []int{100, 101} {
		if took := s.agentUp(vmid, time.Hour); took != 0 {
			t.Errorf("VM %d: the agent came after %s", vmid, took)
		}
	}
	s.withSeed(102, "cidata", firstBoot)
	if err := s.box.SetAgentDown(102, true); err != nil {
		t.Fatal(err)
	}
	if took := s.agentUp(102, time.Hour); took != 0 {
		t.Errorf("VM 102: the agent came after %s", took)
	}
	if err := s.box.SetAgentDown(102, false); err != nil {
		t.Fatal(err)
	}
	if s.agentUp(102, time.Hour) != 0 {
		t.Error("the agent is there, but only after some time")
	}
}

// TestSavedInABoot saves and loads the box every few seconds of a first boot; the
// server that comes out is the same as without.
func TestSavedInABoot(t *testing.T) {
	boot := func(between func(*site)) (string, string) {
		s := newSite(t)
		s.enrol()
		s.withSeed(100, "cidata", firstBoot)
		for range 120 {
			between(s)
			s.wait(5 * time.Second)
		}
		digest, err := s.box.DiskDigest(100, "scsi0")
		if err != nil {
			t.Fatal(err)
		}
		return digest, s.exec(100, "", "cloud-init", "status", "--format", "json").OutData
	}
	want, status := boot(func(*site) {})
	got, again := boot((*site).reload)
	if got != want || status != again || !strings.Contains(status, "done") {
		t.Errorf("with saving: %s %s\nwithout:     %s %s", got, again, want, status)
	}
}
