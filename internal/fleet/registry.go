package fleet

import (
	"errors"
	"fmt"
	"strconv"
	"sync"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/store"
)

// The collections of the fleet, keyed by name. Whoever writes one in a
// transaction of its own keeps to the rules that Registry enforces.
var (
	Sites = store.NewCollection[Site]("site", 1)
	// Boxes is indexed by site, by vault, and by fingerprint: two names for one box
	// are caught by its certificate.
	Boxes = store.NewCollection[Box]("box", 1,
		store.WithIndex("site", func(b Box) []string { return []string{b.Site} }),
		store.WithIndex("vault", func(b Box) []string { return []string{b.Vault} }),
		store.WithIndex("fingerprint", func(b Box) []string { return []string{b.Fingerprint} }))
	Vaults = store.NewCollection[Vault]("vault", 1)
	// Servers is indexed by box, by client, by domain, and by "BOX/VMID", which
	// no two servers that are not gone may share.
	Servers = store.NewCollection[Server]("server", 1,
		store.WithIndex("box", func(s Server) []string { return []string{s.Box} }),
		store.WithIndex("client", func(s Server) []string { return []string{s.Client} }),
		store.WithIndex("domain", func(s Server) []string { return []string{s.Domain} }),
		store.WithIndex("vmid", func(s Server) []string { return []string{Place(s.Box, s.VMID)} }))
)

// Place names a VMID on a box: BOX/VMID.
func Place(box string, vmid int) string { return box + "/" + strconv.Itoa(vmid) }

// Registry adds, lists and edits what the cooperative has in the field. What changes
// something takes functions that also run in the transaction of the change, such as
// the one that writes the audit record.
type Registry struct {
	db  store.DB
	clk clock.Clock

	mu     sync.Mutex
	latest map[string]Observation // what each box said last, newer than the store's
}

// NewRegistry keeps its records in db.
func NewRegistry(db store.DB, clk clock.Clock) *Registry {
	return &Registry{db: db, clk: clk, latest: map[string]Observation{}}
}

// AddSite stores a new site.
func (r *Registry) AddSite(s Site, also ...func(store.Tx) error) (Site, error) {
	if s.Zone == "" {
		s.Zone = DefaultZone
	}
	s.Created = r.clk.Now()
	return add(r.db, Sites, "site", s.Name, s, s.Check, also)
}

// Site reads one.
func (r *Registry) Site(name string) (Site, error) { return get(r.db, Sites, name) }

// Sites lists them by name.
func (r *Registry) Sites() ([]Site, error) { return list(r.db, Sites) }

// EditSite changes a site; its name stays. A time zone cannot change while boxes
// stand there whose jobs run in the old one.
func (r *Registry) EditSite(name string, change func(*Site), also ...func(store.Tx) error) (Site, error) {
	return edit(r.db, Sites, name, also, func(tx store.Tx, old Site, s *Site) error {
		change(s)
		s.Name, s.Created = old.Name, old.Created
		if err := s.Check(); err != nil {
			return err
		}
		if s.Zone == old.Zone {
			return nil
		}
		boxes, err := Boxes.ByIndex(tx, "site", name)
		if err != nil {
			return err
		}
		if len(boxes) > 0 {
			return refuse(fmt.Sprintf("site %s: time zone stays %s while box %s stands there, whose backups run in it", name, old.Zone, boxes[0].Name),
				"move the boxes to a site of the new zone first")
		}
		return nil
	})
}

// AddVault stores a new vault. Its address and fingerprint must be clean.
func (r *Registry) AddVault(v Vault, also ...func(store.Tx) error) (Vault, error) {
	var err error
	if v.URL, err = CleanURL(v.URL, "8007"); err != nil {
		return v, err
	}
	if v.Fingerprint, err = CleanFingerprint(v.Fingerprint); err != nil {
		return v, err
	}
	v.Created = r.clk.Now()
	return add(r.db, Vaults, "vault", v.Name, v, v.Check, also)
}

// Vault reads one.
func (r *Registry) Vault(name string) (Vault, error) { return get(r.db, Vaults, name) }

// Vaults lists them by name.
func (r *Registry) Vaults() ([]Vault, error) { return list(r.db, Vaults) }

