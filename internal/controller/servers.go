package controller

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/fleet"
	mails "codeberg.org/accolade/accolade/internal/notify"
	"codeberg.org/accolade/accolade/internal/proxmox"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/yunohost"
	"codeberg.org/accolade/accolade/provisioning"
)

// buildServers makes what puts servers on boxes and backs them up.
func (c *Controller) buildServers() error {
	policy := backup.DefaultPolicy()
	policy.Remote, policy.Zone = c.conf.Backup.RemoteSchedule, c.conf.Timezone
	hour, minute, ok := strings.Cut(c.conf.Backup.RetryUntil, ":")
	if !ok {
		return fmt.Errorf("backup.retry_until %q is no HH:MM", c.conf.Backup.RetryUntil)
	}
	policy.Morning = fmt.Sprintf("%s %s * * *", strings.TrimPrefix(minute, "0"), strings.TrimPrefix(hour, "0"))
	c.services.Backups = backup.New(backup.Parts{
		DB: c.db, Clock: c.clock, Engine: c.engine, Scheduler: c.scheduler, Fleet: c.services.Fleet, Notifier: c.notifier(), Log: c.log, Policy: policy,
		Connect: func(box fleet.Box) (backup.Hypervisor, error) { return c.links.box(box) },
		ReadLog: proxmox.ParseVzdump,
	})
	c.services.Provisioning = provisioning.New(provisioning.Parts{
		DB: c.db, Engine: c.engine, Fleet: c.services.Fleet, Keeper: c.keeper, Backups: c.services.Backups,
		Connect: func(box fleet.Box) (provisioning.Hypervisor, error) { return c.links.box(box) },
		Enter: func(hv provisioning.Hypervisor, vmid int, run string) provisioning.Guest {
			return yunohost.New(hv, vmid, c.clock, run)
		},
		Client: func(name string) (string, error) {
			found, err := c.services.Book.Client(name)
			return found.ID, err
		},
		HTTPS: c.overHTTPS, Relay: c.serverRelay,
		HTTP:       &http.Client{Timeout: time.Minute},
		Blueprints: c.conf.Blueprints,
		Options:    provisioning.Options{PlainHTTP: c.conf.Sandbox},
	})
	return c.services.Backups.WatchAll()
}

// overHTTPS changes to a server's own API. In a sandbox its control address is
// the only way there.
func (c *Controller) overHTTPS(guest provisioning.Guest, a provisioning.Access) provisioning.Guest {
	server, ok := guest.(*yunohost.Server)
	if ok {
		server.UseHTTPS(yunohost.HTTPSConfig{URL: "https://" + a.Domain, User: a.User, Password: a.Password, Fingerprint: a.Fingerprint, Proxy: c.conf.Sandbox})
	}
	return guest
}

// serverRelay is the relay that servers send their mail through.
func (c *Controller) serverRelay() (fleet.Relay, secret.Value, bool) {
	relay := c.conf.Relay
	if relay.Host == "" {
		return fleet.Relay{}, secret.Value{}, false
	}
	password, err := relay.Password()
	if err != nil {
		c.log.Error("password of the relay", "error", err)
		return fleet.Relay{}, secret.Value{}, false
	}
	return fleet.Relay{Enabled: true, Host: relay.Host, Port: relay.Port, User: relay.User}, password, true
}

// relay takes our own mail; nil when the configuration names none.
func (c *Controller) relay() *mails.Relay {
	r := c.conf.Relay
	if r.Host == "" {
		return nil
	}
	return &mails.Relay{Host: r.Host, Port: r.Port, Security: mails.Security(r.Security), User: r.User, Password: r.Password, From: r.From}
}

// notifier mails whom the configuration names; nil when it names nobody.
func (c *Controller) notifier() backup.Notifier {
	mailer := c.mailer()
	if !mailer.Enabled() {
		return nil
	}
	return mailer
}

// mailer tells our own people, if it is enabled.
func (c *Controller) mailer() *mails.Mailer {
	return &mails.Mailer{Relay: c.relay(), To: c.conf.Notify.Mail, Clock: c.clock}
}
