package controller

import (
	"time"

	"codeberg.org/accolade/accolade/internal/store"
)

// durations are how long work on the boxes took lately, by its kind.
var durations = store.NewCollection[time.Duration]("duration", 1)

// recallPace takes up what the controller before this one knew of durations.
func (c *Controller) recallPace() error {
	took := map[string]time.Duration{}
	err := c.db.View(func(tx store.Tx) (err error) {
		for kind, d := range durations.All(tx, &err) {
			took[kind] = d
		}
		return err
	})
	c.pace.Recall(took)
	return err
}

// keepPace keeps what is known of durations for the next start. A controller that is
// killed keeps nothing, which costs a few looks: a commit for each task would cost more.
func (c *Controller) keepPace() error {
	took := c.pace.Lately()
	if len(took) == 0 {
		return nil
	}
	return c.db.Update(func(tx store.Tx) error {
		for kind, d := range took {
			if err := durations.Put(tx, kind, d); err != nil {
				return err
			}
		}
		return nil
	})
}
