package controller

import (
	"fmt"
	"net"
	"net/url"

	"codeberg.org/accolade/accolade/internal/billing/platform"
)

// buildPlatform makes what deposits invoices with the approved platform.
func (c *Controller) buildPlatform() error {
	conf := c.conf.Platform
	c.services.Platform = &platform.Service{DB: c.db, Clock: c.clock, Ledger: c.services.Bills, Log: c.log}
	if conf.URL == "" {
		return nil
	}
	u, err := url.Parse(conf.URL)
	if err != nil {
		return fmt.Errorf("platform.url: %w", err)
	}
	c.services.Platform.Open = platform.In(u.Path)
	if u.Scheme == "sftp" {
		port := u.Port()
		if port == "" {
			port = "22"
		}
		c.services.Platform.Open = platform.SFTP{Address: net.JoinHostPort(u.Hostname(), port), User: u.User.Username(), Folder: u.Path, KeyFile: conf.KeyFile, HostKey: conf.HostKey}.Open
	}
	return c.scheduler.Add(c.services.Platform.Entry(c.conf.Timezone))
}
