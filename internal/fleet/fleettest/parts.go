package fleettest

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
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

// Upgrade makes a box of 8.4 one of 9.2 as a major upgrade does: everything stays,
// privileges of the old names too.
func (m *Machines) Upgrade() {
	m.T.Helper()
	saved, err := m.Box.MarshalJSON()
	if err != nil {
		m.T.Fatal(err)
	}
	var state map[string]json.RawMessage
	if err := json.Unmarshal(saved, &state); err != nil {
		m.T.Fatal(err)
	}
	state["version"] = json.RawMessage(`"9.2"`)
	if saved, err = json.Marshal(state); err != nil {
		m.T.Fatal(err)
	}
	if err := m.Box.UnmarshalJSON(saved); err != nil {
		m.T.Fatal(err)
	}
	m.Wire.Speaks(apispec.PVE92)
}
