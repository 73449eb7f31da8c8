package pve_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/pve"
)

// TestJobWithNobodyWatching lets a resident job run for seven weeks, over the change
// of the clock on 25 October, and counts its nights.
func TestJobWithNobodyWatching(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.must(nil, "POST", "/cluster/backup", "id=empty", "pool=accolade", "storage=hdd", "schedule=03:00")
	s.wait(13 * time.Hour)
	var tasks []struct{ Status, UPID string }
	if s.must(&tasks, "GET", "/nodes/pve/tasks", "typefilter=vzdump"); len(tasks) != 0 {
		t.Errorf("a job on an empty pool left tasks: %v", tasks)
	}
	s.must(nil, "DELETE", "/cluster/backup/empty")
	s.provision(100)
	s.must(nil, "POST", "/cluster/backup", "id=accolade-local", "pool=accolade", "storage=hdd", "schedule=01:30", "mode=snapshot", "compress=zstd",
		"prune-backups=keep-last=3,keep-daily=7,keep-weekly=5,keep-monthly=12", "repeat-missed=1", "notes-template={{guestname}}", "enabled=1")
	s.refused(500, "Job 'accolade-local' already exists", "POST", "/cluster/backup", "id=accolade-local", "pool=accolade", "storage=hdd", "schedule=01:30")
	s.run(time.Date(2026, 11, 1, 7, 0, 0, 0, time.UTC))
	s.must(&tasks, "GET", "/nodes/pve/tasks", "typefilter=vzdump", "limit=100")
	if len(tasks) != 47 {
		t.Errorf("got %d runs from 16 September to 1 November, want 47", len(tasks))
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	days := map[string]bool{}
	for _, task := range tasks {
		if task.Status != "OK" {
			t.Errorf("%s: %s", task.UPID, task.Status)
		}
		start := pve.TaskStart(task.UPID)
		if at := start.In(paris).Format("15:04"); at != "01:30" {
			t.Errorf("%s began at %s", task.UPID, start.In(paris))
		}
		days[start.In(paris).Format(time.DateOnly)] = true
	}
	if len(days) != len(tasks) || !days["2026-10-25"] || !days["2026-10-26"] {
		t.Errorf("runs fall on %d days of %d", len(days), len(tasks))
	}
	if kept := s.content("hdd"); len(kept) < 12 || len(kept) > 16 {
		t.Errorf("%d backups are left after pruning", len(kept))
	}
	wantLines(t, s.log(tasks[0].UPID), "INFO: prune older backups with retention: keep-daily=7, keep-last=3, keep-monthly=12, keep-weekly=5", "INFO: pruned 1 backup(s) not covered by keep-retention policy")
	for _, part := range []string{"local-lvm", "hdd"} {
		var status struct{ Used, Total, Avail, Active int64 }
		s.must(&status, "GET", "/nodes/pve/storage/"+part+"/status")
		if status.Active != 1 || status.Used <= 0 || status.Used > status.Total {
			t.Errorf("%s: %+v", part, status)
		}
	}
}

// TestRebootInTheMiddle cuts the box off during a backup.
func TestRebootInTheMiddle(t *testing.T) {
	s := newSite(t)
	s.enrol()
	s.provision(100)
	remote := []string{"vmid=100", "storage=vault", "remove=0"}
	s.task("OK", "POST", "/nodes/pve/vzdump", remote...)
	s.must(nil, "POST", "/cluster/backup", "id=often", "vmid=100", "storage=hdd", "schedule=*:0/1", "repeat-missed=1", "enabled=0")
	var upid string
	s.must(&upid, "POST", "/nodes/pve/vzdump", "vmid=100", "storage=hdd")
	s.wait(3 * time.Second)
	s.refused(500, "VM is locked (backup)", "PUT", "/nodes/pve/qemu/100/config", "name=x")
	s.box.Reboot()
	if s.box.Up() {
		t.Error("the box is up at the instant of its reboot")
	}
	if resp, err := http.Get(s.door.URL + "/api2/json/version"); err == nil {
		t.Errorf("a box that is down answers %s", resp.Status)
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	s.wait(5 * time.Minute)
	if !s.box.Up() {
		t.Fatal("the box has not come up")
	}
	var state taskState
	if s.must(&state, "GET", "/nodes/pve/tasks/"+upid+"/status"); state.ExitStatus != "unexpected status" {
		t.Errorf("the cut backup: %+v", state)
	}
	if len(s.content("hdd")) != 0 {
		t.Error("a cut backup is listed")
	}
	var vm struct{ Status, Lock string }
	if s.must(&vm, "GET", "/nodes/pve/qemu/100/status/current"); vm.Status != "running" || vm.Lock != "" {
		t.Errorf("the VM with onboot: %+v", vm)
	}
	wantLines(t, s.task("OK", "POST", "/nodes/pve/vzdump", remote...), "dirty-bitmap status: created new")
}

// TestClock: a wrong clock shows, and moves the jobs.
func TestClock(t *testing.T) {
	s := newSite(t, func(c *pve.Config) { c.Zone = "Europe/Paris" })
	var now struct {
		Time, Localtime int64
		Timezone        string
	}
	s.must(&now, "GET", "/nodes/pve/time")
	if now.Time != s.clock.Now().Unix() || now.Localtime-now.Time != 7200 || now.Timezone != "Europe/Paris" {
		t.Errorf("time: %+v", now)
	}
	s.box.SetClockOffset(10 * time.Minute)
	if s.must(&now, "GET", "/nodes/pve/time"); now.Time != s.clock.Now().Unix()+600 {
		t.Errorf("time with a wrong clock: %+v", now)
	}
	s.enrol()
	s.provision(100)
	s.must(nil, "POST", "/cluster/backup", "id=job", "all=1", "storage=hdd", "schedule=01:30")
	s.run(time.Date(2026, 9, 14, 23, 25, 0, 0, time.UTC))
	list := s.content("hdd")
	if len(list) != 1 || !strings.Contains(list[0].Volid, "2026_09_15-01_30_00") {
		t.Errorf("the job of a clock that is ahead: %v", list)
	}
}
