package pve

import "sync"

// Config is what a new box is made of.
type Config struct {
	Name    string // the node's name
	Version string // "8.4" or "9.2"
}

// Box is one simulated host.
type Box struct {
	mu      sync.Mutex
	name    string
	version string
	access  access
}

// NewBox makes a box as a fresh installation leaves it.
func NewBox(cfg Config) *Box {
	return &Box{name: cfg.Name, version: cfg.Version}
}

// poolMembers are the members of each pool, by its name.
func (b *Box) poolMembers() map[string]poolMembers { return nil }
