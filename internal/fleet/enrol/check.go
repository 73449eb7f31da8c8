package enrol

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/store"
)

const (
	maxSkew  = time.Minute
	rootNeed = 4 << 30 // bytes: a cloud image or two, and seeds
)

// check looks whether the box is one that we can serve. Its only change is the
// box's record.
func (e *enrolment) check(ctx context.Context) ([]action, error) {
	if err := e.unique(); err != nil {
		return nil, err
	}
	found, err := e.look(ctx)
	if err != nil {
		return nil, err
	}
	was, known := e.box, e.known
	e.box = found
	if known && same(was, found) {
		return nil, nil
	}
	what := "note the box as " + e.in.Name
	if known {
		what = "note what has changed about the box"
	}
	return []action{{what, func(context.Context) error {
		if !known {
			if err := e.made("record"); err != nil {
				return err
			}
		}
		return e.r.Update(func(tx store.Tx) error {
			if err := e.uniqueIn(tx); err != nil {
				return err
			}
			return fleet.Boxes.Put(tx, found.Name, found)
		})
	}}}, nil
}

// same tells whether two records say the same about what check looks at.
func same(a, b fleet.Box) bool {
	return a.URL == b.URL && a.Fingerprint == b.Fingerprint && a.Node == b.Node && a.Version == b.Version && a.Zone == b.Zone &&
		a.Site == b.Site && a.Client == b.Client && a.Vault == b.Vault && a.Namespace == b.Namespace && a.Bridge == b.Bridge &&
		a.Storages == b.Storages && a.Pool == b.Pool && a.Job == b.Job && slices.EqualFunc(a.Disks, b.Disks, func(x, y fleet.Disk) bool {
		return x.Serial == y.Serial && x.Role == y.Role && x.Size == y.Size
	})
}

// look reads version, node, clock, disks and room, and answers the box's record.
func (e *enrolment) look(ctx context.Context) (fleet.Box, error) {
	b := e.box
	version, err := e.host.Version(ctx)
	if err != nil {
		return b, err
	}
	if err := e.checkVersion(version); err != nil {
		return b, err
	}
	node, err := e.onlyNode(ctx)
	if err != nil {
		return b, err
	}
	e.host.OnNode(node)
	if err := e.checkClock(ctx); err != nil {
		return b, err
	}
	if !e.known {
		b = fleet.Box{Name: e.in.Name, State: fleet.BoxEnrolling, Created: e.svc.Clock.Now()}
	}
	b.Site, b.Client, b.URL, b.Fingerprint = e.in.Site, e.in.Client, e.in.URL, e.in.Fingerprint
	b.Node, b.Version, b.Zone = node, version, e.site.Zone
	b.Pool, b.Bridge, b.Vault, b.Namespace = fleet.PoolName, e.in.Bridge, e.in.Vault, e.in.Namespace
	b.Storages = fleet.Storages{Backup: fleet.BackupStorage, Images: fleet.ImagesStorage, Vault: fleet.VaultStorage}
	b.Job = fleet.Job{ID: fleet.LocalJob, Enabled: true, Schedule: e.in.Schedule, Storage: fleet.BackupStorage, Pool: fleet.PoolName,
		Mode: "snapshot", Compress: "zstd", Prune: e.in.Retention, RepeatMissed: true, Notes: "{{guestname}}, local"}
	vm, err := e.vmStorage(ctx)
	if err != nil {
		return b, err
	}
	b.Storages.VM = vm.Name
	if b.Disks, err = e.pickDisks(ctx, vm.Total); err != nil {
		return b, err
	}
	return b, e.checkRoom(ctx, vm)
}

// checkVersion takes 8.4 and later, and 9.x: 8.4 is the first where an API token
// can import a disk image.
func (e *enrolment) checkVersion(version string) error {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	minor, _, _ = strings.Cut(minor, "-")
	ma, err1 := strconv.Atoi(major)
	mi, err2 := strconv.Atoi(minor)
	switch {
	case err1 != nil || err2 != nil:
		return e.refuse(fmt.Sprintf("says that its version is %q, which cannot be read", version), "is this Proxmox VE?")
	case ma < 8 || ma == 8 && mi < 4:
		return e.refuse("runs Proxmox VE "+version+", which is too old: a token of it cannot import a disk image", "upgrade it to 8.4 or 9 first")
	case ma > 9:
		return e.refuse("runs Proxmox VE "+version+", which is newer than what this Accolade knows (8.4 and 9)", "update Accolade first")
	}
	return nil
}

func (e *enrolment) onlyNode(ctx context.Context) (string, error) {
	nodes, err := e.host.Nodes(ctx)
	if err != nil {
		return "", err
	}
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	if len(names) != 1 {
		return "", e.refuse(fmt.Sprintf("belongs to a cluster of %d nodes (%s); Accolade serves single boxes", len(names), strings.Join(names, ", ")),
			"take the node out of the cluster first")
	}
	return names[0], nil
}

