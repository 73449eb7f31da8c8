package enrol

import (
	"context"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
)

// AddVault makes a vault known, after a look whether it answers there, has the
// datastore, and lets our token see what enrolments need.
func (s *Service) AddVault(ctx context.Context, v fleet.Vault, token string, also ...func(store.Tx) error) (fleet.Vault, error) {
	id, key, err := fleet.ParseVaultToken(token)
	if err != nil {
		return v, err
	}
	v.TokenID = id
	if v, err = s.checkVault(ctx, v, key); err != nil {
		return v, err
	}
	return fleet.NewRegistry(s.DB, s.Clock).AddVault(v, also...)
}

// EditVault changes how a vault is reached; an empty token leaves ours as it is.
func (s *Service) EditVault(ctx context.Context, name string, change func(*fleet.Vault), token string, also ...func(store.Tx) error) (fleet.Vault, error) {
	registry := fleet.NewRegistry(s.DB, s.Clock)
	v, err := registry.Vault(name)
	if err != nil {
		return v, err
	}
	key, err := s.Keeper.Open(v.TokenSecret)
	if token != "" {
		v.TokenID, key, err = fleet.ParseVaultToken(token)
	}
	if err != nil {
		return v, err
	}
	change(&v)
	if v, err = s.checkVault(ctx, v, key); err != nil {
		return v, err
	}
	return registry.EditVault(name, func(old *fleet.Vault) { *old = v }, also...)
}

// checkVault cleans what was typed, speaks to the vault, and seals the token.
func (s *Service) checkVault(ctx context.Context, v fleet.Vault, key secret.Value) (fleet.Vault, error) {
	var err error
	if v.URL, err = fleet.CleanURL(v.URL, "8007"); err != nil {
		return v, err
	}
	if v.Fingerprint, err = fleet.CleanFingerprint(v.Fingerprint); err != nil {
		return v, err
	}
	if s.Allowed != nil {
		if err := s.Allowed(v.URL); err != nil {
			return v, err
		}
	}
	if err := v.Check(); err != nil {
		return v, err
	}
	if v.Site != "" {
		if _, err := fleet.NewRegistry(s.DB, s.Clock).Site(v.Site); err != nil {
			return v, err
		}
	}
	if s.Allowed != nil {
		if err := s.Allowed(v.URL); err != nil {
			return v, err
		}
	}
	there := s.DialVault(v, key)
	defer there.Close()
	if _, err := there.HasNamespace(ctx, ""); err != nil {
		return v, err
	}
	if _, err := there.MayBackUp(ctx, v.TokenID, ""); err != nil {
		return v, err
	}
	v.TokenSecret, err = s.Keeper.Seal(key)
	return v, err
}
