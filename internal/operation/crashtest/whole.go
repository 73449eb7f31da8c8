package crashtest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/racetest"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/store/storetest"
)

// disturbance stands between a controller and its store beside the cuts; its fields
// may be nil.
type disturbance struct {
	before func() error // a commit
	after  func(db store.DB) error
}

// refusals is how many commits in a row find the disk full.
const refusals = 3

// How many commits of a workflow find the disk full, and of how many a power cut is
// tried with how many images, unless the environment asks for all.
const (
	fullSample   = 4
	fullRace     = 1
	powerSample  = 4
	powerImages  = 2
	powerCommits = 24
	imagesSoak   = 30
)

// fullDisk has the disk full at each commit of the workflow, for a few commits. The
// workflow has to end as it does without.
func (c *campaign) fullDisk() (tried int) {
	var at []int
	for n := 1; n <= c.want.events.commits; n++ {
		at = append(at, n)
	}
	if every, _ := amount(); !every {
		n := fullSample
		if racetest.On {
			n = fullRace
		}
		at = spreadOver(at, n)
	}
	c.t.Run("full", func(t *testing.T) {
		for _, n := range at {
			tried++
			t.Run(fmt.Sprintf("commit-%d", n), func(t *testing.T) {
				t.Parallel()
				if problem := c.full(t, n); problem != "" {
					c.failures.Add(1)
					t.Error(problem)
				}
			})
		}
	})
	return tried
}

func (c *campaign) full(t testing.TB, from int) string {
	attempts := 0
	got := runDisturbed(t, c.build, disturbance{before: func() error {
		if attempts++; attempts >= from && attempts < from+refusals {
			return &store.FullError{Path: "accolade.db", Err: syscall.ENOSPC}
		}
		return nil
	}})
	got.event = fmt.Sprintf("by a full disk at commit %d", from)
	return compare(c.want, got, cmpopts.EquateApproxTime(time.Hour)) // waiting for room takes its time
}

// powerLoss makes the commits of the workflow on a real store file, and looks at what
// power cuts leave of it.
func (c *campaign) powerLoss() (images int) {
	c.t.Run("power", func(t *testing.T) {
		var commits []storetest.Commit
		last := map[string]string{}
		got := runDisturbed(t, c.build, disturbance{after: func(db store.DB) error {
			is, err := storetest.Content(db)
			if err != nil {
				return err
			}
			commits = append(commits, storetest.Changes(last, is))
			last = is
			return nil
		}})
		if err := cmp.Or(got.err, got.stateErr); err != nil {
			t.Fatal(err)
		}
		each, tried := imagesSoak, len(commits)
		if os.Getenv(SoakVar) != "1" {
			each, tried = powerImages, powerSample
			if every, _ := amount(); every {
				tried = powerCommits
			}
		}
		step := max(1, len(commits)/tried)
		images = storetest.PowerLoss(t, commits, pairsSeed, func(i int) int {
			if i%step != step/2 {
				return 0
			}
			return each
		})
	})
	return images
}

// spreadOver leaves n of a list, evenly.
func spreadOver(all []int, n int) (some []int) {
	if len(all) <= n {
		return all
	}
	for i := range n {
		some = append(some, all[i*len(all)/n])
	}
	return some
}

// asking repeats what a technician asks for while the disk is full: the controller
// refused it with a sentence, and he frees some space.
func asking(ask func() (operation.Operation, error)) (op operation.Operation, err error) {
	for range refusals + 1 {
		op, err = ask()
		if _, full := errors.AsType[*store.FullError](err); !full {
			break
		}
	}
	return op, err
}
