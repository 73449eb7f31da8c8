package fleettest

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/proxmox"
	"codeberg.org/accolade/accolade/internal/store"
)

// Saved is a bench at rest: made once, it is what came before in many runs of a
// workflow.
type Saved struct {
	At         time.Time
	DB         *store.MemoryDB // of the life that came before; only read
	box, vault []byte
}

// Save has before do something on a near bench with an engine that runs, and keeps how
// that leaves the machines.
func Save(t testing.TB, version string, before func(b *Bench) error, opts ...Option) *Saved {
	t.Helper()
	clk := clocktest.Auto(Start)
	b := bench(Near(t, clk, version, opts...))
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- b.Engine.Run(ctx) }()
	err := before(b)
	stop()
	if err := errors.Join(err, <-over); err != nil {
		t.Fatal(err)
	}
	s := &Saved{At: clk.Now(), DB: b.DB}
	if s.box, err = b.Box.MarshalJSON(); err == nil {
		s.vault, err = b.Vault.MarshalJSON()
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TakeOver brings near machines to where those of s were: the time, and
// both states.
func (m *Machines) TakeOver(ctx context.Context, s *Saved) error {
	if err := m.Clock.SleepUntil(ctx, s.At); err != nil {
		return err
	}
	return errors.Join(m.Box.UnmarshalJSON(s.box), m.Vault.UnmarshalJSON(s.vault))
}

// Resume takes over the machines and, into db, their records; the box comes with a
// client of its root.
func (m *Machines) Resume(ctx context.Context, s *Saved, db store.DB) (box fleet.Box, root *proxmox.Client, err error) {
	if err = errors.Join(m.TakeOver(ctx, s), s.KeepBoxes(db)); err != nil {
		return box, nil, err
	}
	if box, err = fleet.NewRegistry(db, m.Clock).Box("kiosk"); err != nil {
		return box, nil, err
	}
	return box, m.Client(box, m.Password()), nil
}

// Doctor is what the doctor finds on the machines, for the records of a store. restored
// is for enrol.Deps and may be nil.
func (m *Machines) Doctor(ctx context.Context, db store.DB, restored func(store.Tx, string) (map[int]string, error)) ([]enrol.Finding, error) {
	deps := enrol.Deps{DB: db, Engine: operation.New(db, m.Clock, operation.Options{Log: slog.New(slog.DiscardHandler)}),
		Keeper: m.Keeper, Clock: m.Clock, DialBox: m.DialBox, DialVault: m.DialVault, Restored: restored}
	return enrol.New(deps).Doctor(ctx)
}

// KeepBoxes copies the records of site, vaults and boxes from the life before.
func (s *Saved) KeepBoxes(db store.DB) error {
	return s.DB.View(func(from store.Tx) error {
		return db.Update(func(to store.Tx) error {
			return errors.Join(keep(from, to, fleet.Sites, func(v fleet.Site) string { return v.Name }),
				keep(from, to, fleet.Vaults, func(v fleet.Vault) string { return v.Name }),
				keep(from, to, fleet.Boxes, func(v fleet.Box) string { return v.Name }),
				keep(from, to, fleet.Servers, func(v fleet.Server) string { return v.Name }))
		})
	})
}

func keep[T any](from, to store.Tx, c *store.Collection[T], name func(T) string) error {
	all, err := c.List(from)
	if err != nil {
		return err
	}
	for _, v := range all {
		if err := c.Put(to, name(v), v); err != nil {
			return err
		}
	}
	return nil
}