// EditVault changes how a vault is reached. Its datastore cannot change while
// boxes back up into it.
func (r *Registry) EditVault(name string, change func(*Vault), also ...func(store.Tx) error) (Vault, error) {
	return edit(r.db, Vaults, name, also, func(tx store.Tx, old Vault, v *Vault) error {
		change(v)
		v.Name, v.Created = old.Name, old.Created
		var err error
		if v.URL, err = CleanURL(v.URL, "8007"); err != nil {
			return err
		}
		if v.Fingerprint, err = CleanFingerprint(v.Fingerprint); err != nil {
			return err
		}
		if err := v.Check(); err != nil {
			return err
		}
		if v.Datastore == old.Datastore {
			return nil
		}
		boxes, err := Boxes.ByIndex(tx, "vault", name)
		if err != nil {
			return err
		}
		if len(boxes) > 0 {
			return refuse(fmt.Sprintf("vault %s: datastore stays %s while box %s backs up into it", name, old.Datastore, boxes[0].Name),
				"add the other datastore as a vault of its own")
		}
		return nil
	})
}

// Box reads one.
func (r *Registry) Box(name string) (Box, error) {
	b, err := get(r.db, Boxes, name)
	return r.newest(b), err
}

// Boxes lists them by name.
func (r *Registry) Boxes() ([]Box, error) {
	all, err := list(r.db, Boxes)
	for i := range all {
		all[i] = r.newest(all[i])
	}
	return all, err
}

// EditBox changes what is ours to say about a box: its client, its site, whether
// it is a spare. What the enrolment found or made stays.
func (r *Registry) EditBox(name string, change func(*Box), also ...func(store.Tx) error) (Box, error) {
	return edit(r.db, Boxes, name, also, func(tx store.Tx, old Box, b *Box) error {
		changed := old
		change(&changed)
		b.Client, b.Site, b.State = changed.Client, changed.Site, changed.State
		if b.Site != old.Site {
			site, err := Sites.Get(tx, b.Site)
			if err != nil {
				return err
			}
			if site.Zone != old.Zone {
				return refuse(fmt.Sprintf("box %s: its jobs run in %s, and site %s keeps %s", name, old.Zone, site.Name, site.Zone),
					"set the box's time zone, then enrol it again with --repair")
			}
		}
		if b.State != BoxReady && b.State != old.State {
			servers, err := Servers.ByIndex(tx, "box", name)
			if err != nil {
				return err
			}
			for _, s := range servers {
				if s.State != ServerGone {
					return refuse(fmt.Sprintf("box %s carries server %s", name, s.Name), "move or destroy the server first")
				}
			}
		}
		return nil
	})
}

// Server reads one.
func (r *Registry) Server(name string) (Server, error) { return get(r.db, Servers, name) }

// Servers lists them by name, those that are gone too.
func (r *Registry) Servers() ([]Server, error) { return list(r.db, Servers) }

// ServersOn lists the servers of a box that are not gone.
func (r *Registry) ServersOn(box string) ([]Server, error) {
	var out []Server
	err := r.db.View(func(tx store.Tx) error {
		all, err := Servers.ByIndex(tx, "box", box)
		for _, s := range all {
			if s.State != ServerGone {
				out = append(out, s)
			}
		}
		return err
	})
	return out, err
}

func get[T any](db store.DB, c *store.Collection[T], name string) (v T, err error) {
	err = db.View(func(tx store.Tx) error {
		v, err = c.Get(tx, name)
		return err
	})
	return v, err
}

func list[T any](db store.DB, c *store.Collection[T]) (all []T, err error) {
	err = db.View(func(tx store.Tx) error {
		all, err = c.List(tx)
		return err
	})
	return all, err
}

func add[T any](db store.DB, c *store.Collection[T], kind, name string, v T, check func() error, also []func(store.Tx) error) (T, error) {
	if err := check(); err != nil {
		return v, err
	}
	err := db.Update(func(tx store.Tx) error {
		if err := c.Insert(tx, name, v); err != nil {
			return err
		}
		return runAll(tx, also)
	})
	if errors.Is(err, store.ErrExists) {
		err = refuse(fmt.Sprintf("a %s named %s exists already", kind, name), "choose another name, or change it with `accolade "+kind+" edit "+name+"`")
	}
	return v, err
}

func edit[T any](db store.DB, c *store.Collection[T], name string, also []func(store.Tx) error, change func(tx store.Tx, old T, v *T) error) (T, error) {
	var v T
	err := db.Update(func(tx store.Tx) error {
		old, err := c.Get(tx, name)
		if err != nil {
			return err
		}
		v = old
		if err := change(tx, old, &v); err != nil {
			return err
		}
		if err := c.Put(tx, name, v); err != nil {
			return err
		}
		return runAll(tx, also)
	})
	return v, err
}

func runAll(tx store.Tx, also []func(store.Tx) error) error {
	for _, fn := range also {
		if err := fn(tx); err != nil {
			return err
		}
	}
	return nil
}
