package controller

import (
	"context"

	"codeberg.org/accolade/accolade/internal/api/server"
	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
)

// build makes every service over the open state, and registers workflows and schedule
// entries. Nothing runs yet.
func (c *Controller) build() error {
	c.engine = operation.New(c.db, c.clock, operation.Options{Log: c.log})
	c.scheduler = schedule.New(c.db, c.clock, c.log)
	c.services = server.Services{
		Store:      c.db,
		Schedule:   c.scheduler,
		Operations: c.engine,
		Tokens:     server.NewTokens(c.db, c.clock),
	}
	for _, step := range []func() error{c.buildMoney, c.buildFleet, c.buildServers, c.buildHeadcounts, c.buildReports, c.buildCopies, c.buildAudit, c.buildWatch} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// newServer is the API over the services.
func (c *Controller) newServer(ctx context.Context) *server.Server {
	return server.New(server.Options{
		Services: c.services, Clock: c.clock, Log: c.log, Version: c.version, Tokens: c.services.Tokens,
		SocketRole: server.Role(c.conf.SocketRole), Stopping: ctx, Audit: c.record,
		Timezone: c.conf.Timezone, Sandbox: c.conf.Sandbox,
	})
}

// record keeps a mutating call in the audit.
func (c *Controller) record(tx store.Tx, r server.Recorded) error {
	return audit.Append(tx, c.clock.Now(), audit.Record{Who: r.Who, From: r.From, Action: r.Action, Object: r.Object, Result: r.Result, Detail: r.Detail})
}

// runLoops starts all that works by itself.
func (c *Controller) runLoops(ctx context.Context) {
	c.loop(ctx, "operations", c.engine.Run)
	c.loop(ctx, "schedule", c.scheduler.Run)
	c.loop(ctx, "supervision", c.observe)
	c.loop(ctx, "mails", c.services.Mails.Run)
}

// alive is the watchdog's question: can the store be read, and does time go on?
func (c *Controller) alive() error {
	if err := c.db.View(func(store.Tx) error { return nil }); err != nil {
		return err
	}
	if f, ok := c.clock.(interface{ Err() error }); ok {
		return f.Err()
	}
	return nil
}
