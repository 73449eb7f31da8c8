package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"codeberg.org/accolade/accolade/internal/store"
)

// Write is one key of a commit; a nil value deletes it.
type Write struct{ Key, Val []byte }

// Commit is what one transaction changes.
type Commit []Write

// Changes is the commit that leads from one content of a store to another.
func Changes(from, to map[string]string) (c Commit) {
	for _, k := range slices.Sorted(maps.Keys(from)) {
		if _, still := to[k]; !still {
			c = append(c, Write{[]byte(k), nil})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(to)) {
		if v, had := from[k]; !had || v != to[k] {
			c = append(c, Write{[]byte(k), append([]byte{}, to[k]...)})
		}
	}
	return c
}

// Content is all that a store holds.
func Content(db store.DB) (all map[string]string, err error) {
	all = map[string]string{}
	err = db.View(func(tx store.Tx) error {
		for k, v := range tx.Scan(nil) {
			all[string(k)] = string(v)
		}
		return nil
	})
	return all, err
}

const (
	sector = 512
	metas  = 2 * 4096 // the two meta pages
)

// PowerLoss makes the commits on a store file, and for each the images that a power
// cut during it may leave: images of them with a seeded part of the sectors that the
// commit writes, and the ends of what is possible. Every image has to open and hold
// the state before the commit or, once its meta page may be there, the one after;
// what was acknowledged is always there. images says how many seeded ones of a commit
// are tried, 0 to leave it out. It returns how many images were opened.
//
// The model: bbolt lets the file grow and syncs, writes pages and syncs, writes one
// meta page and syncs, and acknowledges then. Between two syncs the file system keeps
// any subset of the sectors written, each of them whole.
func PowerLoss(t testing.TB, commits []Commit, seed uint64, images func(commit int) int) (opened int) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "accolade.db")
	db, err := store.Open(path, store.Options{NoSync: true}) // the images stand for the disk
	check(t, err)
	defer db.Close()
	rng := rand.New(rand.NewPCG(seed, seed))
	before, err := os.ReadFile(path)
	check(t, err)
	was := map[string]string{}
	for i, c := range commits {
		check(t, db.Update(func(tx store.Tx) error {
			for _, w := range c {
				if w.Val == nil {
					err = tx.Delete(w.Key)
				} else {
					err = tx.Put(w.Key, w.Val)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}))
		after, err := os.ReadFile(path)
		check(t, err)
		is, err := Content(db)
		check(t, err)
		p := powerCut{t: t, dir: dir, name: fmt.Sprintf("commit %d of %d", i+1, len(commits)), before: before, after: after}
		p.diff()
		if images(i) > 0 {
			p.open("nothing of it", before, was)
			p.open("all of it", after, is)
			p.open("all but the meta page", p.image(p.data, len(after)), was)
		}
		for range images(i) {
			size := len(before)
			if rng.IntN(2) == 0 {
				size = len(after)
			}
			kept := rng.IntN(101)
			var some []int
			for _, s := range p.data {
				if rng.IntN(100) < kept {
					some = append(some, s)
				}
			}
			if len(some) > 0 {
				size = len(after) // the file grew, and that was synced, before any page was written
			}
			p.open(fmt.Sprintf("%d of %d sectors", len(some), len(p.data)), p.image(some, size), was)
		}
		opened += p.opened
		before, was = after, is
	}
	return opened
}

// powerCut makes images of one commit.
type powerCut struct {
	t             testing.TB
	dir, name     string
	before, after []byte
	data          []int // sectors that the commit changed outside of the meta pages
	opened        int
}

func (p *powerCut) diff() {
	padded := make([]byte, len(p.after))
	copy(padded, p.before)
	for at := metas; at < len(p.after); at += sector {
		end := min(at+sector, len(p.after))
		if !bytes.Equal(padded[at:end], p.after[at:end]) {
			p.data = append(p.data, at)
		}
	}
}

// image is the file before with some of the sectors of the file after.
func (p *powerCut) image(sectors []int, size int) []byte {
	img := make([]byte, size)
	copy(img, p.before)
	for _, at := range sectors {
		copy(img[at:min(at+sector, size)], p.after[at:])
	}
	return img
}

// open wants an image to open and to hold exactly want.
func (p *powerCut) open(what string, img []byte, want map[string]string) {
	p.t.Helper()
	p.opened++
	path := filepath.Join(p.dir, "image", "accolade.db")
	check(p.t, errors.Join(os.RemoveAll(filepath.Dir(path)), os.Mkdir(filepath.Dir(path), 0o700), os.WriteFile(path, img, 0o600)))
	db, err := store.Open(path, store.Options{NoSync: true})
	if err != nil {
		p.t.Errorf("%s, %s on the disk: %v", p.name, what, err)
		return
	}
	got, err := Content(db)
	if err != nil || !maps.Equal(got, want) {
		p.t.Errorf("%s, %s on the disk: %d keys (%v), want %d and the same", p.name, what, len(got), err, len(want))
	}
	check(p.t, db.Close())
}
