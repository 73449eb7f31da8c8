package api

import "context"

// Setting is one value of the controller's configuration. No setting is a secret:
// those are in files that settings name.
type Setting struct {
	Key    string `json:"key" example:"backup.remote.schedule"`
	Value  string `json:"value"`
	Source string `json:"source" doc:"default, FILE:LINE, a variable, or a flag"`
}

// SettingChange is a setting that is not as it was when the controller read it.
type SettingChange struct {
	Key     string `json:"key" example:"seller.colour"`
	From    string `json:"from"`
	To      string `json:"to" doc:"the same as from: the file that it names is another"`
	InForce bool   `json:"in_force" doc:"false: it waits for a restart"`
}

// ReloadConfig has the controller read its settings anew, and tells what has changed.
func (c *Client) ReloadConfig(ctx context.Context) ([]SettingChange, error) {
	var out []SettingChange
	return out, c.Post(ctx, "/config/reload", nil, &out)
}

// Config lists the settings of the running controller.
func (c *Client) Config(ctx context.Context) ([]Setting, error) {
	var out []Setting
	return out, c.Get(ctx, "/config", &out)
}
