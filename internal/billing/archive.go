package billing

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"codeberg.org/accolade/accolade/internal/store"
)

// frozen is an invoice as it was finalised: its JSON to the byte, and the hash of
// that. Whoever reads it compares both.
type frozen struct {
	Number  string          `json:"number"`
	SHA256  string          `json:"sha256"`
	Content json.RawMessage `json:"content"`
	XML     string          `json:"xml,omitempty"` // SHA-256 of the XML that its file carries
}

// vault holds frozen invoices. It has a door in and a door to look through; there
// is none to change or to delete.
type vault struct{ c *store.Collection[frozen] }

var archive = vault{store.NewCollection[frozen]("invoice", 1)}

// insert freezes an invoice with the hash of its XML; a number that is taken is refused.
func (v vault) insert(tx store.Tx, inv Invoice, xml string) error {
	content, err := json.Marshal(inv)
	if err != nil {
		return fmt.Errorf("invoice %s: %w", inv.Number, err)
	}
	switch err := v.c.Insert(tx, inv.Number, frozen{inv.Number, hashOf(content), content, xml}); {
	case errors.Is(err, store.ErrExists):
		return refused("bring back a copy of the store with accoladed restore", "the number %s is used already: the counter of its series stands behind what was issued, and no number is given twice", inv.Number)
	case err != nil:
		return err
	}
	return owe(tx, inv)
}

// get reads an invoice, and refuses one that is not what was frozen.
func (v vault) get(tx store.Tx, number string) (Invoice, error) {
	inv, _, err := v.read(tx, number)
	return inv, err
}

// withXML is get, with the hash of the invoice's XML; empty where none was frozen.
func (v vault) withXML(tx store.Tx, number string) (Invoice, string, error) {
	inv, f, err := v.open(tx, number)
	return inv, f.XML, err
}

// read is get, with the hash of the content.
func (v vault) read(tx store.Tx, number string) (Invoice, string, error) {
	inv, f, err := v.open(tx, number)
	return inv, f.SHA256, err
}

func (v vault) open(tx store.Tx, number string) (Invoice, frozen, error) {
	f, err := v.c.Get(tx, number)
	if err != nil {
		return Invoice{}, frozen{}, err
	}
	var inv Invoice
	if err := json.Unmarshal(f.Content, &inv); err != nil {
		return Invoice{}, frozen{}, fmt.Errorf("invoice %s: %w", number, err)
	}
	if got := hashOf(f.Content); got != f.SHA256 || inv.Number != number {
		return Invoice{}, frozen{}, fmt.Errorf("invoice %s was changed after it was finalised: its content has SHA-256 %s, frozen was %s; bring back a copy of the store with accoladed restore", number, got, f.SHA256)
	}
	return inv, f, nil
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
