package enrol_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
)

var versions = []string{"8.4", "9.2"}

// eachVersion runs a test on both releases that we serve.
func eachVersion(t *testing.T, test func(t *testing.T, b *fleettest.Bench), opts ...fleettest.Option) {
	for _, v := range versions {
		t.Run(v, func(t *testing.T) {
			b := fleettest.New(t, v, opts...)
			b.Run()
			test(t, b)
		})
	}
}

func TestEnrol(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *fleettest.Bench) {
		box := b.Enrolled()
		if box.State != fleet.BoxReady || box.Node != fleettest.Node || box.Storages.VM != "local-lvm" || box.Job.Schedule != "01:30" || box.Job.Prune != "keep-last=3,keep-daily=7,keep-weekly=5,keep-monthly=12" {
			t.Errorf("record %+v", box)
		}
		if box.TokenID != fleet.BoxToken || len(box.TokenSecret) == 0 || len(box.VaultKey) == 0 || box.KeyPrint == "" || !box.VaultPassed {
			t.Errorf("secrets of %+v", box)
		}
		root := b.Client(box, b.Password())
		defer root.Close()
		ctx := t.Context()

		jobs, err := root.Jobs(ctx)
		if err != nil || len(jobs) != 1 || jobs[0] != box.Job {
			t.Errorf("jobs %+v, want %+v (%v)", jobs, box.Job, err)
		}
		configs, err := root.StorageConfigs(ctx)
		if err != nil {
			t.Fatal(err)
		}
		byName := map[string]fleet.StorageConfig{}
		for _, c := range configs {
			byName[c.Name] = c
		}
		if s := byName["hdd"]; s.Path != "/mnt/pve/hdd" || !s.Mountpoint || strings.Join(s.Content, ",") != "backup" {
			t.Errorf("storage hdd %+v", s)
		}
		if s := byName["accolade"]; s.Path != "/var/lib/accolade" || strings.Join(s.Content, ",") != "import,iso" {
			t.Errorf("storage accolade %+v", s)
		}
		if s := byName["vault"]; s.Namespace != "kiosk" || s.KeyPrint != box.KeyPrint || s.Username != "accolade-kiosk@pbs!box" {
			t.Errorf("storage vault %+v", s)
		}
		tokens, err := root.Tokens(ctx, "root@pam")
		if err != nil || len(tokens) != 0 {
			t.Errorf("the bootstrap token is still there: %v (%v)", tokens, err)
		}
		if tokens, err = root.Tokens(ctx, fleet.BoxUser); err != nil || !slices.Equal(tokens, []fleet.Token{{ID: fleet.BoxToken, Privsep: true}}) {
			t.Errorf("our tokens %v (%v)", tokens, err)
		}
	})
}

// Run twice, an enrolment changes nothing and says so.
func TestEnrolTwice(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *fleettest.Bench) {
		b.Enrolled()
		before := b.Wire.Changes() + b.VaultWire.Changes()
		op, plan, err := b.Enrol.Start(t.Context(), b.Input(), b.Password(), "anne", "test")
		if err != nil || op.ID != "" || len(plan.Actions) != 0 {
			t.Errorf("second enrolment: operation %q, actions %v, %v", op.ID, plan.Actions, err)
		}
		if after := b.Wire.Changes() + b.VaultWire.Changes(); after != before {
			t.Errorf("%d changes were sent", after-before)
		}
	})
}

// The plan names every change and makes none.
func TestPlan(t *testing.T) {
	b := fleettest.New(t, "9.2")
	plan, err := b.Enrol.Plan(t.Context(), b.Input(), b.Token())
	if err != nil {
		t.Fatal(err)
	}
	if n := b.Wire.Changes() + b.VaultWire.Changes(); n != 0 {
		t.Errorf("the plan made %d changes", n)
	}
	if boxes, err := b.Registry.Boxes(); err != nil || len(boxes) != 0 {
		t.Errorf("the plan stored %v (%v)", boxes, err)
	}
	var text strings.Builder
	for _, a := range plan.Actions {
		text.WriteString(a.Step + ": " + a.What + "\n")
	}
	for _, want := range []string{"ext4 file system on the HDD /dev/sdb, serial WD-WCC4M0HXC1ZK", "storage hdd (dir /mnt/pve/hdd)", "namespace kiosk on vault central", "pool accolade",
		"job accolade-local: 01:30 (Europe/Paris)", "role AccoladePool", "token accolade@pve!controller", "revoke the bootstrap token root@pam!bootstrap"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the plan does not say %q:\n%s", want, text.String())
		}
	}
}

