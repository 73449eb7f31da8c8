package pve

import (
	"fmt"
	"strings"
)

// nicModels are the network cards that can stand as a key with the MAC as value.
var nicModels = map[string]bool{
	"virtio": true, "e1000": true, "e1000e": true, "rtl8139": true, "vmxnet3": true, "i82551": true, "i82557b": true,
	"i82559er": true, "ne2k_isa": true, "ne2k_pci": true, "pcnet": true, "e1000-82540em": true, "e1000-82544gc": true, "e1000-82545em": true,
}

// withMAC writes a network card in the form of the configuration file, model=MAC
// first, and draws a MAC of Proxmox's range where none was given.
func (b *Box) withMAC(text string) string {
	net := parseProps(text, "model")
	model, mac := modelOf(net)
	if mac == "" {
		mac = b.newMAC()
	}
	out := props{def: "model", pairs: []pair{{"model", model + "=" + strings.ToUpper(mac)}}}
	for _, p := range net.pairs {
		if p.key != "model" && p.key != "macaddr" && !nicModels[p.key] {
			out.pairs = append(out.pairs, p)
		}
	}
	return out.String()
}

// modelOf splits a card's model and MAC; the MAC is empty where none stands.
func modelOf(net props) (model, mac string) {
	for _, p := range net.pairs {
		if nicModels[p.key] {
			return p.key, p.value
		}
	}
	return net.get("model"), net.get("macaddr")
}

func macOf(net props) string {
	_, mac := modelOf(net)
	return mac
}

func (b *Box) newMAC() string {
	r := b.random()
	return fmt.Sprintf("BC:24:11:%02X:%02X:%02X", r.IntN(256), r.IntN(256), r.IntN(256))
}

// newUUID draws a random UUID.
func (b *Box) newUUID() string {
	r := b.random()
	hi, lo := r.Uint64(), r.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xfff, lo>>48&0x3fff|0x8000, lo&0xffffffffffff)
}
