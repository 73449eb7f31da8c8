package secret

import (
	"fmt"
	"os"
	"strings"
)

// CheckFile refuses a file with a secret that every user of the machine may read. Its
// group may: services share certificates that way.
func CheckFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o007 != 0 {
		return fmt.Errorf("%s holds a secret and others may read it (mode %04o): chmod 0600 %s", path, mode, path)
	}
	return nil
}

// ReadFile is the first line of a file that CheckFile accepts.
func ReadFile(path string) (Value, error) {
	if err := CheckFile(path); err != nil {
		return Value{}, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Value{}, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return New(strings.TrimSpace(line)), nil
}
