package fleettest

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// Switch is off at first.
type Switch struct{ on atomic.Bool }

// Set turns it on or off.
func (s *Switch) Set(on bool) { s.on.Store(on) }

// guard drops every connection while the switch is on.
func (s *Switch) guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.on.Load() {
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(w, r)
	})
}

// network is how the box reaches the vault.
type network struct{ b *Machines }

var errNoRoute = errors.New("500 Can't connect (No route to host)")

// Open implements archive.Network.
func (n network) Open(server string, port int, fingerprint, user, password, datastore, namespace string) (archive.Session, error) {
	if n.b.VaultDown.on.Load() {
		return nil, errNoRoute
	}
	return n.b.Vault.Open(server, port, fingerprint, user, password, datastore, namespace)
}

// Calls collects which methods of the box were called, and by whom.
type Calls struct {
	mu  sync.Mutex
	own map[string]bool
}

func (c *Calls) add(sig string, own bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own == nil {
		c.own = map[string]bool{}
	}
	c.own[sig] = c.own[sig] || own
}

// Own lists the methods that were called with the controller's token.
func (c *Calls) Own() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for sig, own := range c.own {
		if own {
			out = append(out, sig)
		}
	}
	slices.Sort(out)
	return out
}
