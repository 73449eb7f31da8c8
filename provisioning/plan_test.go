package provisioning

import (
	"encoding/json"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/fleet"
)

func exampleOrder(t *testing.T) (order, observed) {
	t.Helper()
	box := fleet.Box{Name: "kiosk", Node: "pve", State: fleet.BoxReady, Pool: "accolade", Bridge: "vmbr0", Vault: "central", Namespace: "kiosk",
		Storages: fleet.Storages{VM: "local-lvm", Backup: "hdd", Images: "accolade", Vault: "vault"}}
	storage := func(name string, free Bytes) fleet.ObservedStorage {
		return fleet.ObservedStorage{Name: name, Active: true, Total: int64(TiB), Free: int64(free)}
	}
	seen := observed{
		Node:     fleet.Node{Name: "pve", Cores: 4, Memory: int64(16 * GiB), MemoryFree: int64(14 * GiB)},
		Storages: []fleet.ObservedStorage{storage("local-lvm", 200*GiB), storage("hdd", 900*GiB), storage("accolade", 20*GiB), storage("vault", 500*GiB)},
	}
	return order{Server: "archi", Client: "archi", Box: box, Blueprint: seedBlueprint(t), Mark: "OPERATION", Users: 12}, seen
}

func TestPlanListsTheExactCalls(t *testing.T) {
	order, seen := exampleOrder(t)
	plan, err := newPlan(order, seen)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, call := range plan.Calls {
		params, err := json.Marshal(call.Params)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, call.Method+" "+call.Path+" "+string(params)+" "+call.Note)
	}
	got := strings.Join(lines, "\n")
	for _, want := range []string{
		`POST /nodes/pve/storage/accolade/download-url {"checksum":"(from SHA512SUMS beside the image)","checksum-algorithm":"sha512","content":"import","filename":"debian-12-genericcloud-amd64-20260901.qcow2"`,
		`POST /nodes/pve/storage/accolade/upload {"content":"iso","filename":"accolade-OPERATION.iso"}`,
		`"scsi0":"local-lvm:0,import-from=accolade:import/debian-12-genericcloud-amd64-20260901.qcow2,discard=on,ssd=1,iothread=1"`,
		`PUT /nodes/pve/qemu/100/resize {"disk":"scsi0","size":"64G"}`,
		"12 users in batches of 50",
		"yunohost app install nextcloud --args admin=camille&domain=archi.test&init_main_permission=all_users&path=%2Fnextcloud",
		"the certificate stays self-signed",
		`DELETE /nodes/pve/storage/accolade/content/accolade:iso/accolade-OPERATION.iso`,
		`POST /nodes/pve/vzdump {"mode":"snapshot","storage":"vault","vmid":100}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the plan lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, `"tags"`) && !strings.Contains(got, `PUT /nodes/pve/qemu/100/config {"delete":"ide2","protection":true,"tags":"accolade"}`) {
		t.Errorf("tags are not set after the create:\n%s", got)
	}
}

func TestPlanTakesTheNextFreeVMID(t *testing.T) {
	order, seen := exampleOrder(t)
	seen.VMs = []fleet.VM{{VMID: 100}, {VMID: 102}}
	seen.Servers = []fleet.Server{{Name: "other", VMID: 101, State: fleet.ServerProvisioning}}
	seen.Images = []fleet.Volume{{ID: imageVolume(order)}}
	plan, err := newPlan(order, seen)
	if err != nil {
		t.Fatal(err)
	}
	if plan.VMID != 103 {
		t.Errorf("VMID %d, wanted 103", plan.VMID)
	}
	if plan.Calls[0].Step == stepImage {
		t.Errorf("an image that is listed would be fetched again")
	}
}

func TestPlanChecksTheRoom(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*order, *observed)
		want   string // "" allows
	}{
		{"fits", func(*order, *observed) {}, ""},
		{"cores", func(o *order, _ *observed) { o.Blueprint.Size.Cores = 8 }, "wants 8 cores, the box has 4"},
		{"memory", func(o *order, _ *observed) { o.Blueprint.Size.Memory = 14 * GiB }, "wants 14G of memory, 14.0 GiB are free (13.0 GiB"},
		{"memory promised", func(_ *order, s *observed) {
			s.Servers = []fleet.Server{{VMID: 105, Memory: int64(10 * GiB), State: fleet.ServerProvisioning}}
		}, "(3.0 GiB"},
		{"disk", func(o *order, _ *observed) { o.Blueprint.Size.Disk = 300 * GiB }, "a disk of 300G, storage local-lvm has 200.0 GiB free"},
		{"images", func(_ *order, s *observed) { s.Storages[2].Free = 0 }, "storage accolade has 0.0 GiB free"},
		{"no HDD", func(_ *order, s *observed) { s.Storages[1].Active = false }, "storage hdd is not active"},
		{"not enrolled", func(_ *order, s *observed) { s.Storages = s.Storages[:2] }, `has no storage "accolade"`},
		{"vault away", func(_ *order, s *observed) { s.Storages[3].Active = false }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			order, seen := exampleOrder(t)
			test.change(&order, &seen)
			plan, err := newPlan(order, seen)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if test.name == "vault away" && len(plan.Warnings) != 1 {
					t.Errorf("warnings %v, wanted one about the vault", plan.Warnings)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, wanted %q", err, test.want)
			}
		})
	}
}

func FuzzCheckDomain(f *testing.F) {
	for _, seed := range []string{"archi.test", "-a.test", "a..b", "127.0.0.1", "été.fr", "xn--a.fr"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, domain string) {
		if checkDomain(domain) == nil && strings.ContainsAny(domain, " /\\'\"$`\n") {
			t.Fatalf("%q was accepted", domain)
		}
	})
}

func TestRulesAgreeWithARealServer(t *testing.T) {
	for _, domain := range []string{"archi_test", "Archi.test", "archi", "-archi.test", "archi.test.", "127.0.0.1", "http://archi.test", "archi .test", "", "été.test", "archi.t", "1.2.3.44"} {
		if checkDomain(domain) == nil {
			t.Errorf("domain %q was accepted", domain)
		}
	}
	for _, name := range []string{"root", "admin", "admins", "webmaster", "postmaster", "abuse", "www-data", "Camille", "camille!", "camille le goff", "", "mail", "vmail", "nobody", "systemd-x"} {
		if checkUsername(name) == nil {
			t.Errorf("user name %q was accepted", name)
		}
	}
	for _, name := range []string{"", " ", "Camille <b>", "ab"} {
		if checkFullName(name) == nil {
			t.Errorf("full name %q was accepted", name)
		}
	}
	for _, name := range []string{"Camille", "Camille 2", "Camille O'Neill-Le Goff, Jr.", "René Léostíc"} {
		if err := checkFullName(name); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []struct {
		host string
		port int
		user string
		pass string
	}{{"bad host!", 587, "u", "long enough"}, {"relay.example", 99999999, "u", "long enough"}, {"relay.example", 0, "u", "long enough"}, {"relay.example", 587, "-u", "long enough"}, {"relay.example", 587, "u", "short"}, {"relay.example", 587, "u", "motdepasse"}} {
		if checkRelay(bad.host, bad.port, bad.user, bad.pass) == nil {
			t.Errorf("relay %+v was accepted", bad)
		}
	}
	if err := checkRelay("relay.example", 587, "accolade", "Secret&=%+ des relais 1"); err != nil {
		t.Error(err)
	}
}
