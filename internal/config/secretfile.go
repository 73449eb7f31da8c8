package config

import (
	"fmt"
	"os"
	"strings"

	"codeberg.org/accolade/accolade/internal/secret"
)

// secretFile is the first line of a file that others may not read.
func secretFile(path string) (secret.Value, error) {
	if path == "" {
		return secret.Value{}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return secret.Value{}, err
	}
	if info.Mode().Perm()&0o007 != 0 {
		return secret.Value{}, fmt.Errorf("%s holds a secret and others may read it (mode %04o): chmod 0600 %s", path, info.Mode().Perm(), path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return secret.Value{}, err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return secret.New(strings.TrimSpace(line)), nil
}
