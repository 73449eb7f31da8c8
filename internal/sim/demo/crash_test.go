package demo

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/operation/crashtest"
)

// How many kills must strike a running provisioning, in all and in one story at most:
// each has its share of a provisioning to itself.
const (
	strikes         = 50
	strikesInAStory = 10
)

// TestCrashKilled has the real controller die by SIGKILL, at random instants of the
// demo's provisioning, until 50 have struck it under way. What they leave is the same
// as without them.
func TestCrashKilled(t *testing.T) {
	if os.Getenv(crashtest.SoakVar) != "1" {
		t.Skip("TestKilled does the same five times; make soak does it fifty times")
	}
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin+"/", "./cmd/accolade", "./cmd/accoladed")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 2))
	sent, struck, stories, failed := 0, 0, 0, 0
	for struck < strikes && !t.Failed() {
		stories++
		ok := t.Run(fmt.Sprintf("story-%d", stories), func(t *testing.T) {
			n, hit := killedProvisioning(t, bin, rng, min(strikesInAStory, strikes-struck))
			sent, struck = sent+n, struck+hit
		})
		if !ok {
			failed++
		}
	}
	err := crashtest.AddToTable(t.Name(), fmt.Sprintf("%4d SIGKILLs of the real controller, %d of them while it provisioned, in %d provisionings  %d failures", sent, struck, stories, failed))
	if err != nil {
		t.Error(err)
	}
}

// killedProvisioning is one story: it returns how many kills were sent, and how many
// of them the provisioning was under way at.
func killedProvisioning(t *testing.T, bin string, rng *rand.Rand, want int) (sent, struck int) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s, ctx := begun(t, bin)
	must(s.startSandbox(ctx))
	must(s.startController(ctx))
	must(s.writeContract(ctx))
	must(s.enrolBox(ctx))
	id, err := s.beginProvisioning(ctx)
	must(err)
	for struck < want {
		slept := make(chan error, 1)
		go func() { slept <- s.sleep(time.Duration(rng.Int64N(int64(40 * time.Second)))) }()
		time.Sleep(time.Duration(rng.Int64N(int64(150 * time.Millisecond)))) // real: somewhere in its work
		must(s.controller.kill())
		sent++
		must(s.runController(ctx))
		op, err := s.operation(ctx, id)
		must(err)
		must(<-slept)
		if op.State != "running" {
			break
		}
		struck++ // what runs now ran when the controller died
	}
	must(s.finish(ctx, id, nil))
	s.wantBox(ctx, t)
	s.wantServer(ctx, t)
	s.wantOneProvisioning(ctx, t, id)
	s.wantNoLeftovers(t)
	must(s.do(ctx, "audit", "verify"))
	must(s.do(ctx, "doctor"))
	return sent, struck
}

// begun is a story that ends with the test.
func begun(t *testing.T, bin string) (*story, context.Context) {
	t.Helper()
	told := &bytes.Buffer{}
	s := &story{
		opts: Options{Accolade: filepath.Join(bin, "accolade"), Accoladed: filepath.Join(bin, "accoladed"), Dir: filepath.Join(t.TempDir(), "out")},
		out:  teller{w: told},
	}
	var err error
	if s.paris, err = time.LoadLocation("Europe/Paris"); err == nil {
		err = s.prepare()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.end(nil); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the story so far:\n%s\nthe end of the controller's log:\n%s", told.String(), s.tail())
		}
	})
	return s, context.WithoutCancel(t.Context()) // the end of the story asks too
}

// wantOneProvisioning: the same operation that was begun, and no other, is done.
func (s *story) wantOneProvisioning(ctx context.Context, t *testing.T, id string) {
	t.Helper()
	var all []operation
	if err := s.ask(ctx, &all, "operation", "list", "--all"); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, op := range all {
		if op.Kind == "server.provision" {
			found = append(found, op.ID+" "+op.State)
		}
	}
	if len(found) != 1 || found[0] != id+" done" {
		t.Errorf("provisionings %q, want %s done", found, id)
	}
}

// wantNoLeftovers looks for files that nobody owns.
func (s *story) wantNoLeftovers(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(s.dir, "state"), func(path string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(path), ".part-") {
			t.Errorf("left behind: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	seeds, err := filepath.Glob("/dev/shm/accolade-seed-*")
	if err != nil {
		t.Error(err)
	}
	for _, folder := range seeds {
		if f, err := os.Open(folder); err == nil {
			if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
				t.Errorf("left behind by a dead program: %s", folder)
			}
			_ = f.Close()
		}
	}
}

func (s *story) operation(ctx context.Context, id string) (op operation, err error) {
	return op, s.ask(ctx, &op, "operation", "show", id)
}
