package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
)

// Tokens is the book of technicians' tokens in the store. A token is 130 random bits,
// so a plain SHA-256 keeps it as well as a slow hash would.
type Tokens struct {
	db    store.DB
	clock clock.Clock
}

// NewTokens opens the book.
func NewTokens(db store.DB, clk clock.Clock) *Tokens { return &Tokens{db: db, clock: clk} }

type tokenRecord struct {
	Name    string    `json:"name"`
	Role    Role      `json:"role"`
	Hash    string    `json:"hash"` // SHA-256 of the token's text, hex
	Created time.Time `json:"created"`
	By      string    `json:"by"`
	Used    time.Time `json:"used,omitzero"`
}

var tokenRecords = store.NewCollection("token", 1, store.WithIndex("hash", func(t tokenRecord) []string { return []string{t.Hash} }))

// tokenMark makes a token recognisable to secret scanners.
const tokenMark = "accolade_"

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Add makes a token and returns its text, which nobody can read again. also runs in
// the same transaction.
func (t *Tokens) Add(name string, role Role, by string, also ...func(store.Tx) error) (tokenRecord, secret.Value, error) {
	text := tokenMark + strings.ToLower(rand.Text())
	rec := tokenRecord{Name: name, Role: role, Hash: hashOf(text), Created: t.clock.Now(), By: by}
	err := t.db.Update(func(tx store.Tx) error {
		if err := tokenRecords.Insert(tx, name, rec); err != nil {
			return err
		}
		return runAll(tx, also)
	})
	return rec, secret.New(text), err
}

func runAll(tx store.Tx, also []func(store.Tx) error) error {
	for _, fn := range also {
		if err := fn(tx); err != nil {
			return err
		}
	}
	return nil
}

// List is all tokens by name.
func (t *Tokens) List() (list []tokenRecord, err error) {
	err = t.db.View(func(tx store.Tx) error {
		list, err = tokenRecords.List(tx)
		return err
	})
	return list, err
}

// Revoke ends a token. also runs in the same transaction.
func (t *Tokens) Revoke(name string, also ...func(store.Tx) error) error {
	return t.db.Update(func(tx store.Tx) error {
		if _, err := tokenRecords.Get(tx, name); err != nil {
			return err
		}
		if err := tokenRecords.Delete(tx, name); err != nil {
			return err
		}
		return runAll(tx, also)
	})
}

// usedGrain is how exactly the last use is kept: not every call shall write.
const usedGrain = time.Hour

// Authenticate finds the technician of a token.
func (t *Tokens) Authenticate(_ context.Context, text, _ string) (string, Role, error) {
	if !strings.HasPrefix(text, tokenMark) {
		return "", "", errBadToken
	}
	hash := hashOf(text)
	var found []tokenRecord
	err := t.db.View(func(tx store.Tx) (err error) {
		found, err = tokenRecords.ByIndex(tx, "hash", hash)
		return err
	})
	if err != nil {
		return "", "", fmt.Errorf("look up a token: %w", err)
	}
	if len(found) != 1 {
		return "", "", errBadToken
	}
	rec := found[0]
	if now := t.clock.Now(); now.Sub(rec.Used) >= usedGrain {
		if err := t.touch(rec.Name, hash, now); err != nil {
			return "", "", err
		}
	}
	return rec.Name, rec.Role, nil
}

// touch notes the use, unless the token was revoked meanwhile.
func (t *Tokens) touch(name, hash string, now time.Time) error {
	return t.db.Update(func(tx store.Tx) error {
		rec, err := tokenRecords.Get(tx, name)
		if errors.Is(err, store.ErrNotFound) || err == nil && rec.Hash != hash {
			return errBadToken
		}
		if err != nil {
			return fmt.Errorf("note the use of a token: %w", err)
		}
		rec.Used = now.Truncate(usedGrain)
		return tokenRecords.Put(tx, name, rec)
	})
}
