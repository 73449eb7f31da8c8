package store

import "sync"

// Observer watches the commits of a store and may stand in their way. The crash
// harness is one.
type Observer interface {
	// BeforeCommit is called when an update has run and is about to be committed.
	// With an error nothing is written, and Update returns that error.
	BeforeCommit() error
	// AfterCommit is called once the update is on the disk, before Update returns.
	AfterCommit()
}

// Observe returns db with an observer on it. Its updates run strictly one after
// the other. Updates that write nothing are not reported.
func Observe(db DB, o Observer) DB { return &observed{DB: db, observer: o} }

type observed struct {
	DB
	observer Observer
	mu       sync.Mutex
}

func (o *observed) Update(fn func(Tx) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	wrote := false
	err := o.DB.Update(func(tx Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		if wrote = tx.self().over.count > 0; !wrote {
			return nil
		}
		return o.observer.BeforeCommit()
	})
	if err == nil && wrote {
		o.observer.AfterCommit()
	}
	return err
}
