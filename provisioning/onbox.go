package provisioning

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/poll"
	"codeberg.org/accolade/accolade/internal/rest"
)

// do starts a task and waits for its end.
func do(ctx context.Context, r *operation.Run, hv Hypervisor, what string, start func() (string, error)) error {
	upid, err := start()
	if err == nil && upid != "" {
		_, err = hv.Wait(ctx, upid, r.Progress)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// settle waits for tasks of a kind that still run, which a controller that is
// gone may have started.
func settle(ctx context.Context, r *operation.Run, hv Hypervisor, kind string) error {
	tasks, err := hv.Tasks(ctx, fleet.TaskFilter{Type: kind})
	if err != nil {
		return err
	}
	for _, task := range tasks {
		if task.Running {
			if _, err := hv.Wait(ctx, task.UPID, r.Progress); err != nil && ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

func listed(ctx context.Context, hv Hypervisor, storage, content, id string) (bool, error) {
	volumes, err := hv.Content(ctx, storage, content, 0)
	return slices.ContainsFunc(volumes, func(v fleet.Volume) bool { return v.ID == id }), err
}

// image brings the cloud image onto the box, unless it is listed there.
func (s *Service) image(ctx context.Context, r *operation.Run) error {
	j, err := s.job(r)
	if err != nil {
		return err
	}
	volume, storage := imageVolume(j.order), j.box.Storages.Images
	if seen, ok := s.glances.since(j.box, lately(r)); ok && hasImage(j.order, seen) {
		return nil
	} else if !ok {
		if err := settle(ctx, r, j.hv, "download"); err != nil {
			return err
		}
		if there, err := listed(ctx, j.hv, storage, "import", volume); err != nil || there {
			return err
		}
	}
	sum, err := s.checksum(ctx, r, j.Blueprint.Image)
	if err != nil {
		return err
	}
	return do(ctx, r, j.hv, "download the image", func() (string, error) { return j.hv.Download(ctx, download(j.order, sum)) })
}

// seed makes the image of the first boot and sends it. Its name is this operation's
// alone, so that the first time nobody has to look for it.
func (s *Service) seed(ctx context.Context, r *operation.Run) error {
	j, err := s.job(r)
	if err != nil {
		return err
	}
	storage := j.box.Storages.Images
	if !r.First() {
		if err := settle(ctx, r, j.hv, "imgcopy"); err != nil {
			return err
		}
		if there, err := listed(ctx, j.hv, storage, "iso", seedVolume(j.order)); err != nil || there {
			return err
		}
	}
	files, err := seed(j.Blueprint, j.order.Mark)
	if err != nil {
		return err
	}
	image, err := files.Image()
	if err != nil {
		return err
	}
	return do(ctx, r, j.hv, "upload the seed", func() (string, error) {
		return j.hv.Upload(ctx, storage, "iso", seedFile(j.order), image)
	})
}

func (s *Service) dropSeed(ctx context.Context, r *operation.Run) error {
	j, err := s.job(r)
	if err != nil {
		return err
	}
	return s.deleteSeed(ctx, r, j)
}

func (s *Service) deleteSeed(ctx context.Context, r *operation.Run, j *job) error {
	if !r.First() {
		if err := settle(ctx, r, j.hv, "imgcopy"); err != nil {
			return err
		}
		there, err := listed(ctx, j.hv, j.box.Storages.Images, "iso", seedVolume(j.order))
		if err != nil || !there {
			return err
		}
	}
	return do(ctx, r, j.hv, "delete the seed", func() (string, error) { return j.hv.DeleteVolume(ctx, seedVolume(j.order)) })
}

var sizePattern = regexp.MustCompile(`(?:^|,)size=([0-9]+[MGT])(?:,|$)`)

// resize grows the disk from the image's size to the blueprint's.
func (s *Service) resize(ctx context.Context, r *operation.Run) error {
	j, vmid, err := s.ofVM(r)
	if err != nil {
		return err
	}
	grow := func() error {
		return do(ctx, r, j.hv, "resize the disk", func() (string, error) {
			return j.hv.ResizeDisk(ctx, vmid, disk, j.Blueprint.Size.Disk.String())
		})
	}
	if r.First() && grow() == nil { // to a size, not by one: it can be asked twice
		return nil
	}
	vm, err := j.hv.VM(ctx, vmid)
	if err != nil {
		return err
	}
	if found := sizePattern.FindStringSubmatch(vm.Config[disk]); found != nil {
		if size, err := parseBytes(found[1]); err == nil && size >= j.Blueprint.Size.Disk {
			return nil
		}
	}
	return grow()
}

func (s *Service) ofVM(r *operation.Run) (*job, int, error) {
	j, err := s.job(r)
	if err != nil {
		return nil, 0, err
	}
	vmid, err := s.vmid(j)
	return j, vmid, err
}

func (s *Service) start(ctx context.Context, r *operation.Run) error {
	j, vmid, err := s.ofVM(r)
	if err != nil {
		return err
	}
	if r.First() && switchOn(ctx, r, j, vmid) == nil {
		return nil
	}
	return s.power(ctx, r, j, vmid)
}

func switchOn(ctx context.Context, r *operation.Run, j *job, vmid int) error {
	return do(ctx, r, j.hv, "start the VM", func() (string, error) { return j.hv.StartVM(ctx, vmid) })
}

// power starts the VM unless it runs.
func (s *Service) power(ctx context.Context, r *operation.Run, j *job, vmid int) error {
	if err := settle(ctx, r, j.hv, "qmstart"); err != nil {
		return err
	}
	vm, err := j.hv.VM(ctx, vmid)
	if err != nil || vm.Running {
		return err
	}
	return switchOn(ctx, r, j, vmid)
}

// patience is how long a new VM may take until its agent answers: cloud-init has
// to fetch it first, perhaps over a thin line.
const patience = 30 * time.Minute

// leastBoot is how long a fresh VM takes until then at the least.
const leastBoot = 45 * time.Second

// agent waits until the guest agent answers; a VM that stopped meanwhile, with
// its box perhaps, is started again.
func (s *Service) agent(ctx context.Context, r *operation.Run) error {
	j, vmid, err := s.ofVM(r)
	if err != nil {
		return err
	}
	began := r.Clock().Now()
	return j.hv.AgentUp(ctx, vmid, poll.Work{Kind: "first agent", Least: leastBoot, Begun: !r.First()}, func(why error) error {
		waited := r.Clock().Now().Sub(began)
		if waited > patience {
			return operation.Permanent(fmt.Errorf("box %s: VM %d: the guest agent did not answer for %s", j.Box, vmid, waited.Round(time.Minute)),
				"look at the VM's console on the box: the first boot found no network or no seed")
		}
		r.Progress(0, fmt.Sprintf("waiting for the guest agent of VM %d, %s so far", vmid, waited.Round(time.Second)))
		if errors.Is(why, fleet.ErrVMOff) {
			return s.power(ctx, r, j, vmid)
		}
		return nil
	})
}

// firstBoot waits for cloud-init and reads how it ended.
func (s *Service) firstBoot(ctx context.Context, r *operation.Run) error {
	j, vmid, err := s.ofVM(r)
	if err != nil {
		return err
	}
	done, err := s.guest(j, vmid, r).Exec(ctx, []string{"cloud-init", "status", "--wait", "--format", "json"}, nil)
	if err != nil {
		return later(err)
	}
	var status struct {
		Status string   `json:"status"`
		Errors []string `json:"errors"`
	}
	text := done.Out[max(bytes.IndexByte(done.Out, '{'), 0):]
	if err := rest.Decode(text, &status); err != nil {
		return operation.Transient(fmt.Errorf("VM %d: cloud-init status: %q is no JSON", vmid, done.Out))
	}
	switch status.Status {
	case "done":
		return nil
	case "error":
		return operation.Permanent(fmt.Errorf("VM %d: the first boot failed: %s", vmid, strings.Join(status.Errors, "; ")),
			"read /var/log/cloud-init-output.log in the VM; the cause is most often a network without Internet")
	default:
		return operation.Transient(fmt.Errorf("VM %d: cloud-init is %s", vmid, status.Status))
	}
}

// seal takes the seed away and protects the VM.
func (s *Service) seal(ctx context.Context, r *operation.Run) error {
	j, vmid, err := s.ofVM(r)
	if err != nil {
		return err
	}
	eject, detach := true, true // the first time, both as the VM was made
	if !r.First() {
		vm, err := j.hv.VM(ctx, vmid)
		if err != nil {
			return err
		}
		drive, there := vm.Config["ide2"]
		eject, detach = there && !strings.HasPrefix(drive, "none,"), there
	}
	if eject {
		// A running guest keeps the drive until it stops; the disc leaves at once.
		if err := j.hv.SetVMConfig(ctx, vmid, map[string]any{"ide2": "none,media=cdrom"}); err != nil {
			return err
		}
	}
	if err := s.deleteSeed(ctx, r, j); err != nil {
		return err
	}
	var gone []string
	if detach {
		gone = []string{"ide2"}
	}
	return j.hv.SetVMConfig(ctx, vmid, map[string]any{"protection": true, "tags": machine.Tag}, gone...)
}
