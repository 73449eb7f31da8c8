package api

import "context"

// Version is what the controller says about itself.
type Version struct {
	Version  string `json:"version" doc:"of the controller's program" example:"v0.2.0"`
	Timezone string `json:"timezone,omitempty" doc:"in which the controller schedules and bills" example:"Europe/Paris"`
	Sandbox  string `json:"sandbox,omitempty" doc:"control address of the sandbox that the controller lives in; empty in real life"`
	You      string `json:"you" doc:"as whom the controller knows the caller"`
	Role     string `json:"role" doc:"what the caller may do"`
}

// Version asks the controller for its version.
func (c *Client) Version(ctx context.Context) (Version, error) {
	var v Version
	return v, c.Get(ctx, "/version", &v)
}
