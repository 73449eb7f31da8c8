package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// kills is how often the controller dies in one workflow.
const kills = 5

// TestKilled has the real controller die by SIGKILL, at instants that nobody chose:
// five times each while an enrolment, a provisioning and a remote backup are under
// way, which is counted, and five times around the first of the month. Finalising
// takes no simulated time, so the script month_kill.txtar aims at that one. What the kills
// leave is the same as without them, and no secret is seen on the way.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds both programs and runs them for half a minute")
	}
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin+"/", "./cmd/accolade", "./internal/sim/demo/testdata/accoladed")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	var told bytes.Buffer
	s := &story{
		opts: Options{Accolade: filepath.Join(bin, "accolade"), Accoladed: filepath.Join(bin, "accoladed"), Dir: filepath.Join(t.TempDir(), "out")},
		out:  teller{w: &told},
	}
	secrets := watchSecrets(t, s, bin)
	var err error
	if s.paris, err = time.LoadLocation("Europe/Paris"); err != nil {
		t.Fatal(err)
	}
	if err := s.prepare(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	defer func() {
		if err := s.end(nil); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the story so far:\n%s\nthe end of the controller's log:\n%s", told.String(), s.tail())
		}
	}()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))

	must(s.startSandbox(ctx))
	must(s.startController(ctx))
	must(s.writeContract(ctx))

	id, err := s.beginEnrolment(ctx)
	must(err)
	s.killed(ctx, t, rng, 2*time.Second, kills)
	must(s.finish(ctx, id, nil))
	s.wantBox(ctx, t)

	id, err = s.beginProvisioning(ctx)
	must(err)
	s.killed(ctx, t, rng, 20*time.Second, kills)
	must(s.finish(ctx, id, nil))
	s.wantServer(ctx, t)

	// The first night's remote backup, and the first month.
	must(s.until(2026, 9, 15, 2, 30))
	must(s.sleep(2 * time.Second)) // the schedule has begun it
	s.killed(ctx, t, rng, 2*time.Second, kills)
	must(s.until(2026, 9, 15, 8, 0))
	if local, err := s.localPoint(ctx, time.Date(2026, 9, 14, 20, 0, 0, 0, s.paris)); err != nil || !local {
		t.Errorf("the night's local backup: listed %t, %v", local, err)
	}
	if remote, err := s.remotePoint(ctx, time.Date(2026, 9, 14, 20, 0, 0, 0, s.paris)); err != nil || !remote {
		t.Errorf("the night's remote backup: listed %t, %v", remote, err)
	}
	must(s.until(2026, 10, 1, 5, 59))
	s.killed(ctx, t, rng, 20*time.Second, 0)
	must(s.until(2026, 10, 1, 8, 0))
	must(s.countMonth(ctx, "2026-09"))
	if s.figures.Invoices != 1 || s.figures.TotalCents != 29952 {
		t.Errorf("September: %d invoices over %d cents, want one over 29952", s.figures.Invoices, s.figures.TotalCents)
	}
	must(s.do(ctx, "audit", "verify"))
	must(s.do(ctx, "doctor"))
	s.wantBox(ctx, t)
	s.wantServer(ctx, t)
	secrets.want(ctx, t)
}

// killed lets time go on, a step at a time, and in each step the controller die and
// come back. At least struck of the kills must have cut an operation that is under way.
func (s *story) killed(ctx context.Context, t *testing.T, rng *rand.Rand, step time.Duration, struck int) {
	t.Helper()
	hit := 0
	for range kills {
		slept := make(chan error, 1)
		go func() { slept <- s.sleep(step) }()
		time.Sleep(time.Duration(rng.Int64N(int64(100 * time.Millisecond)))) // real: somewhere in its work
		if err := s.controller.kill(); err != nil {
			t.Fatal(err)
		}
		if err := s.runController(ctx); err != nil {
			t.Fatal(err)
		}
		// What is not ended now was not ended when it died.
		var open []json.RawMessage
		if err := s.ask(ctx, &open, "operation", "list"); err != nil {
			t.Fatal(err)
		}
		if len(open) > 0 {
			hit++
		}
		if err := <-slept; err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d kills struck an operation under way", hit, kills)
	if hit < struck {
		t.Errorf("only %d of %d kills struck an operation under way, want %d", hit, kills, struck)
	}
}

// wantBox looks on the box itself: one user of ours with one token, each storage once.
func (s *story) wantBox(ctx context.Context, t *testing.T) {
	t.Helper()
	box, err := s.box(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer box.client.CloseIdleConnections()
	var tokens []json.RawMessage
	if err := box.get(ctx, "/access/users/accolade@pve/token", &tokens); err != nil || len(tokens) != 1 {
		t.Errorf("%d tokens of accolade@pve, %v; want 1", len(tokens), err)
	}
	var storages []struct{ Storage, Type string }
	if err := box.get(ctx, "/storage", &storages); err != nil {
		t.Fatal(err)
	}
	pbs := 0
	for _, st := range storages {
		if st.Type == "pbs" {
			pbs++
		}
	}
	if pbs != 1 {
		t.Errorf("%d storages of type pbs, want 1: %v", pbs, storages)
	}
	var jobs []json.RawMessage
	if err := box.get(ctx, "/cluster/backup", &jobs); err != nil || len(jobs) != 1 {
		t.Errorf("%d backup jobs, %v; want 1", len(jobs), err)
	}
}

// wantServer looks on the box itself: one VM, protected, and no seed left behind.
func (s *story) wantServer(ctx context.Context, t *testing.T) {
	t.Helper()
	box, err := s.box(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer box.client.CloseIdleConnections()
	node := "/nodes/" + s.info.PVE[0].Name
	var vms []struct {
		VMID   int
		Status string
	}
	if err := box.get(ctx, node+"/qemu", &vms); err != nil || len(vms) != 1 || vms[0].Status != "running" {
		t.Fatalf("VMs %v, %v; want one that runs", vms, err)
	}
	var isos []struct{ Volid string }
	if err := box.get(ctx, node+"/storage/accolade/content?content=iso", &isos); err != nil || len(isos) != 0 {
		t.Errorf("seeds left behind: %v %v", isos, err)
	}
}
