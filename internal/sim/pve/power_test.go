package pve_test

import (
	"strings"
	"testing"
	"time"
)

// TestPower: reboot, reset, suspend, resume, shutdown of a guest that does not hear.
func TestPower(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.withSeed(100, "cidata", firstBoot)
	s.agentUp(100, time.Hour)
	const vm = "/nodes/pve/qemu/100"
	type state struct {
		Status, QMPStatus string
		Uptime            int64
	}
	status := func() (out state) {
		t.Helper()
		s.must(&out, "GET", vm+"/status/current")
		return out
	}
	s.task("OK", "POST", vm+"/status/suspend")
	if st := status(); st.Status != "running" || st.QMPStatus != "paused" {
		t.Errorf("suspended: %+v", st)
	}
	s.refused(500, "QEMU guest agent is not running", "POST", vm+"/agent/ping")
	s.refused(500, "VM is paused - cannot shutdown", "POST", vm+"/status/shutdown")
	s.refused(500, "VM is paused - cannot shutdown", "POST", vm+"/status/reboot")
	s.task("OK", "POST", vm+"/status/resume")
	s.must(nil, "POST", vm+"/agent/ping")
	s.must(nil, "PUT", vm+"/config", "memory=2048")
	s.task("OK", "POST", vm+"/status/reset")
	if st := status(); st.QMPStatus != "running" {
		t.Errorf("after a reset: %+v", st)
	}
	s.wait(2 * time.Minute)
	before := status().Uptime
	s.task("OK", "POST", vm+"/status/reboot", "timeout=120")
	s.wait(2 * time.Minute)
	if st := status(); st.Status != "running" || st.Uptime >= before {
		t.Errorf("after a reboot: %+v, uptime before %d", st, before)
	}
	var config struct{ Memory string }
	if s.must(&config, "GET", vm+"/config", "current=1"); config.Memory != "2048" {
		t.Errorf("a pending change after the reboot: %+v", config)
	}
	s.must(nil, "POST", vm+"/agent/shutdown")
	s.wait(time.Minute)
	if st := status(); st.Status != "stopped" {
		t.Errorf("after the agent's shutdown: %+v", st)
	}
	for _, verb := range []string{"reboot", "reset", "suspend", "resume"} {
		s.refused(500, "VM 100 not running", "POST", vm+"/status/"+verb)
	}
	// A machine from which nothing boots does not hear the button.
	s.task("OK", "POST", "/nodes/pve/qemu", "vmid=200", "scsi0=local-lvm:8", "memory=512")
	s.task("OK", "POST", "/nodes/pve/qemu/200/status/start")
	s.task("VM quit/powerdown failed - got timeout", "POST", "/nodes/pve/qemu/200/status/shutdown", "timeout=30")
	s.task("WARNINGS: 1", "POST", "/nodes/pve/qemu/200/status/shutdown", "timeout=30", "forceStop=1")
}

// TestAgentReads makes the agent's calls that only read.
func TestAgentReads(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.withSeed(100, "cidata", firstBoot)
	s.agentUp(100, time.Hour)
	for name, want := range map[string]string{
		"get-host-name": `"host-name":"kiosk"`, "get-timezone": `"zone":`, "get-fsinfo": `"mountpoint":"/"`, "get-vcpus": `"logical-id":1`,
		"info": `"guest-exec"`, "get-time": `"result":1`, "get-users": `"result":[]`, "get-memory-blocks": "CommandNotFound",
	} {
		if a := s.call("GET", "/nodes/pve/qemu/100/agent/"+name); a.status != 200 || !strings.Contains(string(a.data), want) {
			t.Errorf("%s: %s, want %s", name, a, want)
		}
	}
	for _, step := range []struct{ name, want string }{
		{"fsfreeze-freeze", `"result":1`}, {"fsfreeze-status", "frozen"}, {"fsfreeze-thaw", `"result":1`}, {"fsfreeze-status", "thawed"}, {"fstrim", `"paths"`},
	} {
		if a := s.call("POST", "/nodes/pve/qemu/100/agent/"+step.name); a.status != 200 || !strings.Contains(string(a.data), step.want) {
			t.Errorf("%s: %s, want %s", step.name, a, step.want)
		}
	}
	if a := s.call("POST", "/nodes/pve/qemu/100/agent", "command=ping"); a.status != 200 {
		t.Errorf("the old way: %s", a)
	}
}

