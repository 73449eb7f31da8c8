package api

import (
	"context"
	"time"
)

// Vault is a backup server's datastore that receives remote backups.
type Vault struct {
	Name        string    `json:"name"`
	Site        string    `json:"site,omitempty" doc:"where it stands, if at a site of ours"`
	URL         string    `json:"url" example:"https://vault.example:8007"`
	Fingerprint string    `json:"fingerprint" doc:"SHA-256 of its certificate"`
	Datastore   string    `json:"datastore"`
	TokenID     string    `json:"token_id" doc:"the token with which boxes are let in there"`
	Boxes       []string  `json:"boxes" doc:"that back up into it"`
	Created     time.Time `json:"created"`
}

// VaultEdit changes a vault; what is absent stays.
type VaultEdit struct {
	Site        *string `json:"site,omitempty"`
	URL         *string `json:"url,omitempty"`
	Fingerprint *string `json:"fingerprint,omitempty"`
	Datastore   *string `json:"datastore,omitempty"`
	Token       *string `json:"token,omitempty" doc:"USER@REALM!TOKEN:SECRET of an administrator of the vault; it is stored encrypted and never shown"`
}

// NewVault asks for a vault. It is spoken to before it is stored.
type NewVault struct {
	Name string `json:"name"`
	VaultEdit
}

// AddVault makes a vault known.
func (c *Client) AddVault(ctx context.Context, v NewVault) (Vault, error) {
	var out Vault
	return out, c.Post(ctx, "/vaults", v, &out)
}

// Vaults lists them by name.
func (c *Client) Vaults(ctx context.Context) ([]Vault, error) {
	var out []Vault
	return out, c.Get(ctx, "/vaults", &out)
}

// Vault reads one.
func (c *Client) Vault(ctx context.Context, name string) (Vault, error) {
	var out Vault
	return out, c.Get(ctx, path("vaults", name), &out)
}

// EditVault changes one.
func (c *Client) EditVault(ctx context.Context, name string, v VaultEdit) (Vault, error) {
	var out Vault
	return out, c.Patch(ctx, path("vaults", name), v, &out)
}
