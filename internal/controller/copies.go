package controller

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

// copiesKept is how many nightly copies of the store stay.
const copiesKept = 14

// copies are whole copies of the store, one a night, in a folder beside it. They help
// against a damaged file and a mistake, not against a lost disk, for which the folder
// belongs into the machine's own backup.
type copies struct {
	db     store.DB
	disk   wholefile.Disk
	folder string
	zone   *time.Location
}

// buildCopies has the store copied every night.
func (c *Controller) buildCopies() error {
	made := copies{db: c.db, disk: wholefile.OS, folder: filepath.Join(c.conf.State, copiesName), zone: c.conf.Zone()}
	return c.scheduler.Add(made.entry())
}

func (c copies) entry() schedule.Entry {
	return schedule.Entry{Name: "store copy", Spec: "15 4 * * *", Zone: c.zone.String(), Run: c.run}
}

// run makes the copy of a night, again if it was made already, and drops old ones.
func (c copies) run(_ context.Context, at time.Time) error {
	name := filepath.Join(c.folder, "store-"+at.In(c.zone).Format("2006-01-02")+".db")
	err := wholefile.Write(c.disk, name, func(w io.Writer) error {
		_, err := c.db.Copy(w)
		return err
	})
	if err != nil {
		return fmt.Errorf("copy the store to %s: %w", name, err)
	}
	return c.drop(copiesKept)
}

func (c copies) drop(keep int) error {
	entries, err := os.ReadDir(c.folder)
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool {
		return !strings.HasPrefix(e.Name(), "store-") || !strings.HasSuffix(e.Name(), ".db")
	})
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return cmp.Compare(b.Name(), a.Name()) })
	for _, old := range entries[min(keep, len(entries)):] {
		if err := c.disk.Remove(filepath.Join(c.folder, old.Name())); err != nil {
			return err
		}
	}
	return nil
}
