package api

import (
	"context"
	"time"
)

// Level is how bad something is.
type Level string

// Levels, the worst first.
const (
	LevelCritical Level = "critical"
	LevelWarning  Level = "warning"
	LevelUnknown  Level = "unknown" // it could not be asked
	LevelOK       Level = "ok"
)

// Condition is one line of the morning's table.
type Condition struct {
	Level Level     `json:"level" enum:"critical,warning,unknown,ok"`
	Of    string    `json:"of" doc:"kind and name of what it is about, such as box/kerlann"`
	What  string    `json:"what" doc:"in one sentence"`
	Fix   string    `json:"fix,omitempty" doc:"what to do about it"`
	Since time.Time `json:"since,omitzero"`
}

// Status is the table of the morning, the worst first.
type Status struct {
	At         time.Time   `json:"at"`
	Trouble    bool        `json:"trouble" doc:"something is critical or a warning"`
	Conditions []Condition `json:"conditions"`
}

// Status asks for the table.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var out Status
	return out, c.Get(ctx, "/status", &out)
}

// Finding is something that does not belong or is missing, with the command that
// mends it.
type Finding struct {
	Of   string `json:"of"`
	What string `json:"what"`
	Fix  string `json:"fix"`
}

// Doctor compares boxes, vaults and store now. It changes nothing.
func (c *Client) Doctor(ctx context.Context) ([]Finding, error) {
	var out []Finding
	return out, c.Post(ctx, "/doctor", nil, &out)
}
