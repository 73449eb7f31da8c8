package enrol

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// mountpoint is where Proxmox mounts the HDD.
const mountpoint = "/mnt/pve/" + fleet.BackupStorage

// pickDisks finds the SSD that Proxmox is on and the HDD for the local backups,
// marks them, and refuses an HDD that cannot serve. vmRoom is what the VMs' storage
// can hold, in bytes: the most that one full backup can come to.
func (e *enrolment) pickDisks(ctx context.Context, vmRoom int64) ([]fleet.Disk, error) {
	disks, err := e.host.Disks(ctx)
	if err != nil {
		return nil, err
	}
	ssd, err := e.pickSSD(disks)
	if err != nil {
		return nil, err
	}
	hdd, err := e.pickHDD(disks)
	if err != nil {
		return nil, err
	}
	disks[ssd].Role, disks[hdd].Role = fleet.RoleSystem, fleet.RoleBackup
	if disks[hdd].Size < vmRoom {
		return nil, e.refuse(fmt.Sprintf("has an HDD (%s) that is smaller than one full backup: the VMs' storage holds up to %s", name(disks[hdd]), size(vmRoom)),
			"put in a larger HDD")
	}
	e.warnRetention(disks[hdd])
	mounted, err := e.mounted(ctx)
	if err != nil || mounted {
		return disks, err
	}
	return disks, e.checkEmpty(disks[hdd])
}

func (e *enrolment) pickSSD(disks []fleet.Disk) (int, error) {
	best := -1
	for i, d := range disks {
		switch {
		case e.in.SSD != "" && d.Serial == e.in.SSD:
			return i, nil
		case e.in.SSD == "" && (d.Type == "ssd" || d.Type == "nvme") && d.Used != "" && (best < 0 || d.Size > disks[best].Size):
			best = i
		}
	}
	switch {
	case e.in.SSD != "":
		return 0, e.refuse(fmt.Sprintf("has no disk with the serial number %q; it has %s", e.in.SSD, names(disks)), "read the number on the disk's label, or leave --ssd out")
	case best < 0:
		return 0, e.refuse("has no SSD with Proxmox on it; it has "+names(disks), "install Proxmox on an SSD, or name the disk with --ssd SERIAL")
	}
	return best, nil
}

func (e *enrolment) pickHDD(disks []fleet.Disk) (int, error) {
	var hdds []int
	for i, d := range disks {
		if e.in.HDD != "" && d.Serial == e.in.HDD && d.Serial != e.in.SSD {
			return i, nil
		}
		if d.Type == "hdd" {
			hdds = append(hdds, i)
		}
	}
	switch {
	case e.in.HDD != "":
		return 0, e.refuse(fmt.Sprintf("has no disk for backups with the serial number %q; it has %s", e.in.HDD, names(disks)), "read the number on the disk's label")
	case len(hdds) == 0:
		return 0, e.refuse("has no HDD for the local backups; it has "+names(disks), "put one in, or name another disk with --hdd SERIAL")
	case len(hdds) > 1:
		return 0, e.refuse(fmt.Sprintf("has %d HDDs: %s", len(hdds), names(disks)), "say which takes the backups with --hdd SERIAL")
	}
	return hdds[0], nil
}

// checkEmpty refuses a disk with data unless its serial number was given for wiping.
func (e *enrolment) checkEmpty(d fleet.Disk) error {
	if d.Used == "" {
		return nil
	}
	if e.in.WipeDisk != d.Serial {
		return e.refuse(fmt.Sprintf("has data on its HDD (%s: %s); nothing was changed", name(d), d.Used),
			"look what it is; to destroy it, give --wipe-disk "+d.Serial+" and root's password")
	}
	if !e.login.Password() {
		return e.refuse("would have its HDD ("+name(d)+") wiped, which Proxmox allows to no token", "give root's password as the credential")
	}
	return nil
}

// warnRetention tells when the HDD will not hold what the retention keeps: local
// backups are full ones, and zstd leaves about half of a disk's content.
func (e *enrolment) warnRetention(hdd fleet.Disk) {
	points := 0
	for _, part := range strings.Split(e.in.Retention, ",") {
		var n int
		if _, keep, ok := strings.Cut(part, "="); ok {
			if _, err := fmt.Sscan(keep, &n); err == nil && !strings.HasPrefix(part, "keep-all") {
				points += n
			}
		}
	}
	if need := int64(points) * e.in.PlannedDisk / 2; need > hdd.Size {
		e.warnings = append(e.warnings, fmt.Sprintf("the HDD (%s) may be too small for the retention %s: %d backups of a %s disk, halved by compression, come to %s",
			name(hdd), e.in.Retention, points, size(e.in.PlannedDisk), size(need)))
	}
}

