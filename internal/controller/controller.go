// Package controller puts the house together and runs its loops: it opens the state,
// builds every service over it, connects the adapters, registers workflows and
// schedule entries, and serves the API. It is the only room that knows all others.
//
// It holds no rule of the domain: what a loop does each time it comes round is in
// the room whose matter it is. One file per group of wiring, one per loop.
//
// A stop, however sudden, loses nothing: what runs is in the store, and goes on at
// the next start.
package controller

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sync/errgroup"

	"codeberg.org/accolade/accolade/internal/api/server"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/config"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/poll"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
)

// Options are what does not come from the configuration.
type Options struct {
	Origins []config.Origin // shown by `accolade config`
	// Reload reads the settings anew; nil: they cannot be read again.
	Reload  func() (config.Config, []config.Origin, error)
	Version string
	Log     io.Writer // where events go
}

// Controller is one running controller.
type Controller struct {
	conf    config.Config
	options Options
	version string
	log     *slog.Logger

	clock     clock.Clock
	leave     func() error // the sandbox's time
	db        store.DB
	keeper    *secret.Keeper
	engine    *operation.Engine
	scheduler *schedule.Scheduler
	links     *links
	pace      poll.Memory     // how long work on the boxes took
	machines  map[string]bool // addresses inside the sandbox, if there is one
	stopping  context.Context // ends when a stop begins
	services  server.Services

	servers []*http.Server
	cancel  context.CancelFunc
	group   *errgroup.Group
	stopped sync.Once
	stopErr error
}

// stopPatience is how long calls in progress may go on after a stop was asked for.
const stopPatience = 10 * time.Second

// Start opens everything and returns once the API answers and systemd knows it. The
// controller then runs until Close, or until one of its parts fails for good: Wait
// returns that error. Cancelling ctx does not stop it.
func Start(ctx context.Context, conf config.Config, o Options) (_ *Controller, err error) {
	c := &Controller{conf: conf, options: o, version: o.Version, log: newLog(o.Log, conf.Log)}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if err := c.openState(); err != nil {
		return nil, err
	}
	if err := c.openClock(ctx); err != nil {
		return nil, err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel, c.stopping = cancel, run
	c.group, run = errgroup.WithContext(run)
	run, done := c.clock.Work(run) // nobody may jump over the start
	defer done()
	if err := c.build(); err != nil {
		return nil, err
	}
	if err := c.recallPace(); err != nil {
		return nil, err
	}
	if err := c.listen(run); err != nil {
		return nil, err
	}
	c.runLoops(run)
	notify(c.log, daemon.SdNotifyReady)
	c.group.Go(func() error { watchdog(run, c.log, c.alive); return nil }) // systemd counts from the word before
	c.log.Info("controller runs", "version", c.version, "state", conf.State, "socket", conf.Socket, "listen", conf.Listen, "sandbox", conf.Sandbox)
	return c, nil
}

// loop runs f until the controller stops. The mark of work is taken for it before it
// begins.
func (c *Controller) loop(ctx context.Context, name string, f func(context.Context) error) {
	marked, done := c.clock.Work(ctx)
	c.group.Go(func() error {
		defer done()
		if err := f(marked); err != nil && !errors.Is(err, context.Canceled) {
			c.log.Error("a part of the controller ended", "part", name, "error", err)
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}

// Wait blocks until ctx ends (nil), or a part of the controller failed.
func (c *Controller) Wait(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- c.group.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return nil
	}
}

// Close stops the loops, lets calls in progress end, and releases the state. What was
// running goes on at the next Start. It may be called more than once.
func (c *Controller) Close() error {
	c.stopped.Do(func() { c.stopErr = c.stop() })
	return c.stopErr
}

func (c *Controller) stop() error {
	var errs []error
	if c.cancel != nil {
		notify(c.log, daemon.SdNotifyStopping)
		c.log.Info("controller stops")
		c.cancel()
	}
	grace, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	for _, s := range c.servers {
		if err := s.Shutdown(grace); err != nil {
			errs = append(errs, fmt.Errorf("stop the API: %w", err), s.Close())
		}
	}
	if c.group != nil {
		errs = append(errs, c.group.Wait(), c.keepPace())
	}
	if c.links != nil {
		c.links.close()
	}
	if c.db != nil {
		errs = append(errs, c.db.Close())
	}
	if c.leave != nil {
		errs = append(errs, c.leave())
	}
	return errors.Join(errs...)
}
