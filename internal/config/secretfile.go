package config

import "codeberg.org/accolade/accolade/internal/secret"

// secretFile reads a secret; an empty path is none.
func secretFile(path string) (secret.Value, error) {
	if path == "" {
		return secret.Value{}, nil
	}
	return secret.ReadFile(path)
}
