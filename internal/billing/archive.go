package billing

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"codeberg.org/accolade/accolade/internal/store"
)

// frozen is an invoice as it was finalised: its JSON to the byte, and the hash of
// that. Whoever reads it compares both.
type frozen struct {
	Number  string          `json:"number"`
	SHA256  string          `json:"sha256"`
	Content json.RawMessage `json:"content"`
}

// vault holds frozen invoices. It has a door in and a door to look through; there
// is none to change or to delete.
type vault struct{ c *store.Collection[frozen] }

var archive = vault{store.NewCollection[frozen]("invoice", 1)}

// insert freezes an invoice; a number that is taken is refused.
func (v vault) insert(tx store.Tx, inv Invoice) error {
	content, err := json.Marshal(inv)
	if err != nil {
		return fmt.Errorf("invoice %s: %w", inv.Number, err)
	}
	return v.c.Insert(tx, inv.Number, frozen{inv.Number, hashOf(content), content})
}

// get reads an invoice, and refuses one that is not what was frozen.
func (v vault) get(tx store.Tx, number string) (Invoice, error) {
	inv, _, err := v.read(tx, number)
	return inv, err
}

func (v vault) read(tx store.Tx, number string) (Invoice, string, error) {
	f, err := v.c.Get(tx, number)
	if err != nil {
		return Invoice{}, "", err
	}
	var inv Invoice
	if err := json.Unmarshal(f.Content, &inv); err != nil {
		return Invoice{}, "", fmt.Errorf("invoice %s: %w", number, err)
	}
	if got := hashOf(f.Content); got != f.SHA256 || inv.Number != number {
		return Invoice{}, "", fmt.Errorf("invoice %s was changed after it was finalised: its content has SHA-256 %s, frozen was %s; bring back a copy of the store with accoladed restore", number, got, f.SHA256)
	}
	return inv, f.SHA256, nil
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
