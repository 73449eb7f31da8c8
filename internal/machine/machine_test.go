package machine_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/proxmox"
)

// bench is an enrolled box and a workflow that makes one small VM on it.
type bench struct {
	*fleettest.Bench
	box  fleet.Box
	ours *proxmox.Client
	root *proxmox.Client
	fail bool // the step after the VM fails
}

func newBench(t *testing.T, version string) *bench {
	t.Helper()
	b := &bench{Bench: fleettest.New(t, version)}
	b.Engine.Register(operation.Workflow{Kind: "test.vm", Steps: []operation.Step{
		{Name: "vm", Deadline: time.Hour, Do: func(ctx context.Context, r *operation.Run) error {
			vmid, err := b.birth().Make(ctx, r)
			if err == nil {
				err = r.Set("vmid", vmid)
			}
			return err
		}, Undo: func(ctx context.Context, r *operation.Run) error {
			err := machine.Destroy(ctx, r, b.box.Name, b.ours)
			if err != nil && !operation.IsStaying(err) {
				return err
			}
			return cmp.Or(machine.Release(r), err)
		}},
		{Name: "after", Do: func(context.Context, *operation.Run) error {
			if b.fail {
				return errors.New("the step after it fails")
			}
			return nil
		}},
	}})
	b.Run()
	b.box = b.Enrolled()
	b.ours = b.Ours(b.box)
	b.root = b.Client(b.box, b.Password())
	t.Cleanup(b.ours.Close)
	t.Cleanup(b.root.Close)
	return b
}

func (b *bench) birth() machine.Birth {
	return machine.Birth{Box: b.box.Name, Hypervisor: b.ours, Params: func(mark string) map[string]any {
		return map[string]any{"name": "small", "pool": b.box.Pool, "description": machine.Description(mark, "small", "kerlann"),
			"cores": 1, "memory": 1024, "scsihw": "virtio-scsi-single", "scsi0": b.box.Storages.VM + ":8", "net0": "virtio,bridge=" + b.box.Bridge}
	}}
}

func (b *bench) make() operation.Operation {
	b.T.Helper()
	op, err := b.Engine.Start(b.T.Context(), operation.Request{Kind: "test.vm", Subject: "server/small", By: "anne"})
	if err != nil {
		b.T.Fatal(err)
	}
	return b.Wait(op.ID)
}

func (b *bench) vms() map[int]fleet.VM {
	b.T.Helper()
	list, err := b.root.VMs(b.T.Context())
	if err != nil {
		b.T.Fatal(err)
	}
	all := map[int]fleet.VM{}
	for _, vm := range list {
		full, err := b.root.VM(b.T.Context(), vm.VMID)
		if err != nil {
			b.T.Fatal(err)
		}
		all[vm.VMID] = full
	}
	return all
}

// lost drops answers: of the first request that matches, after its effect or before.
type lost struct {
	next          http.RoundTripper
	method, path  string
	before, after int
}

func (l *lost) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != l.method || !strings.HasSuffix(r.URL.Path, l.path) {
		return l.next.RoundTrip(r)
	}
	if l.before > 0 {
		l.before--
		return nil, errors.New("connection reset before the request")
	}
	res, err := l.next.RoundTrip(r)
	if err == nil && l.after > 0 {
		l.after--
		res.Body.Close()
		return nil, errors.New("connection reset before the answer")
	}
	return res, err
}

