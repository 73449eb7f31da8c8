package controller

import (
	"context"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
)

// Supervision asks each box once per round, a few at a time.
const (
	observeEvery  = 5 * time.Minute
	observeAtOnce = 8
	observeLimit  = time.Minute // for one box, in real time
)

// observe is the loop that asks every box how it does and keeps the answer. A box
// that does not answer is an answer too.
func (c *Controller) observe(ctx context.Context) error {
	for {
		round := c.clock.Now()
		c.observeAll(ctx)
		if err := c.clock.SleepUntil(ctx, round.Add(observeEvery)); err != nil {
			return err
		}
	}
}

func (c *Controller) observeAll(ctx context.Context) {
	boxes, err := c.services.Fleet.Boxes()
	if err != nil {
		c.log.Error("supervision: the boxes cannot be listed", "error", err)
		return
	}
	boxes = slices.DeleteFunc(boxes, func(b fleet.Box) bool {
		return len(b.TokenSecret) == 0 || b.State == fleet.BoxRetired || b.State == fleet.BoxEnrolling // nobody there whom we could ask, or whose rights are not all there yet
	})
	clock.Each(ctx, c.clock, len(boxes), observeAtOnce, func(ctx context.Context, i int) { c.observeBox(ctx, boxes[i]) })
}

func (c *Controller) observeBox(ctx context.Context, b fleet.Box) {
	ctx, cancel := context.WithTimeout(ctx, observeLimit)
	defer cancel()
	o := c.services.Enrol.Round(ctx, b)
	if ctx.Err() != nil && c.stopping.Err() != nil {
		return // the stop cut it short: that says nothing about the box
	}
	if (o.Error == "") != (b.Observed.Error == "") {
		if o.Error != "" {
			c.log.Warn("box does not answer", "box", b.Name, "error", o.Error)
		} else {
			c.log.Info("box answers", "box", b.Name, "version", o.Version)
		}
	}
	if err := c.services.Fleet.Observed(b.Name, o); err != nil {
		c.log.Error("supervision: the observation cannot be kept", "box", b.Name, "error", err)
	}
}
