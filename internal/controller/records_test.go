package controller

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/report"
	"codeberg.org/accolade/accolade/internal/store"
)

// TestRecords: letters and margins are told what the runs of backups say, of the client's
// own servers, and of a month in Paris.
func TestRecords(t *testing.T) {
	db, log := store.Memory(), slog.New(slog.NewTextHandler(io.Discard, nil))
	zone := calendar.Paris()
	engine := operation.New(db, clock.Real(), operation.Options{Log: log})
	c := &Controller{}
	c.conf.Timezone = zone.String()
	c.services.Fleet = fleet.NewRegistry(db, clock.Real())
	c.services.Book = contract.NewBook(db, clock.Real(), zone, nil)
	c.services.Backups = backup.New(backup.Parts{DB: db, Clock: clock.Real(), Engine: engine, Log: log, Policy: backup.DefaultPolicy()})
	for _, name := range []string{"Kerlann", "Penmarch"} {
		if _, err := c.services.Book.AddClient(contract.Actor{Who: "anne"}, contract.Client{Name: name, Kind: contract.School,
			Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}}); err != nil {
			t.Fatal(err)
		}
	}
	at := func(s string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return when.UTC()
	}
	run := func(server, started, point string, size int64, kind backup.Kind) backup.Run {
		r := backup.Run{ID: server + started + string(kind), Server: server, Kind: kind, Started: at(started), Ended: at(started).Add(time.Hour), Point: point, Size: size}
		if point != "" {
			r.At = at(started)
		}
		return r
	}
	if err := db.Update(func(tx store.Tx) error {
		for server, client := range map[string]string{"kerlann": "Kerlann", "penmarch": "penmarch"} {
			if err := fleet.Servers.Insert(tx, server, fleet.Server{Name: server, Client: client, Box: "box", VMID: len(server)}); err != nil {
				return err
			}
		}
		if err := fleet.Boxes.Insert(tx, "box", fleet.Box{Name: "box", Version: "9.2.4", Updates: []fleet.Update{
			{Seen: at("2026-09-30 23:59"), From: "8.4.1", To: "9.1.2"}, {Seen: at("2026-10-12 08:05"), From: "9.1.2", To: "9.2.4"}}}); err != nil {
			return err
		}
		for _, r := range []backup.Run{
			run("kerlann", "2026-09-30 23:30", "p1", 10, backup.Remote),
			run("kerlann", "2026-10-01 00:10", "p2", 20, backup.Remote), // still September in UTC
			run("kerlann", "2026-10-02 02:30", "", 0, backup.Remote),
			run("kerlann", "2026-10-31 02:30", "p3", 30, backup.Remote),
			run("kerlann", "2026-10-31 03:30", "p4", 99, backup.Local),
			run("kerlann", "2026-11-01 02:30", "p5", 40, backup.Remote),
			run("penmarch", "2026-09-10 02:30", "p6", 5, backup.Remote),
		} {
			if err := backup.Runs.Put(tx, r.ID, r); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	known := records{c.services.Fleet, c.services.Book, c.services.Backups, engine, zone}
	got, err := known.Backups("kerlann", at("2026-10-01 00:00"), at("2026-11-01 00:00"))
	if want := []report.Backups{{Server: "kerlann", Made: 2, Missed: 1, Last: at("2026-10-31 02:30")}}; err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%v: %s", err, cmp.Diff(want, got))
	}
	events, err := known.Events("kerlann", at("2026-10-01 00:00"), at("2026-11-01 00:00"))
	if want := []report.Event{{Day: calendar.Of(at("2026-10-12 08:05"), zone), Of: "box", What: report.Updated, Detail: "Proxmox VE, de la version 9.1.2 à la version 9.2.4"}}; err != nil || cmp.Diff(want, events) != "" {
		t.Errorf("%v: %s", err, cmp.Diff(want, events))
	}
	space, err := c.vaultSpace("box")
	month := func(m time.Month) calendar.Month { return calendar.Month{Year: 2026, Month: m} }
	if want := map[calendar.Month]int64{month(9): 15, month(10): 35, month(11): 45}; err != nil || cmp.Diff(want, space) != "" {
		t.Errorf("%v: %s", err, cmp.Diff(want, space))
	}
}