// checkClock compares the box's time zone with the site's, since its own job runs
// in it, and its clock with ours.
func (e *enrolment) checkClock(ctx context.Context) error {
	asked := e.svc.Clock.Now()
	clock, err := e.host.Time(ctx)
	if err != nil {
		return err
	}
	if clock.Zone != e.site.Zone {
		return e.refuse(fmt.Sprintf("keeps the time zone %s, and site %s keeps %s: its backups would run at the wrong hour", clock.Zone, e.site.Name, e.site.Zone),
			"on the box: timedatectl set-timezone "+e.site.Zone)
	}
	now := e.svc.Clock.Now()
	if skew := skewOf(clock.Now, asked, now); skew.Abs() > maxSkew {
		return e.refuse(fmt.Sprintf("has a clock that is %s off: it says %s, here it is %s", skew.Abs().Round(time.Second), clock.Now.Format(time.RFC3339), now.Format(time.RFC3339)),
			"let it keep time with chrony, then try again")
	}
	return nil
}

// skewOf is by how much a clock is off that was read at some instant between two: over a
// slow line nobody knows at which.
func skewOf(there, asked, answered time.Time) time.Duration {
	switch {
	case there.Before(asked):
		return there.Sub(asked)
	case there.After(answered):
		return there.Sub(answered)
	}
	return 0
}

// vmStorage is where the disks of VMs go.
func (e *enrolment) vmStorage(ctx context.Context) (fleet.ObservedStorage, error) {
	configs, err := e.host.StorageConfigs(ctx)
	if err != nil {
		return fleet.ObservedStorage{}, err
	}
	active, err := e.host.Storages(ctx)
	if err != nil {
		return fleet.ObservedStorage{}, err
	}
	var names []string
	for _, c := range configs {
		if !slices.Contains(c.Content, "images") || c.Disabled || e.in.VMStorage != "" && c.Name != e.in.VMStorage {
			continue
		}
		for _, s := range active {
			if s.Name == c.Name && s.Active {
				names = append(names, c.Name)
			}
		}
	}
	slices.SortFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	switch {
	case len(names) == 0 && e.in.VMStorage != "":
		return fleet.ObservedStorage{}, e.refuse(fmt.Sprintf("has no active storage %q that holds VM disks", e.in.VMStorage), "name another with --vm-storage")
	case len(names) == 0:
		return fleet.ObservedStorage{}, e.refuse("has no active storage that holds VM disks", "make one on the SSD, for instance local-lvm, which the installer makes")
	}
	i := slices.IndexFunc(active, func(s fleet.ObservedStorage) bool { return s.Name == names[0] })
	return active[i], nil
}

// rank prefers what Proxmox's installer makes.
func rank(storage string) int {
	if i := slices.Index([]string{"local-lvm", "local-zfs"}, storage); i >= 0 {
		return i
	}
	return 2
}

// checkRoom refuses a box that has no room for one server. One that serves already
// is not asked again.
func (e *enrolment) checkRoom(ctx context.Context, vm fleet.ObservedStorage) error {
	if e.known && e.box.State != fleet.BoxEnrolling {
		return nil
	}
	if vm.Free < e.in.PlannedDisk {
		return e.refuse(fmt.Sprintf("has %s left on %s, and a server needs %s", size(vm.Free), vm.Name, size(e.in.PlannedDisk)), "free room there, or put in a larger SSD")
	}
	status, err := e.host.Status(ctx)
	if err != nil {
		return err
	}
	if status.RootFree < rootNeed {
		return e.refuse(fmt.Sprintf("has %s left on its root file system, and images need %s", size(status.RootFree), size(rootNeed)), "free room there")
	}
	return nil
}

// unique refuses a box that is enrolled already under another name.
func (e *enrolment) unique() error { return e.svc.DB.View(e.uniqueIn) }

func (e *enrolment) uniqueIn(tx store.Tx) error {
	boxes, err := fleet.Boxes.ByIndex(tx, "fingerprint", e.in.Fingerprint)
	if err != nil {
		return err
	}
	for _, b := range boxes {
		if b.Name != e.in.Name {
			return e.refuse(fmt.Sprintf("is enrolled already, as %s", b.Name), "use that name: `accolade box show "+b.Name+"`")
		}
	}
	return nil
}

// forget takes the record back when this operation made it.
func (e *enrolment) forget(ctx context.Context) error {
	made, err := e.undoing("record")
	if err != nil || !made || e.box.State != fleet.BoxEnrolling {
		return err
	}
	if there, err := e.vault.HasNamespace(ctx, e.in.Namespace); err != nil {
		return err
	} else if there { // something was backed up with the key that only the record holds
		if empty, err := e.vault.Empty(ctx, e.in.Namespace); err != nil || !empty {
			return err
		}
	}
	return e.r.Update(func(tx store.Tx) error { return fleet.Boxes.Delete(tx, e.in.Name) })
}

// size writes bytes for people.
func size(n int64) string {
	switch f := float64(n); {
	case n >= 1<<40:
		return fmt.Sprintf("%.1f TiB", f/(1<<40))
	case n >= 1<<30:
		return fmt.Sprintf("%.0f GiB", f/(1<<30))
	default:
		return fmt.Sprintf("%.0f MiB", f/(1<<20))
	}
}