func TestMake(t *testing.T) {
	for _, version := range []string{"8.4", "9.2"} {
		for name, cut := range map[string]*lost{
			"undisturbed":         {},
			"request lost":        {method: "POST", path: "/qemu", before: 2},
			"answer lost":         {method: "POST", path: "/qemu", after: 1},
			"answer lost, twice":  {method: "POST", path: "/qemu", after: 2},
			"answer of look lost": {method: "GET", path: "/nextid", after: 1},
			"task's answers lost": {method: "GET", path: "/tasks", after: 4},
		} {
			t.Run(version+" "+name, func(t *testing.T) {
				b := newBench(t, version)
				cut := *cut
				b.Between = func(next http.RoundTripper) http.RoundTripper { cut.next = next; return &cut }
				b.ours = b.Ours(b.box)
				if op := b.make(); op.State != operation.Done {
					t.Fatalf("%s: %+v", op.State, op.Problem)
				}
				vms := b.vms()
				if len(vms) != 1 || vms[100].Name != "small" || vms[100].Lock != "" {
					t.Errorf("VMs %+v, wanted one, number 100", vms)
				}
			})
		}
	}
}

func TestAForeignVMIsLeftAlone(t *testing.T) {
	b := newBench(t, "9.2")
	// Somebody takes the number between our look and our create.
	taken := false
	b.Between = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/qemu") && !taken {
				taken = true
				upid, err := b.root.CreateVM(r.Context(), 100, map[string]any{"name": "theirs", "memory": 512})
				if err == nil {
					_, err = b.root.Wait(r.Context(), upid, nil) // with the mark of work of the one who asks
				}
				if err != nil {
					t.Error(err)
				}
			}
			return next.RoundTrip(r)
		})
	}
	b.ours = b.Ours(b.box)
	b.Between = nil
	if op := b.make(); op.State != operation.Done {
		t.Fatalf("%s: %+v", op.State, op.Problem)
	}
	vms := b.vms()
	if len(vms) != 2 || vms[100].Name != "theirs" || vms[101].Name != "small" {
		t.Fatalf("VMs %+v, wanted theirs under 100 and ours under 101", vms)
	}
	b.fail = true
	if op := b.make(); op.State != operation.Failed {
		t.Fatalf("%s, wanted a failure", op.State)
	}
	if vms = b.vms(); len(vms) != 2 || vms[101].Name != "small" || vms[100].Name != "theirs" {
		t.Fatalf("after an undo VMs are %+v: another one's was destroyed, or ours was left", vms)
	}
}

// A disk that stays, its storage having gone away in the very moment, is named even if
// nobody heard how the VM went: the answer to the request was lost, and perhaps the task
// list too.
func TestDiskThatStaysIsNamed(t *testing.T) {
	for _, rotated := range []bool{false, true} {
		b := newBench(t, "9.2")
		b.Between = func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				destroys := r.Method == "DELETE" && strings.HasSuffix(r.URL.Path, "/qemu/100")
				if destroys {
					if err := b.Box.SetStorageOffline("local-lvm", true); err != nil {
						t.Error(err)
					}
				}
				res, err := next.RoundTrip(r)
				if err == nil && destroys {
					res.Body.Close()
					if rotated {
						err = b.Clock.Sleep(r.Context(), time.Minute)
						b.Box.RotateTasks()
					}
					return nil, errors.Join(err, errors.New("connection reset before the answer"))
				}
				return res, err
			})
		}
		b.ours = b.Ours(b.box)
		b.Between = nil
		b.fail = true
		op := b.make()
		if op.State != operation.Failed || len(op.CannotUndo) != 1 || !strings.Contains(op.CannotUndo[0], "pvesm free local-lvm:vm-100-disk-0") {
			t.Errorf("rotated %t: %s, cannot undo %q; wanted is the disk that stayed and the command that frees it", rotated, op.State, op.CannotUndo)
		}
		if took := op.Ended.Sub(op.Created); took > 10*time.Minute {
			t.Errorf("rotated %t: it was tried for %s, and nothing comes of that", rotated, took)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestMarked(t *testing.T) {
	text := machine.Description("000001-abc", "archi", "kerlann")
	for mark, want := range map[string]bool{"000001-abc": true, "000001": false, "000001-abcd": false, "": false} {
		if machine.Marked(text, mark) != want {
			t.Errorf("%q marked by %q: %t", text, mark, !want)
		}
	}
	if machine.Marked("operation: \n", "") {
		t.Error("an empty mark marks")
	}
}
