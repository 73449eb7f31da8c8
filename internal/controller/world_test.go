package controller

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/config"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/sim/sandbox"
	"codeberg.org/accolade/accolade/internal/store"
)

// world is a sandbox, a controller in it, and a story that holds time in jump mode.
type world struct {
	t     testing.TB
	info  sandbox.Info
	box   *sandbox.Sandbox
	conf  config.Config
	from  config.Sources // of conf
	story *clock.Follower
	c     *Controller
	log   *lockedLog
}

type lockedLog struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newWorld begins on 14 September 2026 at 14:00 in Lorient. The context that it
// returns is the story's, marked as working.
func newWorld(t testing.TB) (*world, context.Context) {
	t.Helper()
	return newWorldIn(t, sandbox.Options{Listen: "127.0.0.1:0", Start: time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)})
}

func newWorldIn(t testing.TB, o sandbox.Options) (*world, context.Context) {
	t.Helper()
	return newWorldSaying(t, o, "")
}

// newWorldSaying is newWorldIn with a configuration file.
func newWorldSaying(t testing.TB, o sandbox.Options, file string) (*world, context.Context) {
	t.Helper()
	s, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := &world{t: t, box: s, info: s.Info(), log: &lockedLog{}}
	dir, err := os.MkdirTemp("", "acc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "accoladed.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	w.from = config.Sources{File: path, Flags: map[string]string{"state": filepath.Join(dir, "state"), "socket": filepath.Join(dir, "s"), "sandbox": w.info.Control.URL}}
	w.conf, _, err = config.Load(w.from)
	if err != nil {
		t.Fatal(err)
	}
	w.story, err = clock.Follow(t.Context(), w.info.Control.URL, "story", clock.Hold())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.story.Close() })
	ctx, done := w.story.Work(t.Context())
	t.Cleanup(done)
	w.start()
	t.Cleanup(func() {
		if err := w.c.Close(); err != nil {
			t.Errorf("close: %v\n%s", err, w.log)
		}
	})
	return w, ctx
}

// start starts the controller. One that reads its settings again finds another colour.
func (w *world) start() {
	w.t.Helper()
	_, origins, err := config.Load(w.from)
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := Start(w.t.Context(), w.conf, Options{Version: "v1", Log: w.log, Origins: origins, Reload: func() (config.Config, []config.Origin, error) {
		again := w.from
		again.Flags = maps.Clone(again.Flags)
		again.Flags["seller.colour"] = "#8a1c4a"
		return config.Load(again)
	}})
	if err != nil {
		w.t.Fatalf("%v\n%s", err, w.log)
	}
	w.c = c
}

// enrol begins the enrolment of the sandbox's first box.
func (w *world) enrol(ctx context.Context) operation.Operation {
	w.t.Helper()
	if _, err := w.c.services.Fleet.AddSite(fleet.Site{Name: "lorient", Address: "12 rue du Port, 56100 Lorient", Travel: fleet.Bike, Minutes: 10}); err != nil {
		w.t.Fatal(err)
	}
	id, key, err := fleet.ParseVaultToken(w.info.PBS.Token)
	if err != nil {
		w.t.Fatal(err)
	}
	sealed, err := w.c.keeper.Seal(key)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.c.services.Fleet.AddVault(fleet.Vault{Name: "central", URL: w.info.PBS.URL, Fingerprint: w.info.PBS.Fingerprint, Datastore: w.info.PBS.Datastore, TokenID: id, TokenSecret: sealed}); err != nil {
		w.t.Fatal(err)
	}
	login, err := fleet.ParseLogin(w.info.PVE[0].Token)
	if err != nil {
		w.t.Fatal(err)
	}
	op, _, err := w.c.services.Enrol.Start(ctx, enrol.Input{Name: "kiosk", Site: "lorient", URL: w.info.PVE[0].URL, Fingerprint: w.info.PVE[0].Fingerprint}, login, "anne", "test")
	if err != nil {
		w.t.Fatal(err)
	}
	return op
}

// wait lets time go until the operation has ended.
func (w *world) wait(ctx context.Context, id string) operation.Operation {
	w.t.Helper()
	var op operation.Operation
	var err error
	w.story.Idle(ctx, func() { op, err = w.c.engine.Wait(w.t.Context(), id) })
	if err != nil {
		w.t.Fatal(err)
	}
	return op
}

// A box is enrolled and then asked every five minutes, in time that jumps.
func TestSupervision(t *testing.T) {
	w, ctx := newWorld(t)
	if op := w.wait(ctx, w.enrol(ctx).ID); op.State != operation.Done {
		t.Fatalf("%+v\n%s", op, w.log)
	}
	if err := w.story.Sleep(ctx, 6*time.Hour); err != nil {
		t.Fatal(err)
	}
	b, err := w.c.services.Fleet.Box("kiosk")
	if err != nil {
		t.Fatal(err)
	}
	age := w.story.Now().Sub(b.Observed.At)
	if b.Observed.Error != "" || len(b.Observed.Drift) > 0 || age > observeEvery || b.Observed.Version == "" {
		t.Errorf("after six hours the box, asked %s ago, says %+v", age, b.Observed)
	}
	w.box.Box(0) // still there
	if !strings.Contains(w.log.String(), "simulated=2026-09-14T") {
		t.Errorf("the log does not tell the simulated time:\n%s", w.log)
	}
}

// A stop in the middle of an operation loses nothing: the next start goes on with it.
func TestStopLeavesOperationsResumable(t *testing.T) {
	w, ctx := newWorld(t)
	op := w.enrol(ctx)
	if err := w.c.Close(); err != nil {
		t.Fatal(err)
	}
	stopped, err := w.c.engine.Get(op.ID)
	if err == nil && stopped.State.Ended() {
		t.Logf("the operation had ended before the stop: %s", stopped.State)
	}
	w.start()
	if got := w.wait(ctx, op.ID); got.State != operation.Done {
		t.Errorf("after the restart: %+v\n%s", got, w.log)
	}
	b, err := w.c.services.Fleet.Box("kiosk")
	if err != nil || b.State != fleet.BoxReady {
		t.Errorf("the box is %s, %v", b.State, err)
	}
}

// Machines outside of the sandbox are none of this controller's.
func TestOutsideOfTheSandbox(t *testing.T) {
	w, ctx := newWorld(t)
	_, _, err := w.c.services.Enrol.Start(ctx, enrol.Input{Name: "real", Site: "lorient", Vault: "central", URL: "https://192.0.2.1:8006", Fingerprint: w.info.PVE[0].Fingerprint},
		fleet.Login{TokenID: "root@pam!x"}, "anne", "test")
	if err == nil || !strings.Contains(err.Error(), "no machine of the sandbox") {
		t.Errorf("got %v, wanted is a refusal", err)
	}
	if _, err := w.c.links.box(fleet.Box{Name: "real", URL: "https://192.0.2.1:8006"}); err == nil {
		t.Error("a link to a machine outside was made")
	}
	// Nor does a state that knows such a machine begin to live in a sandbox.
	if err := w.c.db.Update(func(tx store.Tx) error {
		return fleet.Boxes.Insert(tx, "real", fleet.Box{Name: "real", URL: "https://192.0.2.1:8006"})
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), w.conf, Options{Log: w.log}); err == nil || !strings.Contains(err.Error(), "box real: https://192.0.2.1:8006 is no machine of the sandbox") {
		t.Errorf("got %v, wanted is a refusal to start", err)
	}
}
