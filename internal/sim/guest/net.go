package guest

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// NetworkConfig is what the guest made of network-config: version 1 or 2.
type NetworkConfig struct {
	Interfaces []IfaceConfig `json:"interfaces"`
}

// IfaceConfig is the wanted set-up of one network card.
type IfaceConfig struct {
	Name        string         `json:"name"`             // of the card, or a pattern
	MAC         string         `json:"mac,omitempty"`    // lower case; when set, it decides
	Rename      string         `json:"rename,omitempty"` // set-name, or version 1's name beside a MAC
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

// cardName is what Debian calls a virtio card of Proxmox: net0 is ens18.
func cardName(n int) string { return fmt.Sprintf("ens%d", 18+n) }

// parseNetwork reads network-config. Without one, cloud-init asks DHCP on the first
// card.
func parseNetwork(raw []byte) (*NetworkConfig, error) {
	if len(strings.TrimSpace(string(raw))) == 0 {
		return &NetworkConfig{Interfaces: []IfaceConfig{{Name: cardName(0), DHCP4: true}}}, nil
	}
	var doc struct {
		Network   map[string]any `yaml:"network"`
		Version   int            `yaml:"version"`
		Ethernets map[string]any `yaml:"ethernets"`
		Config    any            `yaml:"config"`
		Renderer  string         `yaml:"renderer"`
	}
	if err := yaml.UnmarshalWithOptions(raw, &doc, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("network-config: %w", err)
	}
	if doc.Network != nil {
		inner, err := yaml.Marshal(doc.Network)
		if err != nil {
			return nil, fmt.Errorf("network-config: %w", err)
		}
		return parseNetwork(inner)
	}
	if doc.Config == "disabled" {
		return &NetworkConfig{}, nil
	}
	switch doc.Version {
	case 1:
		return networkV1(doc.Config)
	case 2:
		return networkV2(doc.Ethernets)
	}
	return nil, fmt.Errorf("network-config: version %d", doc.Version)
}

func networkV2(ethernets map[string]any) (*NetworkConfig, error) {
	n := &NetworkConfig{}
	for id, item := range ethernets {
		m, _ := item.(map[string]any)
		c := IfaceConfig{Name: id}
		for key, v := range m {
			switch key {
			case "match":
				match, _ := v.(map[string]any)
				for k, w := range match {
					switch k {
					case "macaddress":
						c.MAC = strings.ToLower(fmt.Sprint(w))
					case "name":
						c.Name = fmt.Sprint(w)
					default:
						return nil, fmt.Errorf("not simulated: key 'match.%s' in network-config", k)
					}
				}
			case "set-name":
				c.Rename = fmt.Sprint(v)
			case "dhcp4":
				c.DHCP4 = v == true
			case "dhcp6", "accept-ra", "optional", "mtu", "dhcp-identifier", "dhcp4-overrides", "wakeonlan", "link-local":
			case "addresses":
				for _, a := range words(v) {
					p, err := netip.ParsePrefix(a)
					if err != nil {
						return nil, fmt.Errorf("network-config: address %q: %w", a, err)
					}
					c.Addresses = append(c.Addresses, p)
				}
			case "gateway4":
				if err := c.setGateway(v); err != nil {
					return nil, err
				}
			case "routes":
				for _, r := range asList(v) {
					route, _ := r.(map[string]any)
					if to := fmt.Sprint(route["to"]); to == "default" || to == "0.0.0.0/0" {
						if err := c.setGateway(route["via"]); err != nil {
							return nil, err
						}
					}
				}
			case "nameservers":
				servers, _ := v.(map[string]any)
				if err := c.setServers(words(servers["addresses"])); err != nil {
					return nil, err
				}
			default:
				return nil, fmt.Errorf("not simulated: key 'ethernets.%s.%s' in network-config", id, key)
			}
		}
		n.Interfaces = append(n.Interfaces, c)
	}
	slices.SortFunc(n.Interfaces, func(a, b IfaceConfig) int { return strings.Compare(a.Name, b.Name) })
	return n, nil
}

func (c *IfaceConfig) setGateway(v any) error {
	a, err := netip.ParseAddr(fmt.Sprint(v))
	if err != nil {
		return fmt.Errorf("network-config: gateway: %w", err)
	}
	c.Gateway = a
	return nil
}

func (c *IfaceConfig) setServers(list []string) error {
	for _, s := range list {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return fmt.Errorf("network-config: name server: %w", err)
		}
		c.Nameservers = append(c.Nameservers, a)
	}
	return nil
}

