package controller

import (
	"fmt"
	"sync"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/pbs"
	"codeberg.org/accolade/accolade/internal/proxmox"
	"codeberg.org/accolade/accolade/internal/secret"
)

// links keeps one client per box for our own token, so that supervision and backups
// share its kept-alive connections.
type links struct {
	c    *Controller
	mu   sync.Mutex
	open map[string]*link // by the box's name
}

// link is a client that outlives the one who asked for it.
type link struct {
	*proxmox.Client
	to string // what it was made for; another address or token needs a new one
}

// Close leaves the shared connections open.
func (*link) Close() {}

// OnNode is settled when the link is made.
func (*link) OnNode(string) {}

// box is the shared client for a box that is enrolled.
func (l *links) box(b fleet.Box) (*link, error) {
	if err := l.c.allowed(b.URL); err != nil {
		return nil, err
	}
	to := fmt.Sprintf("%s %s %s %s %x", b.URL, b.Fingerprint, b.Node, b.TokenID, b.TokenSecret)
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.open[b.Name]; known != nil {
		if known.to == to {
			return known, nil
		}
		known.Client.Close()
	}
	token, err := l.c.keeper.Open(b.TokenSecret)
	if err != nil {
		return nil, fmt.Errorf("box %s: open our token: %w", b.Name, err)
	}
	made := &link{Client: l.c.dialBox(b, fleet.Login{TokenID: b.TokenID, Secret: token}), to: to}
	l.open[b.Name] = made
	return made, nil
}

// close drops all connections.
func (l *links) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, known := range l.open {
		known.Client.Close()
	}
	clear(l.open)
}

// dialBox is a client of its own for a login.
func (c *Controller) dialBox(b fleet.Box, login fleet.Login) *proxmox.Client {
	return proxmox.New(proxmox.Config{Box: b.Name, URL: b.URL, Fingerprint: b.Fingerprint, Node: b.Node, Login: login, Clock: c.clock, Log: c.log, Pace: &c.pace})
}

// dialVault is a client for a vault with our token there.
func (c *Controller) dialVault(v fleet.Vault, key secret.Value) *pbs.Client {
	return pbs.New(pbs.Config{Vault: v.Name, URL: v.URL, Fingerprint: v.Fingerprint, Datastore: v.Datastore, TokenID: v.TokenID, TokenSecret: key, Clock: c.clock, Log: c.log})
}
