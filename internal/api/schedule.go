package api

import (
	"context"
	"time"
)

// Scheduled is one entry of the schedule.
type Scheduled struct {
	Name   string    `json:"name" example:"backup/remote/horizon"`
	Spec   string    `json:"spec" doc:"cron expression" example:"30 2 * * *"`
	Words  string    `json:"words" doc:"the expression in words" example:"at 02:30 every day"`
	Zone   string    `json:"zone" doc:"time zone in which it is read" example:"Europe/Paris"`
	Last   time.Time `json:"last,omitzero" doc:"when the last run began"`
	Ended  time.Time `json:"ended,omitzero" doc:"when it ended"`
	Result string    `json:"result" doc:"ok, running, an error's text, or nothing before the first run"`
	Next   time.Time `json:"next,omitzero" doc:"when it comes next"`
}

// Schedule lists the entries of the schedule.
func (c *Client) Schedule(ctx context.Context) ([]Scheduled, error) {
	var out []Scheduled
	return out, c.Get(ctx, "/schedule", &out)
}
