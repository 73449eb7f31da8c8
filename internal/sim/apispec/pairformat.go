package apispec

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// pairFormat is a property string that the descriptions know by name only.
type pairFormat struct {
	schema   *Schema
	validate func(map[string]any) error
}

func named(validate func(map[string]any) error, properties map[string]*Schema) pairFormat {
	return pairFormat{schema: &Schema{Type: "object", Properties: properties, Closed: true}, validate: validate}
}

func pBool() *Schema                 { return &Schema{Type: "boolean", Optional: true} }
func pText() *Schema                 { return &Schema{Type: "string", Optional: true} }
func pFormat(f string) *Schema       { return &Schema{Type: "string", Optional: true, Format: f} }
func pPattern(re string) *Schema     { return &Schema{Type: "string", Optional: true, Pattern: re} }
func pEnum(values ...string) *Schema { return &Schema{Type: "string", Optional: true, Enum: values} }
func pInt(limits ...float64) *Schema {
	s := &Schema{Type: "integer", Optional: true}
	if len(limits) > 0 {
		s.Minimum = &limits[0]
	}
	if len(limits) > 1 {
		s.Maximum = &limits[1]
	}
	return s
}
func pNumber() *Schema                   { return &Schema{Type: "number", Optional: true} }
func (s *Schema) asDefault() *Schema     { s.DefaultKey = true; return s }
func (s *Schema) required() *Schema      { s.Optional = false; return s }
func (s *Schema) needs(p string) *Schema { s.Requires = p; return s }
func (s *Schema) atMost(n int) *Schema   { s.MaxLength = &n; return s }

const (
	pciAddress = `(?:[a-f0-9]{4,}:)?[a-f0-9]{2}:[a-f0-9]{2}(?:\.[a-f0-9])?`
	pciID      = `0x[0-9a-fA-F]{4}`
	base64Text = `[A-Za-z0-9+\/]+={0,2}`
	uuid       = `[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}`
)

