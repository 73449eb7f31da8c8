package proxmox

import (
	"sort"
	"strings"
)

// bit is how booleans go out.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func words(list string) []string {
	out := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
	sort.Strings(out)
	return out
}
