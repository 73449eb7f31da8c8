package pve

import (
	"fmt"
	"strings"
)

var (
	_ = handle("GET /nodes/{node}/network", listNetwork)
	_ = handle("GET /nodes/{node}/network/{iface}", readNetwork)
	_ = handle("GET /nodes/{node}/dns", readDNS)
	_ = handle("GET /nodes/{node}/hosts", readHosts)
	_ = handle("GET /nodes/{node}/certificates/info", certificates)
)

// interfaces are the box's cards and bridges by name.
func (b *Box) interfaces() map[string]map[string]any {
	address := b.address(b.name)
	return map[string]map[string]any{
		"eno1": {
			"iface": "eno1", "type": "eth", "active": 1, "exists": 1, "method": "manual", "method6": "manual", "families": []string{"inet"}, "priority": 2,
		},
		"vmbr0": {
			"iface": "vmbr0", "type": "bridge", "active": 1, "autostart": 1, "method": "static", "method6": "manual", "families": []string{"inet"}, "priority": 3,
			"address": address, "netmask": "24", "cidr": address + "/24", "gateway": "192.168.1.1", "bridge_ports": "eno1", "bridge_stp": "off", "bridge_fd": "0",
		},
	}
}

func listNetwork(c *call) (any, error) {
	list := []any{}
	for _, name := range []string{"eno1", "vmbr0"} {
		entry := c.box.interfaces()[name]
		kind := c.p.Str("type")
		bridges := kind == "any_bridge" || kind == "any_local_bridge" || kind == "include_sdn"
		if kind != "" && entry["type"] != kind && !(bridges && entry["type"] == "bridge") {
			continue
		}
		// What may be used is what is shown: a bridge needs a right of its own.
		if entry["type"] == "bridge" && !c.can("/nodes/"+c.box.name, "Sys.Audit") && !c.can("/sdn/zones/localnetwork/"+name, "SDN.Audit") && !c.can("/sdn/zones/localnetwork/"+name, "SDN.Use") {
			continue
		}
		list = append(list, entry)
	}
	return list, nil
}

func readNetwork(c *call) (any, error) {
	entry := c.box.interfaces()[c.p.Str("iface")]
	if entry == nil {
		return nil, badParam("iface", "interface does not exist")
	}
	return entry, nil
}

func readDNS(*call) (any, error) {
	return map[string]any{"dns1": "192.168.1.1", "search": "home.arpa"}, nil
}

func readHosts(c *call) (any, error) {
	data := fmt.Sprintf("127.0.0.1 localhost.localdomain localhost\n%s %s.home.arpa %s\n", c.box.address(c.box.name), c.box.name, c.box.name)
	return map[string]any{"data": data, "digest": checksum("sha1", []byte(data))}, nil
}

// fingerprint is the certificate's, upper-case pairs with colons; the sandbox says
// which certificate it presents.
func (b *Box) fingerprint() string {
	if b.machine.Fingerprint != "" {
		return b.machine.Fingerprint
	}
	sum := checksum("sha256", []byte(b.name))
	var pairs []string
	for i := 0; i+1 < len(sum); i += 2 {
		pairs = append(pairs, strings.ToUpper(sum[i:i+2]))
	}
	return strings.Join(pairs, ":")
}

// SetFingerprint tells the box which certificate is presented for it: 32 upper-case
// hex pairs with colons.
func (b *Box) SetFingerprint(fingerprint string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.machine.Fingerprint = fingerprint
}

func certificates(c *call) (any, error) {
	from := c.box.machine.Installed
	subject := fmt.Sprintf("/OU=PVE Cluster Node/O=Proxmox Virtual Environment/CN=%s.home.arpa", c.box.name)
	return []any{map[string]any{
		"filename": "pve-ssl.pem", "fingerprint": c.box.fingerprint(), "issuer": "/CN=Proxmox Virtual Environment/OU=simulated/O=PVE Cluster Manager CA", "subject": subject,
		"notbefore": from.Unix(), "notafter": from.AddDate(2, 0, 0).Unix(), "public-key-bits": 2048, "public-key-type": "rsaEncryption",
		"san": []string{"127.0.0.1", "localhost", c.box.address(c.box.name), c.box.name, c.box.name + ".home.arpa"},
	}}, nil
}
