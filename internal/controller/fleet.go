package controller

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
	"codeberg.org/accolade/accolade/internal/secret"
)

// buildFleet makes sites, boxes and vaults, and enrolment.
func (c *Controller) buildFleet() error {
	c.links = &links{c: c, open: map[string]*link{}}
	c.services.Fleet = fleet.NewRegistry(c.db, c.clock)
	c.services.Enrol = enrol.New(enrol.Deps{
		DB: c.db, Engine: c.engine, Keeper: c.keeper, Clock: c.clock, Log: c.log,
		DialBox:   c.dialHost,
		DialVault: func(v fleet.Vault, key secret.Value) enrol.VaultServer { return c.dialVault(v, key) },
		Allowed:   c.allowed,
		Restored:  backup.RestoredOn,
		Schedule:  c.conf.Backup.LocalSchedule,
		Retention: c.conf.Backup.LocalRetention,
	})
	return c.knownAllowed()
}

// knownAllowed refuses to start in a sandbox with a state that knows machines outside
// of it.
func (c *Controller) knownAllowed() error {
	boxes, err := c.services.Fleet.Boxes()
	if err != nil {
		return err
	}
	vaults, err := c.services.Fleet.Vaults()
	if err != nil {
		return err
	}
	for _, b := range boxes {
		if err := c.allowed(b.URL); err != nil {
			return fmt.Errorf("box %s: %w", b.Name, err)
		}
	}
	for _, v := range vaults {
		if err := c.allowed(v.URL); err != nil {
			return fmt.Errorf("vault %s: %w", v.Name, err)
		}
	}
	return nil
}

// dialHost gives supervision, which uses our own token, the shared connection, and an
// enrolment, which brings its own credential, one of its own.
func (c *Controller) dialHost(b fleet.Box, login fleet.Login) enrol.Host {
	if login.TokenID == b.TokenID && b.TokenID != "" && b.Node != "" {
		if shared, err := c.links.box(b); err == nil {
			return shared
		}
	}
	return c.dialBox(b, login)
}
