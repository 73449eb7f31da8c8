package fleettest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/machine"
	"codeberg.org/accolade/accolade/internal/operation/faulttest"
	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/archive"
	"codeberg.org/accolade/accolade/internal/store"
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

// Sentences are what Doctor finds, one a finding.
func (m *Machines) Sentences(ctx context.Context, db store.DB, restored func(store.Tx, string) (map[int]string, error)) (all []string, err error) {
	found, err := m.Doctor(ctx, db, restored)
	for _, f := range found {
		all = append(all, f.Of+": "+f.What+" ["+f.Fix+"]")
	}
	return all, err
}

// Targets are box and vault as a campaign of faults strikes them. vmid is the VM that
// the workflow is about, 0 for none; stands tells whether it is there before.
func (m *Machines) Targets(vmid int, stands bool, storages ...string) []faulttest.Target {
	return []faulttest.Target{
		{Name: "box kiosk", Host: strings.TrimPrefix(m.BoxURL, "https://"), Box: m.Box, Storages: storages, VMID: vmid, Stands: stands},
		{Name: "vault central", Host: strings.TrimPrefix(m.VaultURL, "https://")},
	}
}

// LeftWith is Left, and the VMIDs that the store holds reserved: what a workflow that
// makes VMs may leave behind.
func (m *Machines) LeftWith(ctx context.Context, db store.DB, box fleet.Box) ([]string, error) {
	all, err := m.Left(ctx, box)
	if err != nil {
		return nil, err
	}
	return all, db.View(func(tx store.Tx) error {
		held, err := machine.Reservations.List(tx)
		for _, one := range held {
			all = append(all, fmt.Sprintf("VMID %d reserved", one.VMID))
		}
		return err
	})
}

// Left lists what an operation may have made on the box: VMs, volumes, storages,
// pools, jobs, users and tokens, asked as root.
func (m *Machines) Left(ctx context.Context, box fleet.Box) (all []string, err error) {
	root := m.Client(box, m.Password())
	defer root.Close()
	vms, err := root.VMs(ctx)
	for _, vm := range vms {
		all = append(all, strings.TrimSpace(fmt.Sprintf("VM %d %s %s", vm.VMID, vm.Name, vm.Lock)))
	}
	configs, serr := root.StorageConfigs(ctx)
	for _, s := range configs {
		all = append(all, "storage "+s.Name)
		for _, content := range []string{"iso", "images"} {
			if !slices.Contains(s.Content, content) {
				continue
			}
			volumes, verr := root.Content(ctx, s.Name, content, 0)
			err = errors.Join(err, verr)
			for _, v := range volumes {
				all = append(all, "volume "+v.ID)
			}
		}
	}
	jobs, jerr := root.Jobs(ctx)
	for _, j := range jobs {
		all = append(all, "job "+j.ID)
	}
	pools, perr := root.Pools(ctx)
	for _, p := range pools {
		all = append(all, "pool "+p)
	}
	roles, rerr := root.Roles(ctx)
	for _, role := range roles {
		all = append(all, "role "+role.Name)
	}
	users, uerr := root.Users(ctx)
	for _, u := range users {
		all = append(all, "user "+u)
	}
	return all, errors.Join(err, serr, jerr, perr, rerr, uerr)
}
