package fleet

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/secret"
)

// vaultKey is a client-side encryption key in the JSON that
// proxmox-backup-client reads: without a passphrase of its own, since it has to
// open backups on the day when everything else is lost.
type vaultKey struct {
	KDF         *string `json:"kdf"` // always null: no passphrase
	Created     string  `json:"created"`
	Modified    string  `json:"modified"`
	Data        string  `json:"data"`        // base64 of 32 bytes
	Fingerprint string  `json:"fingerprint"` // 32 lower-case hex pairs with colons; backups carry it
}

// NewVaultKey makes a key. It answers the JSON text, which is the secret, and the
// fingerprint, which is not.
func NewVaultKey(now time.Time) (text secret.Value, fingerprint string, err error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return secret.Value{}, "", fmt.Errorf("make an encryption key: %w", err)
	}
	fingerprint, err = keyFingerprint(raw)
	if err != nil {
		return secret.Value{}, "", err
	}
	stamp := now.UTC().Format(time.RFC3339)
	b, err := json.Marshal(vaultKey{Created: stamp, Modified: stamp, Data: base64.StdEncoding.EncodeToString(raw), Fingerprint: fingerprint})
	return secret.New(string(b)), fingerprint, err
}

var fingerprintConstant = sha256.Sum256([]byte("Proxmox Backup Encryption Key Fingerprint"))

// keyFingerprint is what Proxmox Backup computes: a digest of a constant under a
// name key derived from the key, so that it tells nothing of the key itself.
func keyFingerprint(raw []byte) (string, error) {
	name, err := pbkdf2.Key(sha256.New, string(raw), []byte("_id_key"), 10, 32)
	if err != nil {
		return "", fmt.Errorf("fingerprint of an encryption key: %w", err)
	}
	sum := sha256.Sum256(append(fingerprintConstant[:], name...))
	return strings.ReplaceAll(fmt.Sprintf("% x", sum), " ", ":"), nil
}