// pairFormats are the named property strings. That their keys are those of the
// descriptions' type texts, version by version, is tested; the keys that one version
// has and the other has not are in onlyIn92.
var pairFormats = map[string]pairFormat{
	"prune-backups": named(pruneKeeps, map[string]*Schema{
		"keep-all": pBool(), "keep-last": pInt(0), "keep-hourly": pInt(0), "keep-daily": pInt(0),
		"keep-weekly": pInt(0), "keep-monthly": pInt(0), "keep-yearly": pInt(0),
	}),
	"backup-fleecing": named(nil, map[string]*Schema{
		"enabled": pBool().asDefault(), "storage": pFormat("pve-storage-id"),
	}),
	"backup-performance": named(nil, map[string]*Schema{
		"max-workers": pInt(1, 256), "pbs-entries-max": pInt(1),
	}),
	"pve-qemu-sev-fmt": named(nil, map[string]*Schema{
		"type":     pEnum("std", "es", "snp").atMost(3).asDefault().required(),
		"no-debug": pBool(), "no-key-sharing": pBool(), "allow-smt": pBool(), "kernel-hashes": pBool(),
	}),
	"pve-qemu-tdx-fmt": named(nil, map[string]*Schema{
		"type": pEnum("tdx").asDefault().required(), "attestation": pBool().required(),
		"vsock-cid": pInt(2), "vsock-port": pInt(0),
	}),
	"pve-qm-boot": named(nil, map[string]*Schema{
		"legacy": pPattern(`[acdn]{1,4}`).asDefault(), "order": pFormat("pve-qm-bootdev-list"),
	}),
	"pve-qm-cicustom": named(nil, map[string]*Schema{
		"meta": pFormat("pve-volume-id"), "network": pFormat("pve-volume-id"),
		"user": pFormat("pve-volume-id"), "vendor": pFormat("pve-volume-id"),
	}),
	"pve-qm-hostpci": named(nil, map[string]*Schema{
		"host":    pPattern(pciAddress + `(;` + pciAddress + `)*`).asDefault(),
		"mapping": pFormat("pve-configid"),
		"rombar":  pBool(), "romfile": pPattern(`[^,;]+`), "pcie": pBool(), "x-vga": pBool(), "legacy-igd": pBool(),
		"mdev": pPattern(`[^/\.:]+`), "vendor-id": pPattern(pciID), "device-id": pPattern(pciID),
		"sub-vendor-id": pPattern(pciID), "sub-device-id": pPattern(pciID), "driver": pEnum("vfio", "keep"),
	}),
	"pve-qm-ipconfig": named(nil, map[string]*Schema{
		"ip": pFormat("pve-ipv4-config"), "gw": pFormat("ipv4").needs("ip"),
		"ip6": pFormat("pve-ipv6-config"), "gw6": pFormat("ipv6").needs("ip6"),
	}),
	"pve-qm-rng": named(nil, map[string]*Schema{
		"source":    pEnum("/dev/urandom", "/dev/random", "/dev/hwrng").asDefault().required(),
		"max_bytes": pInt(), "period": pInt(),
	}),
	"pve-qm-smbios1": named(nil, map[string]*Schema{
		"uuid": pPattern(uuid), "version": pPattern(base64Text), "serial": pPattern(base64Text),
		"manufacturer": pPattern(base64Text), "product": pPattern(base64Text), "sku": pPattern(base64Text),
		"family": pPattern(base64Text), "base64": pBool(),
	}),
	"pve-qm-watchdog": named(nil, map[string]*Schema{
		"model":  pEnum("i6300esb", "ib700").asDefault(),
		"action": pEnum("reset", "shutdown", "poweroff", "pause", "debug", "none"),
	}),
	"pve-vm-cpu-conf": named(cpuConfig, map[string]*Schema{
		"cputype": pText().asDefault(), "reported-model": pText(), "hidden": pBool(),
		"hv-vendor-id": pPattern(`[a-zA-Z0-9]{1,12}`), "flags": pPattern(cpuFlag + `(;` + cpuFlag + `)*`),
		"phys-bits": pFormat("pve-phys-bits"), "guest-phys-bits": pInt(32, 64), "level": pInt(0, 4294967295),
	}),
	"pve-tfa-config": named(nil, map[string]*Schema{
		"type": pEnum("yubico", "oath").required(), "id": pText(), "key": pText(), "url": pText(),
		"digits": pInt(6, 8), "step": pInt(10),
	}),
	"realm-sync-options": named(nil, map[string]*Schema{
		"scope":           pEnum("users", "groups", "both"),
		"remove-vanished": pPattern(`(?:(?:(?:acl|properties|entry);)*(?:acl|properties|entry))|none`),
		"full":            pBool(), "enable-new": pBool(), "purge": pBool(),
	}),
	"pve-qm-ide": named(nil, ideDrive()),
}

// onlyIn92 are the keys of named property strings that 8.4 does not know.
var onlyIn92 = map[string][]string{
	"pve-qm-hostpci":  {"driver"},
	"pve-vm-cpu-conf": {"guest-phys-bits", "level"},
}

// narrow takes from named property strings the keys that 8.4 does not know.
func (s *Schema) narrow() {
	for _, p := range s.Properties {
		newer, ok := onlyIn92[p.Format]
		if !ok {
			continue
		}
		known := maps.Clone(pairFormats[p.Format].schema.Properties)
		for _, key := range newer {
			delete(known, key)
		}
		p.Pairs = &Schema{Type: "object", Properties: known, Closed: true}
	}
}

