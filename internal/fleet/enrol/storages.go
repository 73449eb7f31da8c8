package enrol

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// backupDir is the storage on the HDD. Its mount point is declared: when the HDD
// dies the storage goes offline instead of filling the SSD.
func (e *enrolment) backupDir() fleet.StorageConfig {
	return fleet.StorageConfig{Name: fleet.BackupStorage, Type: "dir", Path: mountpoint, Content: []string{"backup"}, Mountpoint: true, Nodes: []string{e.box.Node}}
}

// imagesDir is ours alone: deleting an ISO needs Datastore.Allocate, which on a
// storage of the box's own would be far too much.
func (e *enrolment) imagesDir() fleet.StorageConfig {
	return fleet.StorageConfig{Name: fleet.ImagesStorage, Type: "dir", Path: "/var/lib/accolade", Content: []string{"import", "iso"}, Nodes: []string{e.box.Node}}
}

func (e *enrolment) backupStorage(ctx context.Context) ([]action, error) {
	return e.dir(ctx, e.backupDir(), "for local backups, on the HDD")
}

func (e *enrolment) imagesStorage(ctx context.Context) ([]action, error) {
	return e.dir(ctx, e.imagesDir(), "for cloud images and seeds")
}

func (e *enrolment) dropBackupStorage(ctx context.Context) error {
	return e.dropStorage(ctx, fleet.BackupStorage)
}

func (e *enrolment) dropImagesStorage(ctx context.Context) error {
	return e.dropStorage(ctx, fleet.ImagesStorage)
}

func (e *enrolment) dir(ctx context.Context, want fleet.StorageConfig, purpose string) ([]action, error) {
	have, found, err := e.storage(ctx, want.Name)
	if err != nil {
		return nil, err
	}
	if !found {
		return []action{{fmt.Sprintf("add the storage %s (dir %s) %s", want.Name, want.Path, purpose), func(ctx context.Context) error {
			if err := e.made("storage " + want.Name); err != nil {
				return err
			}
			return e.host.AddDir(ctx, want)
		}}}, nil
	}
	if have.Type != want.Type || have.Path != want.Path {
		return nil, e.refuse(fmt.Sprintf("has a storage %s already that is not ours: %s %s", want.Name, have.Type, have.Path), "rename or remove it on the box, then try again")
	}
	diff := dirDiff(want, have)
	if len(diff) == 0 {
		return nil, nil
	}
	return []action{{fmt.Sprintf("mend the storage %s: %s", want.Name, strings.Join(diff, ", ")), func(ctx context.Context) error { return e.host.UpdateDir(ctx, want) }}}, nil
}

// dirDiff names what is not as wanted, as NAME is HAVE, not WANT. Nodes matter
// only where they leave ours out.
func dirDiff(want, have fleet.StorageConfig) []string {
	var out []string
	if !slices.Equal(want.Content, have.Content) {
		out = append(out, fmt.Sprintf("content is %s, not %s", strings.Join(have.Content, ","), strings.Join(want.Content, ",")))
	}
	if want.Mountpoint && !have.Mountpoint {
		out = append(out, "is_mountpoint is off")
	}
	return append(out, placeDiff(want, have)...)
}

func placeDiff(want, have fleet.StorageConfig) []string {
	var out []string
	if have.Disabled {
		out = append(out, "it is disabled")
	}
	if len(have.Nodes) > 0 && !slices.Contains(have.Nodes, want.Nodes[0]) {
		out = append(out, "nodes is "+strings.Join(have.Nodes, ",")+", without "+want.Nodes[0])
	}
	return out
}

func (e *enrolment) storage(ctx context.Context, name string) (fleet.StorageConfig, bool, error) {
	all, err := e.host.StorageConfigs(ctx)
	for _, s := range all {
		if s.Name == name {
			return s, true, err
		}
	}
	return fleet.StorageConfig{}, false, err
}

func (e *enrolment) dropStorage(ctx context.Context, name string) error {
	made, err := e.undoing("storage " + name)
	if err != nil || !made {
		return err
	}
	if _, found, err := e.storage(ctx, name); err != nil || !found {
		return err
	}
	return e.host.DeleteStorage(ctx, name)
}