// TestContent: what can be done to volumes and jobs beside making them.
func TestContent(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.provision(100)
	s.task("OK", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=hdd", "protected=1")
	s.task("OK", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=vault", "remove=0")
	for _, storage := range []string{"hdd", "vault"} {
		volid := s.content(storage)[0].Volid
		path := "/nodes/pve/storage/" + storage + "/content/" + volid
		s.must(nil, "PUT", path, "notes=first line\nsecond", "protected=1")
		if it := s.content(storage)[0]; !strings.HasPrefix(it.Notes, "first line") || it.Protected != 1 {
			t.Errorf("%s: %+v", storage, it)
		}
		s.task("protected", "DELETE", path)
		s.must(nil, "PUT", path, "protected=0")
		if a := s.call("DELETE", path, "delay=5"); a.status != 200 || string(a.data) != "null" {
			t.Errorf("%s: deletion with a delay: %s", storage, a)
		}
		if list := s.content(storage); len(list) != 0 {
			t.Errorf("%s: %+v", storage, list)
		}
	}
	var volid string
	s.must(&volid, "POST", "/nodes/pve/storage/local-lvm/content", "filename=vm-100-disk-9", "vmid=100", "size=4G")
	s.refused(500, "illegal name 'other' - should be 'vm-100-*'", "POST", "/nodes/pve/storage/local-lvm/content", "filename=other", "vmid=100", "size=4G")
	s.refused(500, "already exists", "POST", "/nodes/pve/storage/local-lvm/content", "filename=vm-100-disk-9", "vmid=100", "size=4G")
	s.task("OK", "POST", "/nodes/pve/qemu/100/status/stop")
	s.must(nil, "PUT", "/nodes/pve/qemu/100/config", "scsi5="+volid)
	if a := s.call("GET", "/nodes/pve/qemu/100/config"); !strings.Contains(string(a.data), `"scsi5":"local-lvm:vm-100-disk-9,size=4G"`) {
		t.Errorf("config: %s", a)
	}
	s.must(nil, "POST", "/cluster/backup", "id=job", "vmid=100,555", "storage=hdd", "starttime=02:00", "dow=mon,tue")
	s.must(nil, "PUT", "/cluster/backup/job", "schedule=03:00", "pool=accolade", "comment=x")
	s.must(nil, "PUT", "/cluster/backup/job", "delete=comment")
	s.refused(400, "option conflicts with option 'vmid'", "PUT", "/cluster/backup/job", "vmid=100", "pool=accolade")
	s.refused(500, "no options specified", "PUT", "/cluster/backup/job")
	var job map[string]any
	if s.must(&job, "GET", "/cluster/backup/job"); job["schedule"] != "03:00" || job["pool"] != "accolade" || job["vmid"] != nil || job["comment"] != nil || job["enabled"] != 1.0 {
		t.Errorf("the changed job: %v", job)
	}
	// A running backup is ended for another one.
	var upid string
	s.must(&upid, "POST", "/nodes/pve/vzdump", "vmid=100", "storage=hdd")
	s.wait(3 * time.Second)
	s.task("OK", "POST", "/nodes/pve/vzdump", "vmid=100", "storage=hdd", "stop=1")
	s.ends(upid, "interrupted by signal")
	s.must(nil, "POST", "/cluster/backup", "id=other", "vmid=100,555", "storage=hdd", "schedule=04:00")
	s.task("OK", "DELETE", "/nodes/pve/qemu/100", "purge=1")
	if s.must(&job, "GET", "/cluster/backup/other"); job["vmid"] != "555" {
		t.Errorf("a purged VM in a job: %v", job)
	}
}
