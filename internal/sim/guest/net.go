package guest

import "net/netip"

// NetworkConfig is what the guest made of network-config: version 1 or 2.
type NetworkConfig struct {
	Interfaces []IfaceConfig `json:"interfaces"`
}

// IfaceConfig is the wanted set-up of one network card.
type IfaceConfig struct {
	Name        string         `json:"name"`
	MAC         string         `json:"mac,omitempty"` // lower case; empty matches by name
	DHCP4       bool           `json:"dhcp4,omitempty"`
	Addresses   []netip.Prefix `json:"addresses,omitempty"`
	Gateway     netip.Addr     `json:"gateway,omitzero"`
	Nameservers []netip.Addr   `json:"nameservers,omitempty"`
}

// Interface is one network interface as the guest agent tells it.
type Interface struct {
	Name      string         `json:"name"`
	MAC       string         `json:"mac"` // lower case
	Addresses []netip.Prefix `json:"addresses"`
}
