package api

import (
	"bytes"
	"context"
	"io"
	"strconv"

	"codeberg.org/accolade/accolade/internal/support"
)

// HoursEntry is one line of the ledger of hours.
type HoursEntry = support.Entry

// HoursTimer is work in progress.
type HoursTimer = support.Timer

// HoursBalance is the state of a contract year's allowance.
type HoursBalance = support.Balance

// HoursForecast says when an allowance runs out.
type HoursForecast = support.Forecast

// HoursWork is work that was done, or that begins now.
type HoursWork struct {
	Client     string      `json:"client,omitempty" doc:"ID or name; empty for a group"`
	Date       string      `json:"date,omitempty" doc:"empty: today"`
	Minutes    int64       `json:"minutes,omitempty"`
	Kind       string      `json:"kind" doc:"accompaniment, training, assistance, intervention or travel"`
	Technician string      `json:"technician,omitempty" doc:"empty: the caller"`
	For        string      `json:"for,omitempty" doc:"a person at the client's"`
	Where      string      `json:"where,omitempty" doc:"a site, or anywhere else"`
	Mode       string      `json:"mode,omitempty" doc:"of travel, bike or truck; empty: as one gets to the site in where"`
	Way        bool        `json:"way,omitempty" doc:"book the way to the site in where, and back, too"`
	Note       string      `json:"note,omitempty" doc:"for the client"`
	Private    string      `json:"private,omitempty" doc:"a note for us alone"`
	Began      string      `json:"began,omitempty" doc:"14:30, for work that must not overlap"`
	Group      []GroupSeat `json:"group,omitempty" doc:"a session shared by several clients, split by seats"`
}

// GroupSeat is a client's part in a session.
type GroupSeat struct {
	Client string `json:"client"`
	Seats  int    `json:"seats"`
}

// HoursStop ends a timer.
type HoursStop struct {
	Technician string `json:"technician,omitempty" doc:"empty: the caller"`
	Note       string `json:"note,omitempty"`
	Minutes    int64  `json:"minutes,omitempty" doc:"instead of what the timer shows"`
	Discard    bool   `json:"discard,omitempty" doc:"book nothing"`
}

// HoursCorrection says what was wrong with an entry; fields that are left out were right.
type HoursCorrection struct {
	Why        string  `json:"why" doc:"for the audit"`
	Date       *string `json:"date,omitempty"`
	Minutes    *int64  `json:"minutes,omitempty" doc:"0: the work was never done"`
	Kind       *string `json:"kind,omitempty"`
	Client     *string `json:"client,omitempty"`
	Technician *string `json:"technician,omitempty"`
	For        *string `json:"for,omitempty"`
	Where      *string `json:"where,omitempty"`
	Mode       *string `json:"mode,omitempty"`
	Note       *string `json:"note,omitempty"`
	Private    *string `json:"private,omitempty"`
}

// HoursFilter chooses entries; empty fields choose all. Dates are `2026-09-15`.
type HoursFilter struct{ Client, Technician, From, To string }

// AddHours books work; a group gives an entry for each client.
func (c *Client) AddHours(ctx context.Context, w HoursWork) ([]HoursEntry, error) {
	var out []HoursEntry
	return out, c.Post(ctx, "/hours", w, &out)
}

// Hours lists entries.
func (c *Client) Hours(ctx context.Context, f HoursFilter) ([]HoursEntry, error) {
	var out []HoursEntry
	return out, c.Get(ctx, withQuery("/hours", "client", f.Client, "technician", f.Technician, "from", f.From, "to", f.To), &out)
}

// CorrectHours takes an entry back and books the right one in its place.
func (c *Client) CorrectHours(ctx context.Context, id string, k HoursCorrection) ([]HoursEntry, error) {
	var out []HoursEntry
	return out, c.Post(ctx, path("hours", "entries", id, "correct"), k, &out)
}

// HoursSheet writes entries as they stand as a sheet: csv or xlsx.
func (c *Client) HoursSheet(ctx context.Context, f HoursFilter, format string, private bool, w io.Writer) error {
	return c.Get(ctx, withQuery("/hours/sheet", "client", f.Client, "technician", f.Technician, "from", f.From, "to", f.To, "format", format, "private", strconv.FormatBool(private)), w)
}

// ImportHours books a sheet (CSV or XLSX), all of it or nothing.
func (c *Client) ImportHours(ctx context.Context, name string, data []byte, dryRun, again bool) ([]HoursEntry, error) {
	var out []HoursEntry
	path := withQuery("/hours/import", "name", name, "dry_run", strconv.FormatBool(dryRun), "again", strconv.FormatBool(again))
	return out, c.Post(ctx, path, bytes.NewReader(data), &out)
}

// HoursTakeover is a file of Kimai's, with the mapping of its words into ours (YAML).
type HoursTakeover struct {
	Name        string `json:"name" doc:"of the file"`
	Data        string `json:"data" doc:"Kimai's CSV export, or timesheets of its REST API as JSON"`
	MappingName string `json:"mapping_name,omitempty"`
	Mapping     string `json:"mapping,omitempty" doc:"YAML: users, customers, projects, activities, timezone"`
	DryRun      bool   `json:"dry_run,omitempty" doc:"check all, book nothing"`
}

// HoursTaken is what became of it.
type HoursTaken = support.Taken

// TakeKimai books a file of Kimai's, all of it or nothing; what was taken over before
// is passed over.
func (c *Client) TakeKimai(ctx context.Context, t HoursTakeover) (HoursTaken, error) {
	var out HoursTaken
	return out, c.Post(ctx, "/hours/kimai", t, &out)
}

// Forecast says when allowances run out: a client's, or every one; from a day, or today.
func (c *Client) Forecast(ctx context.Context, client, on string) ([]HoursForecast, error) {
	var out []HoursForecast
	return out, c.Get(ctx, withQuery("/hours/forecast", "client", client, "on", on), &out)
}

// Balance is a client's allowance; on a day, or today.
func (c *Client) Balance(ctx context.Context, client, on string) (HoursBalance, error) {
	var out HoursBalance
	return out, c.Get(ctx, withQuery("/hours/balance", "client", client, "on", on), &out)
}

// Timers lists the running timers.
func (c *Client) Timers(ctx context.Context) ([]HoursTimer, error) {
	var out []HoursTimer
	return out, c.Get(ctx, "/hours/timers", &out)
}

// StartTimer starts a timer.
func (c *Client) StartTimer(ctx context.Context, w HoursWork) (HoursTimer, error) {
	var out HoursTimer
	return out, c.Post(ctx, "/hours/timers", w, &out)
}

// StopTimer ends a timer and books its time.
func (c *Client) StopTimer(ctx context.Context, s HoursStop) ([]HoursEntry, error) {
	var out []HoursEntry
	return out, c.Post(ctx, "/hours/timers/stop", s, &out)
}
