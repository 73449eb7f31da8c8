package fleet

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestNewVaultKey(t *testing.T) {
	text, print, err := NewVaultKey(time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var k vaultKey
	if err := json.Unmarshal([]byte(text.Reveal()), &k); err != nil {
		t.Fatal(err)
	}
	if k.Fingerprint != print || len(strings.Split(print, ":")) != 32 || k.Created != "2026-09-14T12:00:00Z" || !strings.Contains(text.Reveal(), `"kdf":null`) {
		t.Errorf("key %+v with fingerprint %s", k, print)
	}
	other, otherPrint, err := NewVaultKey(time.Now())
	if err != nil || other.Equal(text) || otherPrint == print {
		t.Errorf("two keys are the same (%v)", err)
	}
}

// The constant in the fingerprint is the one of Proxmox's source.
func TestFingerprintConstant(t *testing.T) {
	if got := hex.EncodeToString(fingerprintConstant[:4]); got != "6ed0ef77" {
		t.Errorf("constant begins %s, want 6ed0ef77", got)
	}
}