// What somebody changed on the box is seen, and mended by --repair alone.
func TestRepair(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *fleettest.Bench) {
		box := b.Enrolled()
		root := b.Client(box, b.Password())
		defer root.Close()
		ctx := t.Context()
		wrong := box.Job
		wrong.Schedule, wrong.Enabled = "03:00", false
		role := fleet.RoleFor(fleet.PathPool, box.Version)
		role.Privs = slices.DeleteFunc(role.Privs, func(p string) bool { return p == "VM.Backup" })
		hdd := fleet.StorageConfig{Name: "hdd", Content: []string{"backup", "iso"}, Disabled: true, Nodes: []string{box.Node}}
		for _, err := range []error{root.UpdateJob(ctx, wrong), root.UpdateRole(ctx, role), root.UpdateDir(ctx, hdd), root.Grant(ctx, fleet.Grant{Path: "/", Role: "Administrator", Who: fleet.BoxUser, Propagate: true})} {
			if err != nil {
				t.Fatal(err)
			}
		}
		seen := b.Enrol.Observe(ctx, box)
		var drift []string
		for _, d := range seen.Drift {
			drift = append(drift, d.What)
		}
		for _, want := range []string{"local backup job: schedule", "local backup job: enabled", "storage hdd", "rights on /pool/accolade"} {
			if !slices.Contains(drift, want) {
				t.Errorf("observed %v, without %q", drift, want)
			}
		}
		if _, _, err := b.Enrol.Start(ctx, b.Input(), b.Password(), "anne", "test"); err == nil || !strings.Contains(err.Error(), "--repair") {
			t.Errorf("without repair: %v", err)
		}
		repaired(t, b)
		if seen := b.Enrol.Observe(ctx, box); len(seen.Drift) != 0 || seen.Error != "" {
			t.Errorf("after the repair: %+v", seen)
		}
		grants, err := root.Grants(ctx)
		if err != nil || slices.ContainsFunc(grants, func(g fleet.Grant) bool { return g.Role == "Administrator" }) {
			t.Errorf("grants %v (%v)", grants, err)
		}
	})
}

// Every call of an observation passes with our own token, and with no other right.
func TestObserveWithOurToken(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *fleettest.Bench) {
		box := b.Enrolled()
		o := b.Enrol.Observe(t.Context(), box)
		if o.Error != "" || len(o.Drift) != 0 || o.Version == "" {
			t.Errorf("observation %+v", o)
		}
		var names []string
		for _, s := range o.Storages {
			names = append(names, s.Name)
		}
		slices.Sort(names)
		if !slices.Equal(names, []string{"accolade", "hdd", "local-lvm", "vault"}) {
			t.Errorf("storages seen: %v", names)
		}
		b.VaultDown.Set(true)
		if o = b.Enrol.Observe(t.Context(), box); o.Error != "" || len(o.Drift) != 1 || o.Drift[0].What != "storage vault" || o.Drift[0].Actual != "offline" {
			t.Errorf("with the vault away: %+v", o)
		}
	})
}

// The credential is nowhere in the store in clear.
func TestCredentialIsSealed(t *testing.T) {
	b := fleettest.New(t, "9.2")
	b.Run()
	b.Enrolled()
	var copied strings.Builder
	if _, err := b.DB.Copy(&copied); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fleettest.BoxSecret, fleettest.VaultSecret, fleettest.RootPassword} {
		if strings.Contains(copied.String(), s) {
			t.Errorf("the store holds %q in clear", s)
		}
	}
}