func networkV1(config any) (*NetworkConfig, error) {
	n := &NetworkConfig{}
	var servers []string
	for _, item := range asList(config) {
		m, _ := item.(map[string]any)
		switch kind := fmt.Sprint(m["type"]); kind {
		case "nameserver":
			servers = append(servers, words(m["address"])...)
		case "physical":
			c := IfaceConfig{Name: fmt.Sprint(m["name"])}
			if m["mac_address"] != nil {
				c.MAC, c.Rename = strings.ToLower(fmt.Sprint(m["mac_address"])), c.Name
			}
			for _, s := range asList(m["subnets"]) {
				if err := c.subnet(s); err != nil {
					return nil, err
				}
			}
			n.Interfaces = append(n.Interfaces, c)
		default:
			return nil, fmt.Errorf("not simulated: type '%s' in network-config", kind)
		}
	}
	for i := range n.Interfaces {
		if err := n.Interfaces[i].setServers(servers); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (c *IfaceConfig) subnet(item any) error {
	s, _ := item.(map[string]any)
	switch kind := fmt.Sprint(s["type"]); kind {
	case "dhcp", "dhcp4":
		c.DHCP4 = true
	case "static":
		text := fmt.Sprint(s["address"])
		if mask := s["netmask"]; mask != nil && !strings.Contains(text, "/") {
			m, err := netip.ParseAddr(fmt.Sprint(mask))
			if err != nil {
				return fmt.Errorf("network-config: netmask: %w", err)
			}
			bits := 0
			for _, b := range m.As4() {
				for ; b != 0; b <<= 1 {
					bits++
				}
			}
			text = fmt.Sprintf("%s/%d", text, bits)
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return fmt.Errorf("network-config: address: %w", err)
		}
		c.Addresses = append(c.Addresses, p)
		if s["gateway"] != nil {
			if err := c.setGateway(s["gateway"]); err != nil {
				return err
			}
		}
		return c.setServers(words(s["dns_nameservers"]))
	default:
		return fmt.Errorf("not simulated: subnet type '%s' in network-config", kind)
	}
	return nil
}

// networkDuration is how long a boot waits for its network.
func networkDuration(g *Guest, _ *userData) time.Duration {
	for _, n := range g.Hardware.NICs {
		if !n.LinkDown {
			return networkTime
		}
	}
	return noLinkTime
}

// setNetwork is what cloud-init's local stage does on each boot.
func setNetwork(g *Guest, _ *userData) error {
	config, err := parseNetwork(g.Seed.NetworkConfig)
	if err != nil {
		return err
	}
	g.disk.Network = config
	g.configure(config)
	return nil
}

// configure gives the cards what a configuration wants of them. One that fits no card
// does nothing.
func (g *Guest) configure(config *NetworkConfig) {
	g.Network, g.Gateway = nil, false
	for n, nic := range g.Hardware.NICs {
		iface := Interface{Name: cardName(n), MAC: strings.ToLower(nic.MAC), Addresses: []netip.Prefix{}}
		for _, c := range config.Interfaces {
			if !c.fits(iface) {
				continue
			}
			if c.Rename != "" {
				iface.Name = c.Rename
			}
			up := !nic.LinkDown
			if c.DHCP4 && up {
				iface.Addresses = append(iface.Addresses, lease(iface.MAC))
				g.Gateway = true
			}
			iface.Addresses = append(iface.Addresses, c.Addresses...)
			if len(c.Addresses) > 0 && c.Gateway.IsValid() && up && slices.ContainsFunc(c.Addresses, func(p netip.Prefix) bool { return p.Contains(c.Gateway) }) {
				g.Gateway = true
			}
			break
		}
		g.Network = append(g.Network, iface)
	}
}

func (c *IfaceConfig) fits(i Interface) bool {
	if c.MAC != "" {
		return c.MAC == i.MAC
	}
	ok, err := path.Match(c.Name, i.Name)
	return err == nil && ok
}

// lease is the address that the site's DHCP server gives a card, by its MAC.
func lease(mac string) netip.Prefix {
	sum := 0
	for _, b := range []byte(mac) {
		sum = (sum*31 + int(b)) % 150
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, 1, byte(100 + sum)}), 24)
}

// Online says whether the guest reaches the Internet now.
func (g *Guest) Online() bool {
	if g.Hardware.Offline || !g.Gateway {
		return false
	}
	return slices.ContainsFunc(g.Hardware.NICs, func(n NIC) bool { return !n.LinkDown })
}
