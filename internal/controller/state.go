package controller

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

// Names inside the state folder.
const (
	storeFile     = "store.db"
	identityFile  = "identity.age" // opens what is sealed in the store
	documentsName = "documents"    // invoices and letters, named by their SHA-256
	copiesName    = "copies"       // nightly copies of the store
)

// StoreFile is the path of the store in a state folder.
func StoreFile(state string) string { return filepath.Join(state, storeFile) }

// openState opens store and keeper. The store's lock is what keeps a second controller
// away from this state.
func (c *Controller) openState() error {
	db, err := store.Open(StoreFile(c.conf.State), store.Options{})
	if err != nil {
		return err
	}
	c.db = db
	for _, folder := range []string{"", documentsName, copiesName} {
		if err := wholefile.Sweep(wholefile.OS, filepath.Join(c.conf.State, folder)); err != nil {
			return fmt.Errorf("state: %w", err)
		}
	}
	if err := c.openKey(); err != nil {
		return err
	}
	for _, name := range []string{documentsName, copiesName} {
		if err := os.MkdirAll(filepath.Join(c.conf.State, name), 0o700); err != nil {
			return fmt.Errorf("state: %w", err)
		}
	}
	return nil
}

// participant is the controller's name in the simulated time.
const participant = "controller"

// openClock takes the time from the machine, or from the sandbox.
func (c *Controller) openClock(ctx context.Context) error {
	if c.conf.Sandbox == "" {
		c.clock = clock.Real()
		return nil
	}
	machines, err := sandboxMachines(ctx, c.conf.Sandbox)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	c.machines = machines
	follower, err := clock.Follow(ctx, c.conf.Sandbox, participant)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	c.clock, c.leave = follower, follower.Close
	c.log = slog.New(stamped{c.log.Handler(), follower})
	c.log.Warn("this controller lives in a sandbox: its time is simulated, and boxes outside of the sandbox are refused", "sandbox", c.conf.Sandbox)
	return nil
}
