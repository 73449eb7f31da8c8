package controller

import (
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/report"
	"codeberg.org/accolade/accolade/provisioning"
)

// records are what letters say of a client's servers: from the runs of backups and the
// operations that were done.
type records struct {
	fleet   *fleet.Registry
	book    *contract.Book
	backups *backup.Service
	engine  *operation.Engine
	zone    *time.Location
}

// servers are a client's.
func (r records) servers(client string) ([]fleet.Server, error) {
	all, err := r.fleet.Servers()
	var own []fleet.Server
	for _, server := range all {
		if server.Client == client {
			own = append(own, server)
			continue
		}
		c, unknown := r.book.Client(server.Client) // it may be kept by name
		if unknown == nil && c.ID == client {
			own = append(own, server)
		}
	}
	return own, err
}

// Backups counts the nights of a client's servers: a run counts when the vault lists
// its point.
func (r records) Backups(client string, from, to time.Time) ([]report.Backups, error) {
	servers, err := r.servers(client)
	if err != nil {
		return nil, err
	}
	var all []report.Backups
	for _, server := range servers {
		runs, err := r.backups.Runs(server.Name)
		if err != nil {
			return nil, err
		}
		b := report.Backups{Server: server.Name}
		for _, run := range runs { // the newest first
			switch {
			case run.Kind != backup.Remote || run.Started.Before(from) || !run.Started.Before(to):
			case run.Counts():
				b.Made++
				if run.At.After(b.Last) {
					b.Last = run.At
				}
			case !run.Ended.IsZero():
				b.Missed++
			}
		}
		done, err := r.done(backup.KindRestore, server.Name)
		if err != nil {
			return nil, err
		}
		for _, at := range done {
			if at.Before(to) && at.After(b.Proof) {
				b.Proof = at
			}
		}
		if b.Made+b.Missed > 0 {
			all = append(all, b)
		}
	}
	return all, nil
}

// Events are the restores and the installations of a client's servers, and the updates
// of the boxes that they are on. What YunoHost updates within a server nobody asks it.
func (r records) Events(client string, from, to time.Time) ([]report.Event, error) {
	servers, err := r.servers(client)
	if err != nil {
		return nil, err
	}
	var all []report.Event
	boxes := map[string]bool{}
	for _, server := range servers {
		if !boxes[server.Box] {
			boxes[server.Box] = true
			updates, err := r.updates(server.Box, from, to)
			if err != nil {
				return nil, err
			}
			all = append(all, updates...)
		}
		for _, of := range []struct {
			kind string
			what report.Happening
		}{{provisioning.KindProvision, report.Installed}, {backup.KindRestore, report.Restored}} {
			done, err := r.done(of.kind, server.Name)
			if err != nil {
				return nil, err
			}
			for _, at := range done {
				if !at.Before(from) && at.Before(to) {
					all = append(all, report.Event{Day: calendar.Of(at, r.zone), Of: server.Name, What: of.what})
				}
			}
		}
	}
	return all, nil
}

// updates are those of a box's Proxmox VE, by the day on which the new version was first
// seen.
func (r records) updates(box string, from, to time.Time) ([]report.Event, error) {
	b, err := r.fleet.Box(box)
	var all []report.Event
	for _, u := range b.Updates {
		if !u.Seen.Before(from) && u.Seen.Before(to) {
			all = append(all, report.Event{Day: calendar.Of(u.Seen, r.zone), Of: box, What: report.Updated,
				Detail: fmt.Sprintf("Proxmox VE, de la version %s à la version %s", u.From, u.To)})
		}
	}
	return all, err
}

// done are the instants at which operations of a kind on a server were done.
func (r records) done(kind, server string) ([]time.Time, error) {
	ops, err := r.engine.List(operation.Filter{Kind: kind, Subject: "server/" + server, State: operation.Done})
	var all []time.Time
	for _, op := range ops {
		if op.Ended != nil {
			all = append(all, *op.Ended)
		}
	}
	return all, err
}