func (e *enrolment) mounted(ctx context.Context) (bool, error) {
	dirs, err := e.host.Directories(ctx)
	return slices.ContainsFunc(dirs, func(d fleet.Directory) bool { return d.Path == mountpoint }), err
}

// format wipes the HDD when that was ordered, and makes a file system on it.
func (e *enrolment) format(ctx context.Context) ([]action, error) {
	mounted, err := e.mounted(ctx)
	if err != nil || mounted {
		return nil, err
	}
	hdd, ok := disk(e.box.Disks, fleet.RoleBackup)
	if !ok {
		return nil, errors.New("no HDD was picked")
	}
	var needed []action
	wiped := false // what the record says of the disk's use is from before
	if e.r != nil {
		if _, err := e.r.Get("wiped", &wiped); err != nil {
			return nil, err
		}
	}
	if hdd.Used != "" && !wiped {
		if err := e.checkEmpty(hdd); err != nil {
			return nil, err
		}
		needed = append(needed, action{"WIPE the HDD " + name(hdd) + ", on which there is: " + hdd.Used, func(ctx context.Context) error { return e.wipe(ctx, hdd) }})
	}
	return append(needed, action{"make an ext4 file system on the HDD " + name(hdd) + ", mounted at " + mountpoint, func(ctx context.Context) error {
		return e.task(ctx, "dircreate", func() (string, error) { return e.host.CreateDirectory(ctx, hdd.Path, fleet.BackupStorage) }, e.mounted)
	}}), nil
}

// wipe destroys the data on a disk, after reading once more that it is the one.
func (e *enrolment) wipe(ctx context.Context, want fleet.Disk) error {
	used := func(ctx context.Context) (string, error) {
		disks, err := e.host.Disks(ctx)
		if err != nil {
			return "", err
		}
		for _, d := range disks {
			if d.Serial == want.Serial && d.Path == want.Path && d.Size == want.Size {
				return d.Used, nil
			}
		}
		return "", e.refuse("no longer has the disk "+name(want)+" at "+want.Path, "look at the box; nothing was wiped")
	}
	clean := func(ctx context.Context) (bool, error) {
		u, err := used(ctx)
		return u == "", err
	}
	done, err := clean(ctx)
	if err == nil && !done {
		err = e.task(ctx, "wipedisk", func() (string, error) { return e.host.WipeDisk(ctx, want.Path) }, clean)
	}
	if err != nil {
		return err
	}
	return e.r.Set("wiped", true)
}

// task starts a task of the box unless one of its type runs already (ours, whose
// answer was lost), follows it to its end, and looks at its effect.
func (e *enrolment) task(ctx context.Context, kind string, start func() (string, error), there func(context.Context) (bool, error)) error {
	var upid string
	if _, err := e.r.Get("task "+kind, &upid); err != nil {
		return err
	}
	if upid == "" {
		running, err := e.host.Tasks(ctx, fleet.TaskFilter{Type: kind})
		if err != nil {
			return err
		}
		for _, t := range running {
			if t.Running {
				upid = t.UPID
			}
		}
	}
	if upid == "" {
		var err error
		if upid, err = start(); err != nil {
			return err
		}
	}
	if err := e.r.Set("task "+kind, upid); err != nil {
		return err
	}
	_, err := e.host.Wait(ctx, upid, func(done float64, line string) { e.r.Progress(done, line) })
	if err != nil {
		if done, lerr := there(ctx); lerr == nil && done {
			return nil
		}
		if serr := e.r.Set("task "+kind, ""); serr != nil { // a later try starts it anew
			return serr
		}
		return err
	}
	done, err := there(ctx)
	if err == nil && !done {
		err = fmt.Errorf("box %s: task %s ended well, but its effect is not there", e.in.Name, upid)
	}
	return err
}

func disk(disks []fleet.Disk, role fleet.DiskRole) (fleet.Disk, bool) {
	for _, d := range disks {
		if d.Role == role {
			return d, true
		}
	}
	return fleet.Disk{}, false
}

func name(d fleet.Disk) string {
	return fmt.Sprintf("%s, serial %s, %s", d.Path, d.Serial, size(d.Size))
}

func names(disks []fleet.Disk) string {
	if len(disks) == 0 {
		return "no disk"
	}
	var out []string
	for _, d := range disks {
		out = append(out, d.Type+" ("+name(d)+")")
	}
	return strings.Join(out, "; ")
}
