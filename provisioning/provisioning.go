// Package provisioning turns a blueprint and a box into a running YunoHost
// server: it reads and checks the blueprint and the list of users, plans the
// exact calls, and carries them out as an operation whose steps can each be done
// twice.
//
// It owns no address and no credential: the box is reached through Hypervisor
// and the server inside it through Guest, small interfaces that the adapters
// satisfy. It never takes a second look at what a storage or a server says: what
// is listed is there, what is not listed is not.
package provisioning

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Size is what a server takes from its box.
type Size struct {
	Cores  int   `json:"cores"`
	Memory Bytes `json:"memory"`
	Disk   Bytes `json:"disk"`
}

// Bytes is an amount of memory or disk, written with a binary unit: 512M, 4G, 1T.
type Bytes int64

// The units in which sizes are written.
const (
	MiB Bytes = 1 << 20
	GiB Bytes = 1 << 30
	TiB Bytes = 1 << 40
)

// String is the shortest exact form in binary units, which is also what
// Proxmox's resize wants.
func (b Bytes) String() string {
	switch {
	case b >= TiB && b%TiB == 0:
		return fmt.Sprintf("%dT", b/TiB)
	case b >= GiB && b%GiB == 0:
		return fmt.Sprintf("%dG", b/GiB)
	case b >= MiB && b%MiB == 0:
		return fmt.Sprintf("%dM", b/MiB)
	default:
		return fmt.Sprintf("%d", int64(b))
	}
}

// UnmarshalYAML reads 4G or 512M; an error knows where it stands.
func (b *Bytes) UnmarshalYAML(node ast.Node) error {
	text := node.GetToken().Value
	size, err := parseBytes(text)
	if err != nil {
		return &yaml.SyntaxError{Message: err.Error(), Token: node.GetToken()}
	}
	*b = size
	return nil
}

// parseBytes reads 512M, 4G or 1T.
func parseBytes(text string) (Bytes, error) {
	number, unit := strings.TrimRight(text, "MGT"), strings.TrimLeft(text, "0123456789")
	n, err := strconv.ParseInt(number, 10, 32)
	scale := map[string]Bytes{"M": MiB, "G": GiB, "T": TiB}[unit]
	if err != nil || n < 0 || scale == 0 || n > int64(64*TiB/scale) {
		return 0, fmt.Errorf("%q is no size: a whole number with M, G or T, for instance 4G", text)
	}
	return Bytes(n) * scale, nil
}