func ideDrive() map[string]*Schema {
	p := map[string]*Schema{
		"file": pFormat("pve-volume-id-or-qm-path").asDefault().required(), "volume": {Alias: "file"},
		"media": pEnum("cdrom", "disk"), "snapshot": pBool(),
		"cache":  pEnum("none", "writethrough", "writeback", "unsafe", "directsync"),
		"format": pEnum("raw", "qcow", "qed", "qcow2", "vmdk", "cloop"), "size": pFormat("disk-size"),
		"backup": pBool(), "replicate": pBool(), "rerror": pEnum("ignore", "report", "stop"),
		"werror": pEnum("enospc", "ignore", "report", "stop"), "aio": pEnum("native", "threads", "io_uring"),
		"discard": pEnum("ignore", "on"), "detect_zeroes": pBool(), "serial": pFormat("urlencoded").atMost(60),
		"shared": pBool(), "model": pFormat("urlencoded").atMost(120), "ssd": pBool(), "wwn": pPattern(`(0x)[0-9a-fA-F]{16}`),
	}
	for _, dir := range []string{"", "_rd", "_wr"} {
		p["bps"+dir], p["iops"+dir], p["iops"+dir+"_max"] = pInt(), pInt(), pInt()
		p["mbps"+dir], p["mbps"+dir+"_max"] = pNumber(), pNumber()
		p["bps"+dir+"_max_length"], p["iops"+dir+"_max_length"] = pInt(1), pInt(1)
		if dir != "" {
			p["bps"+dir+"_length"] = &Schema{Alias: "bps" + dir + "_max_length"}
			p["iops"+dir+"_length"] = &Schema{Alias: "iops" + dir + "_max_length"}
		}
	}
	return p
}

// pruneKeeps wants keep-all alone, and something else than nothing.
func pruneKeeps(values map[string]any) error {
	all, _ := scalar(values["keep-all"])
	kept := false
	for name, v := range values {
		n, _ := scalar(v)
		if name != "keep-all" && strings.Trim(n, "0") != "" {
			kept = true
		}
	}
	if all == "1" && kept {
		return errors.New("keep-all cannot be set together with other options.")
	}
	return nil
}

var (
	cpuFlagNames = []string{
		"nested-virt", "md-clear", "pcid", "spec-ctrl", "ssbd", "ibpb", "virt-ssbd", "amd-ssbd", "amd-no-ssb",
		"pdpe1gb", "hv-tlbflush", "hv-evmcs", "aes",
	}
	cpuFlagForm = perl(`[+-](` + strings.Join(cpuFlagNames, "|") + `)(;[+-](` + strings.Join(cpuFlagNames, "|") + `))*`)
)

const cpuFlag = `([+-])([a-zA-Z0-9\-_\.]+)`

// cpuConfig wants a CPU type that exists, and of its flags only those that a VM may
// set; custom models are not simulated.
func cpuConfig(values map[string]any) error {
	cputype, _ := scalar(values["cputype"])
	if cputype == "" {
		return errors.New("CPU is missing cputype")
	}
	if custom, ok := strings.CutPrefix(cputype, "custom-"); ok {
		return fmt.Errorf("Custom cputype '%s' not found", custom)
	}
	if !slices.Contains(cpuTypes, cputype) {
		return fmt.Errorf("Built-in cputype '%s' is not defined (missing 'custom-' prefix?)", cputype)
	}
	if flags, ok := values["flags"].(string); ok && !cpuFlagForm.MatchString(flags) {
		return fmt.Errorf("VM-specific CPU flags must be a subset of: %s", strings.Join(cpuFlagNames, ", "))
	}
	if values["reported-model"] != nil {
		return errors.New("Property 'reported-model' not allowed in VM-specific CPU config.")
	}
	return nil
}

// PairKeys are the keys of a property string that is known by name, sorted; false if
// there is none of that name.
func PairKeys(spec, format string) ([]string, bool) {
	f, ok := pairFormats[format]
	if !ok {
		return nil, false
	}
	return slices.DeleteFunc(sortedKeys(f.schema.Properties), func(key string) bool {
		return spec == PVE84 && slices.Contains(onlyIn92[format], key)
	}), true
}

// PairSchema is the schema of a parameter that is a property string, by whatever way
// the description gives it.
func (m *Method) PairSchema(param string) (*Schema, bool) {
	s := m.Params.property(param)
	switch {
	case s == nil:
		return nil, false
	case s.Pairs != nil:
		return s.Pairs, true
	}
	f, ok := pairFormats[s.Format]
	return f.schema, ok
}