// An enrolment that fails takes back what it made, and leaves what was there.
func TestUndo(t *testing.T) {
	eachVersion(t, func(t *testing.T, b *fleettest.Bench) {
		b.Between = failing("POST", "/access/roles")
		op, _, err := b.Enrol.Start(t.Context(), b.Input(), b.Token(), "anne", "test")
		if err != nil {
			t.Fatal(err)
		}
		if op = b.Wait(op.ID); op.State != operation.Failed {
			t.Fatalf("enrolment %s", op.State)
		}
		b.Between = nil
		if _, err := b.Registry.Box("kiosk"); err == nil {
			t.Error("the record is still there")
		}
		root := b.Client(fleet.Box{Name: "kiosk", URL: b.BoxURL, Fingerprint: b.BoxPrint, Node: fleettest.Node}, b.Password())
		defer root.Close()
		jobs, err1 := root.Jobs(t.Context())
		pools, err2 := root.Pools(t.Context())
		configs, err3 := root.StorageConfigs(t.Context())
		tokens, err4 := root.Tokens(t.Context(), "root@pam")
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		if len(jobs) != 0 || len(pools) != 0 || len(tokens) != 1 || slices.ContainsFunc(configs, func(c fleet.StorageConfig) bool { return c.Name == "hdd" || c.Name == "vault" || c.Name == "accolade" }) {
			t.Errorf("left behind: jobs %v, pools %v, storages %v; bootstrap token %v", jobs, pools, configs, tokens)
		}
		// Tried again, it goes through: the HDD is mounted already.
		b.Enrolled()
	})
}

// A major upgrade renames the right to run commands in a guest: seen, and mended.
func TestRepairAfterUpgrade(t *testing.T) {
	b := fleettest.New(t, "8.4")
	b.Run()
	box := b.Enrolled()
	b.Upgrade()
	seen := b.Enrol.Observe(t.Context(), box)
	if len(seen.Drift) != 1 || seen.Drift[0].What != "rights on /pool/accolade" || seen.Drift[0].Wanted != "VM.GuestAgent.Unrestricted" {
		t.Errorf("after the upgrade: %+v", seen)
	}
	plan := repaired(t, b)
	if !slices.ContainsFunc(plan.Actions, func(a enrol.Action) bool { return strings.Contains(a.What, "mend the role AccoladePool") }) {
		t.Errorf("plan %+v", plan.Actions)
	}
	var err error
	if box, err = b.Registry.Box("kiosk"); err != nil || !strings.HasPrefix(box.Version, "9.2") {
		t.Errorf("record %s (%v)", box.Version, err)
	}
	if seen = b.Enrol.Observe(t.Context(), box); len(seen.Drift) != 0 || seen.Error != "" {
		t.Errorf("after the repair: %+v", seen)
	}
}

