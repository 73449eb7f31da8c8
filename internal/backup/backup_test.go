package backup_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/proxmox"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
)

// bench is an enrolled box with one server in service, and a scheduler that runs.
type bench struct {
	*fleettest.Bench
	box     fleet.Box
	root    *proxmox.Client
	service *backup.Service
	log     bytes.Buffer
	mails   []string
	ctx     context.Context // the test works, except in until and wait: time stands still
}

// Send implements backup.Notifier.
func (b *bench) Send(_ context.Context, key, subject, text string) error {
	b.mails = append(b.mails, key+"\n"+subject+"\n"+text)
	return nil
}

func newBench(t *testing.T, version string) *bench {
	t.Helper()
	b := &bench{Bench: fleettest.New(t, version)}
	log := slog.New(slog.NewTextHandler(&b.log, nil))
	scheduler := schedule.New(b.DB, b.Clock, log)
	b.service = backup.New(backup.Parts{
		DB: b.DB, Clock: b.Clock, Engine: b.Engine, Scheduler: scheduler, Fleet: b.Registry, Notifier: b, Log: log, Policy: backup.DefaultPolicy(),
		Connect: func(box fleet.Box) (backup.Hypervisor, error) { return b.Ours(box), nil }, ReadLog: proxmox.ParseVzdump,
	})
	b.Run()
	b.box = b.Enrolled()
	b.root = b.Client(b.box, b.Password())
	t.Cleanup(b.root.Close)
	var done func()
	b.ctx, done = b.Clock.Work(t.Context())
	t.Cleanup(done)
	b.server()
	if err := b.service.WatchAll(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	marked, end := b.Clock.Work(ctx)
	go func() { defer end(); over <- scheduler.Run(marked) }()
	t.Cleanup(func() { stop(); <-over })
	return b
}

// server is a VM of ours that was in service before.
func (b *bench) server() {
	b.T.Helper()
	ctx := b.ctx
	upid, err := b.root.CreateVM(ctx, 100, map[string]any{"name": "kerlann", "pool": b.box.Pool, "memory": 2048, "scsihw": "virtio-scsi-single", "scsi0": "local-lvm:16,iothread=1", "net0": "virtio,bridge=vmbr0"})
	if err == nil {
		_, err = b.root.Wait(ctx, upid, nil)
	}
	if err == nil {
		upid, err = b.root.StartVM(ctx, 100)
	}
	if err == nil {
		_, err = b.root.Wait(ctx, upid, nil)
	}
	if err == nil {
		err = b.DB.Update(func(tx store.Tx) error {
			return fleet.Servers.Put(tx, "kerlann", fleet.Server{Name: "kerlann", Client: "kerlann", Box: b.box.Name, VMID: 100, Domain: "kerlann.bzh", State: fleet.ServerReady, Ready: b.Clock.Now(), Disk: 16 << 30})
		})
	}
	if err != nil {
		b.T.Fatal(err)
	}
}

// until lets time pass.
func (b *bench) until(clock string) {
	b.T.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		b.T.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", clock, zone)
	if err != nil {
		b.T.Fatal(err)
	}
	if err := b.Clock.SleepUntil(b.ctx, at); err != nil {
		b.T.Fatal(err)
	}
}

// wait lets time pass until an operation has ended.
func (b *bench) wait(id string) (op operation.Operation) {
	b.T.Helper()
	var err error
	b.Clock.Idle(b.ctx, func() { op, err = b.Engine.Wait(b.T.Context(), id) })
	if err != nil {
		b.T.Fatal(err)
	}
	return op
}

func (b *bench) points(kind backup.Kind) []backup.Point {
	b.T.Helper()
	all, away, err := b.service.Points(b.T.Context(), "kerlann")
	if err != nil || len(away) > 0 {
		b.T.Fatalf("points: %v, %v", away, err)
	}
	var out []backup.Point
	for _, p := range all {
		if p.Kind == kind {
			out = append(out, p)
		}
	}
	return out
}

func (b *bench) runs() []backup.Run {
	b.T.Helper()
	runs, err := b.service.Runs("kerlann")
	if err != nil {
		b.T.Fatal(err)
	}
	return runs
}

func TestNights(t *testing.T) {
	for _, version := range []string{"8.4", "9.2"} {
		t.Run(version, func(t *testing.T) {
			b := newBench(t, version)
			b.until("2026-09-17 08:05")
			runs, points := b.runs(), b.points(backup.Remote)
			if len(runs) != 3 || len(points) != 3 {
				t.Fatalf("%d runs, %d points after three nights: %+v", len(runs), len(points), runs)
			}
			for i, r := range runs {
				if !r.Counts() || r.Point != points[i].ID || r.Tries != 1 || r.Took <= 0 || r.UPID == "" || r.Error != "" {
					t.Errorf("run %+v", r)
				}
				if p := points[i]; p.Place != (backup.Place{Vault: fleettest.VaultName, Namespace: "kiosk", VMID: 100}) || !p.Encrypted {
					t.Errorf("point %+v", p)
				}
				want := map[bool]bool{true: r.Bitmap == string(fleet.BitmapNew), false: r.Bitmap == string(fleet.BitmapClean) || r.Bitmap == string(fleet.BitmapDirty)}
				if !want[i == len(runs)-1] {
					t.Errorf("run %d of %s: bitmap %q", i, r.Started, r.Bitmap)
				}
			}
			if local := b.points(backup.Local); len(local) != 3 {
				t.Errorf("the box's own job made %d points, wanted 3", len(local))
			}
			if missed, err := b.service.Missing(); err != nil || len(missed) != 0 || len(b.mails) != 0 {
				t.Errorf("missed %v, mails %v, %v", missed, b.mails, err)
			}
		})
	}
}

func TestVaultAwayForPartOfTheNight(t *testing.T) {
	b := newBench(t, "9.2")
	b.until("2026-09-15 02:00")
	b.VaultDown.Set(true)
	b.until("2026-09-15 05:00")
	if runs := b.runs(); len(runs) != 1 || runs[0].Counts() || !strings.Contains(runs[0].Error, "vault central is away") {
		t.Fatalf("runs %+v", runs)
	}
	b.VaultDown.Set(false)
	b.until("2026-09-15 08:05")
	runs := b.runs()
	if len(runs) != 1 || !runs[0].Counts() || runs[0].Error != "" {
		t.Fatalf("runs %+v", runs)
	}
	if missed, err := b.service.Missing(); err != nil || len(missed) != 0 || len(b.mails) != 0 {
		t.Errorf("missed %v, mails %v, %v", missed, b.mails, err)
	}
}

func TestVaultAwayForNights(t *testing.T) {
	b := newBench(t, "9.2")
	b.until("2026-09-15 02:00")
	b.VaultDown.Set(true)
	b.until("2026-09-15 07:59")
	if len(b.mails) != 0 {
		t.Fatalf("told before 08:00: %v", b.mails)
	}
	b.until("2026-09-15 08:01")
	missed, err := b.service.Missing()
	if err != nil || len(missed) != 1 || missed[0].Server != "kerlann" || !strings.Contains(missed[0].Why, "away") {
		t.Fatalf("missed %+v, %v", missed, err)
	}
	if len(b.mails) != 1 || !strings.Contains(b.mails[0], "no remote backup of kerlann") || !strings.Contains(b.mails[0], "accolade backup run kerlann") {
		t.Fatalf("mails %q", b.mails)
	}
	if !strings.Contains(b.log.String(), `level=ERROR msg="no remote backup" server=kerlann`) {
		t.Errorf("the log does not tell:\n%s", b.log.String())
	}
	op, err := b.Engine.Get(b.runs()[0].Operation)
	if err != nil || op.State != operation.Failed {
		t.Errorf("operation %+v, %v", op, err)
	}
	b.until("2026-09-16 08:01")
	if len(b.mails) != 1 {
		t.Errorf("%d mails after the second night, wanted the one", len(b.mails))
	}
	b.VaultDown.Set(false)
	b.until("2026-09-17 08:01")
	if missed, err := b.service.Missing(); err != nil || len(missed) != 0 {
		t.Errorf("still missed: %+v, %v", missed, err)
	}
	if points := b.points(backup.Remote); len(points) != 1 {
		t.Errorf("%d points, wanted one", len(points))
	}
}

func TestAnAnswerLostMakesNoSecondBackup(t *testing.T) {
	b := newBench(t, "9.2")
	lost := 0
	b.Between = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			res, err := next.RoundTrip(r)
			if err == nil && r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/vzdump") && lost == 0 {
				lost++
				res.Body.Close()
				return nil, context.DeadlineExceeded
			}
			return res, err
		})
	}
	op, err := b.service.Start(t.Context(), "kerlann", backup.Remote, "anne", "test")
	if err != nil {
		t.Fatal(err)
	}
	if op = b.wait(op.ID); op.State != operation.Done {
		t.Fatalf("%s: %+v", op.State, op.Problem)
	}
	if points, runs := b.points(backup.Remote), b.runs(); len(points) != 1 || len(runs) != 1 || !runs[0].Counts() || runs[0].UPID == "" || runs[0].Bitmap == "" || lost != 1 {
		t.Fatalf("%d points, runs %+v, %d answers lost", len(points), runs, lost)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRestoreAsNew(t *testing.T) {
	for _, version := range []string{"8.4", "9.2"} {
		for _, kind := range []backup.Kind{backup.Local, backup.Remote} {
			t.Run(version+" "+string(kind), func(t *testing.T) {
				b := newBench(t, version)
				b.until("2026-09-16 08:05")
				points := b.points(kind)
				oldest := points[len(points)-1]
				saved, err := b.Box.BackupDigest(oldest.ID, "scsi0")
				if err != nil {
					t.Fatal(err)
				}
				op, err := b.service.RestoreAsNew(t.Context(), "kerlann", oldest.ID, "anne", "test")
				if err != nil {
					t.Fatal(err)
				}
				if op = b.wait(op.ID); op.State != operation.Done {
					t.Fatalf("%s: %+v", op.State, op.Problem)
				}
				made, err := b.service.Restored(op.ID)
				if err != nil || made.VMID != 101 {
					t.Fatalf("restored %+v, %v", made, err)
				}
				back, err := b.Box.DiskDigest(101, "scsi0")
				if err != nil {
					t.Fatal(err)
				}
				if back != saved {
					t.Errorf("the restored disk is not the one that was saved")
				}
				if now, err := b.Box.DiskDigest(100, "scsi0"); err != nil || now == "" {
					t.Errorf("the server's own disk: %q, %v", now, err)
				}
				old, err := b.root.VM(t.Context(), 100)
				if err != nil {
					t.Fatal(err)
				}
				vm, err := b.root.VM(t.Context(), 101)
				if err != nil || vm.Running || vm.Name != "kerlann-restored" || vm.Config["net0"] == old.Config["net0"] || vm.Config["onboot"] == "1" {
					t.Errorf("VM %+v, %v", vm, err)
				}
				if !old.Running {
					t.Errorf("the server itself does not run any more")
				}
			})
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	b := newBench(t, "9.2")
	if _, err := b.service.RestoreAsNew(t.Context(), "kerlann", "", "anne", "test"); err == nil || !strings.Contains(err.Error(), "has no backup point") {
		t.Errorf("no point at all: %v", err)
	}
	if _, err := b.service.RestoreAsNew(t.Context(), "kerlann", "vault:backup/none", "anne", "test"); err == nil || !strings.Contains(err.Error(), "vault:backup/none") {
		t.Errorf("an unknown point: %v", err)
	}
	if _, err := b.service.RestoreAsNew(t.Context(), "nobody", "", "anne", "test"); err == nil || !strings.Contains(err.Error(), `no server "nobody"`) {
		t.Errorf("an unknown server: %v", err)
	}
}
