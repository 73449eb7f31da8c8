package pve

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// openVault opens a session to the backup server of a pbs storage, in the words of
// the plugin where it fails.
func (b *Box) openVault(s *storage) (archive.Session, error) {
	port, err := strconv.Atoi(s.Options["port"])
	if err != nil {
		port = 8007
	}
	server := s.Options["server"]
	if s.Offline || b.vaults == nil {
		return nil, failf("%s: error fetching datastores - 500 Can't connect to %s:%d (No route to host)", s.ID, server, port)
	}
	user := s.Options["username"]
	if user == "" {
		user = "root@pam"
	}
	session, err := b.vaults.Open(server, port, s.Options["fingerprint"], user, s.Password, s.Options["datastore"], s.Options["namespace"])
	switch {
	case errors.Is(err, archive.ErrNoDatastore):
		return nil, failf("%s: Cannot find datastore '%s', check permissions and existence!", s.ID, s.Options["datastore"])
	case err != nil:
		return nil, failf("%s: error fetching datastores - %s", s.ID, vaultText(err))
	}
	return session, nil
}

// vaultText is a backup server's answer as the API client prints it.
func vaultText(err error) string {
	var e *archive.Error
	if errors.As(err, &e) && e.Code != 0 {
		return fmt.Sprintf("%d %s", e.Code, e.Text)
	}
	return err.Error()
}

// vaultError makes a refusal of the backup server an error of the call.
func vaultError(err error) error {
	if err == nil {
		return nil
	}
	return failf("proxmox-backup-client failed: Error: %s", err.Error())
}

// cryptKey is a Proxmox client encryption key without a passphrase, as
// `proxmox-backup-client key create --kdf none` writes it.
type cryptKey struct {
	KDF         *string `json:"kdf"`
	Created     string  `json:"created"`
	Modified    string  `json:"modified"`
	Data        string  `json:"data"`
	Fingerprint string  `json:"fingerprint"`
}

// newKey draws an encryption key.
func (b *Box) newKey(now time.Time) (string, error) {
	var raw [32]byte
	draw := b.random()
	for i := range raw {
		raw[i] = byte(draw.IntN(256))
	}
	at := b.clock(now).Format(time.RFC3339)
	text, err := json.Marshal(cryptKey{Created: at, Modified: at, Data: base64.StdEncoding.EncodeToString(raw[:]), Fingerprint: colonHex(sha256.Sum256(raw[:]))})
	if err != nil {
		return "", failf("failed to create encryption key: %s", err)
	}
	return string(text) + "\n", nil
}

// keyFingerprintOf reads a key file that was passed in, and gives what the storage
// shows of it: its fingerprint, or "1" when the file carries none.
func keyFingerprintOf(text string) (string, error) {
	var key map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &key); err != nil || key["data"] == nil {
		return "", failf("Value does not seems like a valid, JSON formatted encryption key!")
	}
	var fingerprint string
	if err := json.Unmarshal(key["fingerprint"], &fingerprint); err != nil || fingerprint == "" {
		return "1", nil //nolint:nilerr // a key without a fingerprint is shown as 1
	}
	return fingerprint, nil
}

// colonHex prints bytes as lower-case hex pairs with colons.
func colonHex(sum [32]byte) string {
	pairs := make([]string, len(sum))
	for i, c := range sum {
		pairs[i] = hex.EncodeToString([]byte{c})
	}
	return strings.Join(pairs, ":")
}

// refOf reads the snapshot out of a volume name, "vm/100/2026-11-23T01:00:00Z".
func refOf(file string) (archive.Ref, error) {
	parts := strings.Split(file, "/")
	if len(parts) == 3 {
		if at, err := time.Parse("2006-01-02T15:04:05Z", parts[2]); err == nil {
			return archive.Ref{Type: parts[0], ID: parts[1], Time: at}, nil
		}
	}
	return archive.Ref{}, failf("unable to parse PBS volume name 'backup/%s'", file)
}