// Doctor names what does not belong and what is missing, on box, vault and in the store.
func TestDoctor(t *testing.T) {
	b := fleettest.New(t, "9.2")
	b.Run()
	box := b.Enrolled()
	ctx := t.Context()
	if found, err := b.Enrol.Doctor(ctx); err != nil || len(found) != 0 {
		t.Fatalf("of a fresh box: %+v, %v", found, err)
	}
	ours, root := b.Ours(box), b.Client(box, b.Password())
	defer ours.Close()
	defer root.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	upid, err := ours.CreateVM(ctx, 105, map[string]any{"name": "stray", "pool": box.Pool, "memory": 512})
	must(err)
	_, err = ours.Wait(ctx, upid, nil)
	must(err)
	upid, err = ours.Upload(ctx, box.Storages.Images, "iso", "left.iso", []byte("seed"))
	must(err)
	_, err = ours.Wait(ctx, upid, nil)
	must(err)
	must(root.DeleteJob(ctx, fleet.LocalJob))
	vault := b.DialVault(fleet.Vault{Name: "central", URL: b.VaultURL, Fingerprint: b.VaultPrint, Datastore: fleettest.Datastore, TokenID: fleettest.VaultToken}, secret.New(fleettest.VaultSecret))
	defer vault.Close()
	must(vault.CreateUser(ctx, "accolade-gone@pbs", ""))
	must(vault.DeleteUser(ctx, "accolade-kiosk@pbs"))
	must(b.DB.Update(func(tx store.Tx) error {
		return fleet.Servers.Insert(tx, "kerlann", fleet.Server{Name: "kerlann", Box: "kiosk", VMID: 100, State: fleet.ServerReady})
	}))
	found, err := b.Enrol.Doctor(ctx)
	must(err)
	var text strings.Builder
	for _, f := range found {
		text.WriteString(f.Of + ": " + f.What + " -> " + f.Fix + "\n")
	}
	for _, want := range []string{
		"box/kiosk: VM 105 (stray) in pool accolade belongs to no server that we know -> ",
		"box/kiosk: the seed accolade:iso/left.iso was left behind; it holds secrets -> on the box: pvesm free accolade:iso/left.iso",
		"box/kiosk: local backup job is missing: accolade-local -> accolade box enrol kiosk --repair",
		"server/kerlann: its VM 100 is not on box kiosk -> accolade backup restore kerlann --as-new",
		"vault/central: the login accolade-kiosk@pbs of box kiosk is missing -> accolade box enrol kiosk --repair",
		"vault/central: the login accolade-gone@pbs belongs to no box that we know -> on the vault: proxmox-backup-manager user remove accolade-gone@pbs",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("doctor does not say %q:\n%s", want, text.String())
		}
	}
	// The repair brings back what belongs to the box.
	repaired(t, b)
	found, err = b.Enrol.Doctor(ctx)
	must(err)
	for _, f := range found {
		if strings.Contains(f.Fix, "--repair") {
			t.Errorf("after the repair: %+v", f)
		}
	}
}

// A backup of the box's own that hangs keeps our VM locked: nothing of ours sees it
// fail, so the doctor tells it, once it has taken longer than any backup.
func TestDoctorNamesATaskThatHangs(t *testing.T) {
	b := fleettest.New(t, "9.2")
	b.Run()
	box := b.Enrolled()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	locked := func() (found []enrol.Finding) {
		t.Helper()
		all, err := b.Enrol.Doctor(ctx)
		must(err)
		return slices.DeleteFunc(all, func(f enrol.Finding) bool { return !strings.Contains(f.What, "locked") })
	}
	ours := b.Ours(box)
	defer ours.Close()
	upid, err := ours.CreateVM(ctx, 105, map[string]any{"name": "kerlann", "pool": box.Pool, "memory": 512, "scsi0": "local-lvm:1"})
	must(err)
	_, err = ours.Wait(ctx, upid, nil)
	must(err)
	b.Box.HangTask("vzdump", "")
	upid, err = ours.Vzdump(ctx, fleet.Dump{VMID: 105, Storage: box.Storages.Backup})
	must(err)
	must(b.Clock.Sleep(ctx, 11*time.Hour))
	if found := locked(); len(found) != 0 {
		t.Errorf("of a backup that may still come to its end: %+v", found)
	}
	must(b.Clock.Sleep(ctx, 2*time.Hour))
	found := locked()
	if len(found) != 1 || found[0].Of != "box/kiosk" ||
		!strings.HasPrefix(found[0].What, "VM 105 (kerlann) is locked (backup) by a task vzdump that has been running since ") ||
		!strings.HasSuffix(found[0].Fix, "on the box: pvesh delete /nodes/"+box.Node+"/tasks/"+upid) {
		t.Fatalf("of a backup that hangs: %+v", found)
	}
	b.Box.StopTask(upid)
	if found := locked(); len(found) != 0 {
		t.Errorf("after it was stopped: %+v", found)
	}
}

// repaired waits until a repair of the box has ended well, and returns what it planned.
func repaired(t *testing.T, b *fleettest.Bench) enrol.Plan {
	t.Helper()
	in := b.Input()
	in.Repair = true
	op, plan, err := b.Enrol.Start(t.Context(), in, b.Password(), "anne", "test")
	if err != nil {
		t.Fatal(err)
	}
	if op = b.Wait(op.ID); op.State != operation.Done {
		t.Fatalf("repair %s: %+v", op.State, op.Problem)
	}
	return plan
}
