package watch

import (
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
)

func TestBox(t *testing.T) {
	now := time.Date(2026, 9, 15, 6, 0, 0, 0, time.UTC)
	good := fleet.Box{Name: "kiosk", State: fleet.BoxReady, Storages: fleet.Storages{VM: "local-lvm", Backup: "hdd", Images: "accolade", Vault: "vault"},
		Observed: fleet.Observation{At: now.Add(-time.Minute), Seen: now.Add(-time.Minute), Version: "9.2.4",
			Storages: []fleet.ObservedStorage{{Name: "hdd", Active: true, Total: 100, Used: 50, Free: 50}, {Name: "vault", Active: true}},
			VMs:      []fleet.ObservedVM{{VMID: 100, Name: "kerlann", Status: "running"}}}}
	server := []fleet.Server{{Name: "kerlann", Box: "kiosk", VMID: 100, State: fleet.ServerReady}}
	for name, c := range map[string]struct {
		change func(*fleet.Box)
		level  Level
		of     string
		says   string
	}{
		"all well":       {func(*fleet.Box) {}, OK, "box/kiosk", "answers, Proxmox VE 9.2.4, 1 server"},
		"not enrolled":   {func(b *fleet.Box) { b.State = fleet.BoxEnrolling }, Warning, "box/kiosk", "not enrolled to its end"},
		"never asked":    {func(b *fleet.Box) { b.Observed = fleet.Observation{} }, Unknown, "box/kiosk", "was not asked yet"},
		"away":           {func(b *fleet.Box) { b.Observed.Error = "box kiosk: no answer" }, Critical, "box/kiosk", "does not answer: no answer"},
		"stale":          {func(b *fleet.Box) { b.Observed.At = now.Add(-time.Hour) }, Unknown, "box/kiosk", "last asked at"},
		"nearly full":    {func(b *fleet.Box) { b.Observed.Storages[0].Used = 92 }, Warning, "box/kiosk", "storage hdd is 92 % full"},
		"full":           {func(b *fleet.Box) { b.Observed.Storages[0].Used = 99 }, Critical, "box/kiosk", "storage hdd is 99 % full"},
		"server stopped": {func(b *fleet.Box) { b.Observed.VMs[0].Status = "stopped" }, Critical, "server/kerlann", "VM 100 on box kiosk is stopped"},
		"server gone":    {func(b *fleet.Box) { b.Observed.VMs = nil }, Critical, "server/kerlann", "has no VM 100 on box kiosk any more"},
		"HDD offline": {func(b *fleet.Box) {
			b.Observed.Drift = []fleet.Drift{{What: "storage hdd", Wanted: "active", Actual: "offline", Fix: "look at the disk"}}
		}, Critical, "box/kiosk", `storage hdd is "offline"`},
		"vault offline": {func(b *fleet.Box) {
			b.Observed.Drift = []fleet.Drift{{What: "storage vault", Wanted: "active", Actual: "offline"}}
		}, Warning, "box/kiosk", `storage vault is "offline"`},
		"job missing": {func(b *fleet.Box) {
			b.Observed.Drift = []fleet.Drift{{What: "local backup job", Wanted: "accolade-local"}}
		}, Warning, "box/kiosk", "local backup job is missing: accolade-local"},
	} {
		b := good
		b.Observed.Storages = append([]fleet.ObservedStorage{}, good.Observed.Storages...)
		b.Observed.VMs = append([]fleet.ObservedVM{}, good.Observed.VMs...)
		c.change(&b)
		got := box(b, server, now)
		if len(got) != 1 || got[0].Level != c.level || got[0].Of != c.of || !strings.Contains(got[0].What, c.says) {
			t.Errorf("%s: got %+v, want %s of %s: …%s…", name, got, c.level, c.of, c.says)
		}
		if len(got) == 1 && (got[0].Level == Critical || got[0].Level == Unknown) && got[0].Fix == "" {
			t.Errorf("%s: nothing is said to do about %+v", name, got[0])
		}
	}
	if got := box(fleet.Box{Name: "old", State: fleet.BoxRetired}, nil, now); len(got) != 0 {
		t.Errorf("a retired box tells %+v", got)
	}
}
