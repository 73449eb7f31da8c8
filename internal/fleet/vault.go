package fleet

import (
	"time"

	"codeberg.org/accolade/accolade/internal/secret"
)

// Vault is a Proxmox Backup Server datastore that receives remote backups.
type Vault struct {
	Name        string        `json:"name"`
	Site        string        `json:"site,omitempty"` // where it stands, if at a site of ours
	URL         string        `json:"url"`            // https://HOST:8007, without a path
	Fingerprint string        `json:"fingerprint"`    // SHA-256 of the leaf certificate, 32 upper-case hex pairs with colons
	Datastore   string        `json:"datastore"`
	TokenID     string        `json:"token_id"` // our own, that makes namespaces, tokens and ACLs there
	TokenSecret secret.Sealed `json:"token_secret"`
	Created     time.Time     `json:"created"`
}
