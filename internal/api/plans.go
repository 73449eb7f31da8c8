package api

import (
	"context"
	"io"
	"strconv"

	"codeberg.org/accolade/accolade/internal/support"
)

// Plan is work that is to come.
type Plan = support.Plan

// NewPlan plans work.
type NewPlan struct {
	Client     string `json:"client" doc:"ID or name"`
	Date       string `json:"date"`
	At         string `json:"at" doc:"14:30 on that day"`
	Minutes    int64  `json:"minutes"`
	Kind       string `json:"kind" doc:"accompaniment, training, assistance, intervention or travel"`
	Technician string `json:"technician,omitempty" doc:"empty: the caller"`
	For        string `json:"for,omitempty" doc:"a person at the client's"`
	Where      string `json:"where,omitempty" doc:"a site, or anywhere else"`
	Way        bool   `json:"way,omitempty" doc:"when it is done, book the way to the site in where, and back, too"`
	Note       string `json:"note,omitempty" doc:"for the client"`
	Private    string `json:"private,omitempty" doc:"a note for us alone"`
}

// PlanChange says what is to be different; fields that are left out stay.
type PlanChange struct {
	Date       *string `json:"date,omitempty"`
	At         *string `json:"at,omitempty"`
	Minutes    *int64  `json:"minutes,omitempty"`
	Kind       *string `json:"kind,omitempty"`
	Technician *string `json:"technician,omitempty"`
	For        *string `json:"for,omitempty"`
	Where      *string `json:"where,omitempty"`
	Way        *bool   `json:"way,omitempty"`
	Note       *string `json:"note,omitempty"`
	Private    *string `json:"private,omitempty"`
}

// PlanDone says how it was really done; fields that are left out are as planned.
type PlanDone struct {
	Date    *string `json:"date,omitempty"`
	At      *string `json:"at,omitempty" doc:"when it began"`
	Minutes *int64  `json:"minutes,omitempty"`
	Note    *string `json:"note,omitempty"`
	Private *string `json:"private,omitempty"`
}

// PlanCancel says why it will not take place.
type PlanCancel struct {
	Why string `json:"why"`
}

// AddPlan plans work.
func (c *Client) AddPlan(ctx context.Context, p NewPlan) (Plan, error) {
	var out Plan
	return out, c.Post(ctx, "/hours/plans", p, &out)
}

// Plans lists what is to come, or with all what was done and cancelled too.
func (c *Client) Plans(ctx context.Context, f HoursFilter, all bool) ([]Plan, error) {
	var out []Plan
	return out, c.Get(ctx, withQuery("/hours/plans", "client", f.Client, "technician", f.Technician, "from", f.From, "to", f.To, "all", strconv.FormatBool(all)), &out)
}

// ChangePlan changes a plan.
func (c *Client) ChangePlan(ctx context.Context, id string, p PlanChange) (Plan, error) {
	var out Plan
	return out, c.Patch(ctx, path("hours", "plans", id), p, &out)
}

// CancelPlan cancels a plan.
func (c *Client) CancelPlan(ctx context.Context, id, why string) (Plan, error) {
	var out Plan
	return out, c.Post(ctx, path("hours", "plans", id, "cancel"), PlanCancel{why}, &out)
}

// FinishPlan books what was planned.
func (c *Client) FinishPlan(ctx context.Context, id string, d PlanDone) ([]HoursEntry, error) {
	var out []HoursEntry
	return out, c.Post(ctx, path("hours", "plans", id, "done"), d, &out)
}

// Calendar writes plans as an iCalendar file: a client's, with what he may read, or
// else ours.
func (c *Client) Calendar(ctx context.Context, f HoursFilter, w io.Writer) error {
	return c.Get(ctx, withQuery("/hours/calendar", "client", f.Client, "technician", f.Technician, "from", f.From, "to", f.To), w)
}
