package proxmox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/proxmox"
	"codeberg.org/accolade/accolade/internal/proxmox/proxmoxtest"
)

// With the token that the enrolment made, and nothing else, every call of the table
// passes on the enforcing simulator; with any one privilege less, one fails. So
// nothing is missing and nothing is too much.
func TestTheTokenHasWhatItNeedsAndNoMore(t *testing.T) {
	for _, version := range []string{"8.4", "9.2"} {
		t.Run(version, func(t *testing.T) {
			b := fleettest.New(t, version)
			b.Run()
			box := b.Enrolled()
			ctx := t.Context()
			ours, root := b.Ours(box), b.Client(box, b.Password())
			defer ours.Close()
			defer root.Close()
			if err := work(ctx, ours, root, box); err != nil {
				t.Fatalf("with all its rights: %v", err)
			}
			called := b.Calls.Own()
			for _, c := range proxmoxtest.Calls {
				if !c.Enrol && !slices.Contains(called, c.Sig) {
					t.Errorf("%s is in the table, and this test does not call it", c.Sig)
				}
			}
			for _, kind := range fleet.PathKinds {
				all := fleet.RoleFor(kind, box.Version)
				for _, priv := range all.Privs {
					less := all
					less.Privs = slices.DeleteFunc(slices.Clone(all.Privs), func(p string) bool { return p == priv })
					if err := root.UpdateRole(ctx, less); err != nil {
						t.Fatal(err)
					}
					if err := work(ctx, ours, root, box); err == nil {
						t.Errorf("without %s on %s everything still works: it is too much", priv, box.Path(kind))
					} else if testing.Verbose() {
						t.Logf("without %s on %s: %v", priv, box.Path(kind), err)
					}
				}
				if err := root.UpdateRole(ctx, all); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

const (
	vmid, copyID = 100, 101
	seed         = "accolade:iso/seed.iso"
)

// work makes every call that the controller makes with its token, and looks at the
// effect where a call answers well whatever happens. Root clears up afterwards.
func work(ctx context.Context, c, root *proxmox.Client, box fleet.Box) (err error) {
	defer func() {
		if cerr := clear(ctx, root); err == nil {
			err = cerr
		}
	}()
	w := worker{ctx: ctx, c: c}
	w.do("version", second(c.Version(ctx)))
	w.do("permissions", second(c.Permissions(ctx)))
	w.do("status", second(c.Status(ctx)))
	w.do("time", second(c.Time(ctx)))
	w.do("next id", second(c.NextID(ctx)))
	jobs, err := c.Jobs(ctx)
	w.do("jobs", err)
	w.see("the resident job", len(jobs) == 1)
	storages, err := c.Storages(ctx)
	w.do("storages", err)
	w.see("four storages", len(storages) == 4)
	configs, err := c.StorageConfigs(ctx)
	w.do("storage configs", err)
	w.see("four definitions", len(configs) == 4)

	w.task("upload", func() (string, error) { return c.Upload(ctx, box.Storages.Images, "iso", "seed.iso", []byte("seed")) })
	_, err = c.Download(ctx, fleet.Download{Storage: box.Storages.Images, Content: "import", File: "x.qcow2", URL: "https://images.example/x.qcow2"})
	w.do("download", err) // the call; nothing is there to be fetched
	w.task("create", func() (string, error) {
		return c.CreateVM(ctx, vmid, map[string]any{
			"name": "kerlann", "description": "operation 000001", "pool": box.Pool, "ostype": "l26", "cpu": "host", "cores": 2, "memory": 2048, "scsihw": "virtio-scsi-single",
			"scsi0": box.Storages.VM + ":8,discard=on,ssd=1,iothread=1", "net0": "virtio,bridge=" + box.Bridge, "ide2": seed + ",media=cdrom",
			"agent": "enabled=1", "serial0": "socket", "vga": "serial0", "boot": "order=scsi0", "onboot": true,
		})
	})
	w.task("resize", func() (string, error) { return c.ResizeDisk(ctx, vmid, "scsi0", "16G") })
	w.task("start", func() (string, error) { return c.StartVM(ctx, vmid) })
	list, err := c.VMs(ctx)
	w.do("VMs", err)
	w.see("the VM", len(list) == 1)
	w.do("VM", second(c.VM(ctx, vmid)))
	w.agent("ping", c.AgentPing(ctx, vmid))
	w.agent("exec", second(c.AgentExec(ctx, vmid, []string{"true"}, nil)))
	w.agent("exec-status", second(c.AgentStatus(ctx, vmid, 1)))
	w.agent("addresses", second(c.AgentAddresses(ctx, vmid)))
	w.do("protect", c.SetVMConfig(ctx, vmid, map[string]any{"protection": true, "tags": "accolade"}, "ide2"))
	w.do("unplug", c.SetVMConfig(ctx, vmid, map[string]any{"net0": "virtio,bridge=" + box.Bridge + ",link_down=1"}))
	w.task("delete the seed", func() (string, error) { return c.DeleteVolume(ctx, seed) })
	var points []fleet.Volume
	for _, storage := range []string{box.Storages.Backup, box.Storages.Vault} {
		w.task("backup to "+storage, func() (string, error) {
			return c.Vzdump(ctx, fleet.Dump{VMID: vmid, Storage: storage, Notes: "{{guestname}}", Fleecing: box.Storages.VM})
		})
		if w.err != nil {
			return w.err
		}
		points, err = c.Content(ctx, storage, "backup", vmid)
		w.do("content of "+storage, err)
		w.see("a backup on "+storage, len(points) > 0)
		if len(points) > 0 {
			w.do("note on "+storage, c.NoteVolume(ctx, points[len(points)-1].ID, "kept", false))
		}
	}
	if w.err == nil {
		w.task("restore", func() (string, error) {
			return c.CreateVM(ctx, copyID, map[string]any{"archive": points[len(points)-1].ID, "storage": box.Storages.VM, "pool": box.Pool, "unique": true})
		})
	}
	w.task("shutdown", func() (string, error) { return c.ShutdownVM(ctx, vmid) })
	w.task("stop", func() (string, error) { return c.StopVM(ctx, vmid) })
	w.do("unprotect", c.SetVMConfig(ctx, vmid, map[string]any{"protection": false}))
	w.task("destroy", func() (string, error) { return c.DestroyVM(ctx, vmid) })
	tasks, err := c.Tasks(ctx, fleet.TaskFilter{Limit: 500})
	w.do("tasks", err)
	if len(tasks) > 0 {
		if err := c.StopTask(ctx, tasks[0].UPID); errors.Is(err, fleet.ErrRefused) { // it has ended already
			w.do("stop a task", err)
		}
	}
	return w.err
}

// worker keeps the first failure.
type worker struct {
	ctx context.Context
	c   *proxmox.Client
	err error
}

func second[T any](_ T, err error) error { return err }

func (w *worker) do(what string, err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("%s: %w", what, err)
	}
}

func (w *worker) see(what string, there bool) {
	if !there {
		w.do(what, errors.New("not seen"))
	}
}

// agent is content with a guest that has none: only a refusal is a failure.
func (w *worker) agent(what string, err error) {
	if errors.Is(err, fleet.ErrRefused) {
		w.do("agent "+what, err)
	}
}

// task starts a task and waits for it, unless something failed before.
func (w *worker) task(what string, start func() (string, error)) {
	if w.err != nil {
		return
	}
	upid, err := start()
	if err == nil && upid != "" {
		_, err = w.c.Wait(w.ctx, upid, nil)
	}
	if what == "shutdown" && err != nil && !errors.Is(err, fleet.ErrRefused) && !strings.Contains(err.Error(), "Permission") {
		err = nil // no agent and no ACPI: the guest takes its time
	}
	w.do(what, err)
}

// clear removes with root's rights what a worker left.
func clear(ctx context.Context, root *proxmox.Client) error {
	list, err := root.VMs(ctx)
	if err != nil {
		return err
	}
	for _, vm := range list {
		if err := root.SetVMConfig(ctx, vm.VMID, map[string]any{"protection": false}); err != nil {
			return err
		}
		for _, gone := range []func(context.Context, int) (string, error){root.StopVM, root.DestroyVM} {
			upid, err := gone(ctx, vm.VMID)
			if err == nil {
				_, err = root.Wait(ctx, upid, nil)
			}
			if err != nil {
				return fmt.Errorf("clear VM %d: %w", vm.VMID, err)
			}
		}
	}
	for storage, content := range map[string]string{"accolade": "iso", "hdd": "backup", "vault": "backup"} {
		volumes, err := root.Content(ctx, storage, content, 0)
		if err != nil {
			return err
		}
		for _, v := range volumes {
			if storage == "vault" {
				continue // its login may not prune
			}
			upid, err := root.DeleteVolume(ctx, v.ID)
			if err == nil && upid != "" {
				_, err = root.Wait(ctx, upid, nil)
			}
			if err != nil {
				return fmt.Errorf("clear %s: %w", v.ID, err)
			}
		}
	}
	return nil
}
