package controller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/schedule"
)

// copiesKept is how many nightly copies of the store stay.
const copiesKept = 14

// buildCopies has the store copied every night. The copy is in the same folder as the
// store: it helps against a damaged file and a mistake, not against a lost disk, for
// which the folder belongs into the machine's own backup.
func (c *Controller) buildCopies() error {
	return c.scheduler.Add(schedule.Entry{Name: "store copy", Spec: "15 4 * * *", Zone: c.conf.Timezone, Run: c.copyStore})
}

func (c *Controller) copyStore(_ context.Context, at time.Time) error {
	dir := filepath.Join(c.conf.State, copiesName)
	name := filepath.Join(dir, "store-"+at.In(c.conf.Zone()).Format("2006-01-02")+".db")
	if err := writeWhole(name, func(f *os.File) error {
		_, err := c.db.Copy(f)
		return err
	}); err != nil {
		return fmt.Errorf("copy the store to %s: %w", name, err)
	}
	return dropOldCopies(dir, copiesKept)
}

// writeWhole makes the file appear only once it is complete and on the disk.
func writeWhole(name string, write func(*os.File) error) (err error) {
	f, err := os.OpenFile(name+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func dropOldCopies(dir string, keep int) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool {
		return !strings.HasPrefix(e.Name(), "store-") || !strings.HasSuffix(e.Name(), ".db")
	})
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return cmp.Compare(b.Name(), a.Name()) })
	for _, old := range entries[min(keep, len(entries)):] {
		if err := os.Remove(filepath.Join(dir, old.Name())); err != nil {
			return err
		}
	}
	return nil
}
