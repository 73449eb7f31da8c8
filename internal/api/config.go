package api

import "context"

// Setting is one value of the controller's configuration. No setting is a secret:
// those are in files that settings name.
type Setting struct {
	Key    string `json:"key" example:"backup.remote.schedule"`
	Value  string `json:"value"`
	Source string `json:"source" doc:"default, FILE:LINE, a variable, or a flag"`
}

// Config lists the settings of the running controller.
func (c *Client) Config(ctx context.Context) ([]Setting, error) {
	var out []Setting
	return out, c.Get(ctx, "/config", &out)
}
