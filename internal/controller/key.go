package controller

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
)

// openKey opens the key of the store. Only a store in which nothing is sealed gets a new
// one: beside secrets that it does not open, what is sealed from then on would be lost when
// the right key comes back.
func (c *Controller) openKey() error {
	what, sealed, err := c.firstSealed()
	if err != nil {
		return err
	}
	file := filepath.Join(c.conf.State, identityFile)
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) && what != "" {
		return fmt.Errorf("the key file %s is missing, and the store holds what only it opens (%s): bring it back from where you keep its copy. "+
			"If it is lost for good, make another (age-keygen -o %s, as the controller's user), then tell each vault's token again (accolade vault edit NAME --token-file FILE) and repair each box (accolade box enrol NAME --repair)", file, what, file)
	}
	if c.keeper, err = c.openKeeper(file); err != nil {
		return err
	}
	if what == "" {
		return nil
	}
	if _, err := c.keeper.Open(sealed); err != nil {
		c.log.Error("the key does not open what the store holds", "sealed", what, "error", err)
	}
	return nil
}

// openKeeper opens it with its passphrase, if there is to be one.
func (c *Controller) openKeeper(file string) (*secret.Keeper, error) {
	if c.conf.Identity.PassphraseFile == "" {
		return secret.OpenKeeper(file)
	}
	passphrase, err := c.conf.Identity.Passphrase()
	if err != nil {
		return nil, fmt.Errorf("identity.passphrase_file: %w", err)
	}
	return secret.OpenKeeperWithPassphrase(file, passphrase)
}

// firstSealed is the first secret in the store that lasts, and what it is; "" if there is
// none.
func (c *Controller) firstSealed() (what string, sealed secret.Sealed, err error) {
	found := func(name string, s secret.Sealed) bool {
		if len(s) > 0 {
			what, sealed = name, s
		}
		return len(s) > 0
	}
	viewed := c.db.View(func(tx store.Tx) error {
		for name, v := range fleet.Vaults.All(tx, &err) {
			if found("the token for vault "+name, v.TokenSecret) {
				return nil
			}
		}
		for name, b := range fleet.Boxes.All(tx, &err) {
			if found("our token on box "+name, b.TokenSecret) || found("the backup key of box "+name, b.VaultKey) {
				return nil
			}
		}
		for name, s := range fleet.Servers.All(tx, &err) {
			if found("the administrator's password of server "+name, s.AdminSecret) {
				return nil
			}
		}
		return err
	})
	return what, sealed, viewed
}
