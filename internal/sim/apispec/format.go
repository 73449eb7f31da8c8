package apispec

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"codeberg.org/accolade/accolade/internal/sim/calendar"
)

// checkFormat checks a text against a format known by name. A "-list" checks each
// element (an empty list is fine), an "-opt" lets the empty text pass.
func checkFormat(name, path, text string) error {
	if base, ok := strings.CutSuffix(name, "-list"); ok {
		check, ok := formats[base]
		if !ok {
			return unknownFormat(base)
		}
		for _, e := range SplitList(text) {
			if err := check(e); err != nil {
				return err
			}
		}
		return nil
	}
	if base, ok := strings.CutSuffix(name, "-opt"); ok {
		if text == "" || text == "0" {
			return nil
		}
		name = base
	}
	if check, ok := formats[name]; ok {
		return check(text)
	}
	if f, ok := pairFormats[name]; ok {
		return checkPairs(path, f.schema, f.validate, text)
	}
	return unknownFormat(name)
}

// unknownFormat passes what is listed as not checked.
func unknownFormat(name string) error {
	if _, ok := unchecked[name]; ok {
		return nil
	}
	return fmt.Errorf("undefined format '%s'", name)
}

// unchecked are the formats that stand in the descriptions and are not checked here,
// with the reason. None of them belongs to a method that is simulated.
var unchecked = map[string]string{
	"pve-acme-domain-list":               "ACME is not simulated",
	"pve-command-batch":                  "POST /nodes/{node}/execute is not simulated",
	"pem-certificate":                    "certificates of our own making are not simulated",
	"pem-certificate-chain":              "certificates of our own making are not simulated",
	"pem-string":                         "certificates of our own making are not simulated",
	"pve-fw-addr-spec":                   "the firewall is not simulated",
	"pve-fw-conntrack-helper":            "the firewall is not simulated",
	"pve-fw-dport-spec":                  "the firewall is not simulated",
	"pve-fw-icmp-type-spec":              "the firewall is not simulated",
	"pve-fw-protocol-spec":               "the firewall is not simulated",
	"pve-fw-sport-spec":                  "the firewall is not simulated",
	"IPorCIDRorAlias":                    "the firewall is not simulated",
	"pve-sdn-bgp-rt":                     "software-defined networking is not simulated",
	"pve-sdn-isis-net":                   "software-defined networking is not simulated",
	"pve-sdn-subnet-id":                  "software-defined networking is not simulated",
	"pve-sdn-controller-id":              "software-defined networking is not simulated",
	"pve-sdn-dns-id":                     "software-defined networking is not simulated",
	"pve-sdn-fabric-id":                  "software-defined networking is not simulated",
	"pve-sdn-ipam-id":                    "software-defined networking is not simulated",
	"pve-sdn-prefix-list-id":             "software-defined networking is not simulated",
	"pve-sdn-route-map-id":               "software-defined networking is not simulated",
	"pve-sdn-fabric-wireguard-interface": "software-defined networking is not simulated",
	"pve-sdn-dhcp-range":                 "software-defined networking is not simulated",
	"pve-ha-group-node":                  "high availability is not simulated",
	"pve-ha-node":                        "high availability is not simulated",
	"pve-ha-resource-id":                 "high availability is not simulated",
	"pve-ha-resource-or-vm-id":           "high availability is not simulated",
	"graphite-path":                      "metric servers are not simulated",
	"ldap-simple-attr":                   "LDAP realms are not simulated",
	"proxmox-remote":                     "remote migration is not simulated",
	"pve-lxc-dev-string":                 "containers are not simulated",
	"pve-lxc-mp-string":                  "containers are not simulated",
	"lxc-ip-with-ll-iface":               "containers are not simulated",
	"pve-ct-timezone":                    "containers are not simulated",
	"pve-storage-zfs-blocksize":          "ZFS storages are not simulated",
}

// formats check a text that is not a property string.
var formats map[string]func(string) error

func init() { formats = textFormats() } // some formats are made of others

func textFormats() map[string]func(string) error {
	return map[string]func(string) error{
		"string":     func(string) error { return nil },
		"urlencoded": match(`[-%a-zA-Z0-9_.!~*'()]*`, "invalid urlencoded string: %s"),

		"pve-configid":         match(configID, "invalid configuration ID '%s'"),
		"pve-vmid":             match(`[1-9][0-9]{2,8}`, "value does not look like a valid VM ID"),
		"pve-node":             match(`[a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?`, "value does not look like a valid node name"),
		"pve-bridge-id":        match(`[-_.\w\d]+`, "invalid bridge ID '%s'"),
		"pve-storage-id":       identifier("storage"),
		"pve-sdn-zone-id":      identifier("zone"),
		"pve-sdn-vnet-id":      identifier("vnet"),
		"pve-iface":            match(`(?i)[a-z][a-z0-9_]{1,20}([:\.]\d+)?`, "invalid network interface name '%s'"),
		"pve-vlan-id-or-range": vlan,
		"mac-addr":             match(`(?i)[a-f0-9][02468ace](?::[a-f0-9]{2}){5}`, "value does not look like a valid unicast MAC address"),
		"mac-prefix":           match(`(?i)[a-f0-9][02468ace](?::[a-f0-9]{2}){0,2}:?`, "value is not a valid unicast MAC address prefix"),

		"ipv4":            test(isIPv4, "value does not look like a valid IPv4 address"),
		"ipv6":            test(isIPv6, "value does not look like a valid IPv6 address"),
		"ip":              test(isIP, "value does not look like a valid IP address"),
		"ipv4mask":        test(isNetmask, "value does not look like a valid IP netmask"),
		"CIDRv4":          test(isCIDRv4, "value does not look like a valid IPv4 CIDR network"),
		"CIDRv6":          test(isCIDRv6, "value does not look like a valid IPv6 CIDR network"),
		"CIDR":            test(isCIDR, "value does not look like a valid CIDR network"),
		"FullRangeCIDR":   test(isFullRangeCIDR, "value does not look like a valid CIDR network"),
		"IPorCIDR":        test(func(s string) bool { return isIP(s) || isCIDR(s) }, "value does not look like a valid IP address or CIDR network"),
		"pve-ipv4-config": test(func(s string) bool { return s == "dhcp" || s == "manual" || isCIDRv4(s) }, "value does not look like a valid ipv4 network configuration"),
		"pve-ipv6-config": test(func(s string) bool { return s == "auto" || s == "dhcp" || s == "manual" || isCIDRv6(s) }, "value does not look like a valid ipv6 network configuration"),
		"dns-name":        test(isDNSName, "value does not look like a valid DNS name"),
		"address":         test(isAddress, "value does not look like a valid address: %s"),

		"email":             match(emailUser+`@[a-zA-Z0-9\-]+(\.[a-zA-Z0-9\-]+)*`, "value does not look like a valid email address"),
		"email-or-username": match(emailUser+`(@[a-zA-Z0-9\-]+(\.[a-zA-Z0-9\-]+)*)?`, "value does not look like a valid email address or user name"),

		"disk-size":                      match(`\d+(\.\d+)?([KMGT](?:iB)?)?`, "value does not look like a valid disk size: %s"),
		"pve-startup-order":              startupOrder,
		"pve-tag":                        match(`(?i)[a-z0-9_][a-z0-9_\-\+\.]*`, "invalid characters in tag"),
		"pve-task-status-type":           match(`(?i)(ok|error|warning|unknown)`, "invalid status '%s'"),
		"pve-calendar-event":             calendarEvent,
		"pve-day-of-week":                match(`(mon|tue|wed|thu|fri|sat|sun)`, "invalid day '%s'"),
		"pve-replication-job-id":         match(`[1-9][0-9]{2,8}-\d{1,9}`, "invalid replication job id '%s'"),
		"storage-pair":                   pair("pve-storage-id"),
		"bridge-pair":                    pair("pve-bridge-id"),
		"pve-acme-domain":                match(`(?i)[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)+`, "value '%s' does not look like a valid domain name!"),
		"pve-acme-alias":                 match(`(?i)[a-z0-9_][a-z0-9_-]*(?:\.[a-z0-9_][a-z0-9_-]*)+`, "value '%s' does not look like a valid alias name!"),
		"pve-cpuset":                     match(`\d+(-\d+)?(,\d+(-\d+)?)*`, "unable to parse cpuset option"),
		"pve-phys-bits":                  physBits,
		"pve-hotplug-features":           hotplug,
		"pve-qm-bootdisk":                bootDisk,
		"pve-qm-bootdev":                 bootDevice,
		"pve-volume-id":                  match(`(?i)[a-z][a-z0-9\-\_\.]*[a-z0-9]:.+`, "unable to parse volume ID '%s'"),
		"pve-volume-id-or-absolute-path": volumeOrPath,
		"pve-volume-id-or-qm-path":       volumeOrDrive,

		"pve-storage-path":                    search(`^/[^;\(\)]+`, "value does not look like a valid absolute path"),
		"pve-storage-path-in-property-string": search(`^/[^;\(\),=]+`, "value does not look like a valid absolute path"),
		"pve-storage-server":                  test(isAddress, "value does not look like a valid server name or IP address"),
		"pve-storage-vgname":                  match(`(?i)[a-z0-9][a-z0-9\-\_\.]*[a-z0-9]`, "lvm name '%s' contains illegal characters"),
		"pve-storage-portal-dns":              test(isPortal, "value does not look like a valid portal address"),
		"pve-storage-content":                 match(`(images|rootdir|vztmpl|iso|backup|snippets|import|none)`, "invalid content type '%s'"),
		"pve-storage-options":                 match(`\S+`, "invalid options '%s'"),
		"pve-dir-override":                    match(`[a-z]+=[^.]*(?:\.?[^.]+)+`, "invalid override '%s'"),

		"pve-userid":  userID,
		"pve-tokenid": match(userName+"@"+realm+"!"+realm, "value '%s' does not look like a valid token ID"),
		"pve-realm":   match(realm, "value does not look like a valid realm"),
		"pve-groupid": match(`[A-Za-z0-9\.\-_]+`, "group name '%s' contains invalid characters"),
		"pve-roleid":  match(`[A-Za-z0-9\.\-_]+`, "role name '%s' contains invalid characters"),
		"pve-poolid":  poolID,
		"pve-priv":    match(`[A-Z][A-Za-z]*(\.[A-Z][A-Za-z]*)+`, "invalid privilege '%s'"),
	}
}

const (
	configID  = `(?i)[a-z][a-z0-9_-]+`
	emailUser = `[\w\+\-\~]+(\.[\w\+\-\~]+)*`
	userName  = `[^\s:/]+`
	realm     = `[A-Za-z][A-Za-z0-9\.\-_]+`
)

// match wants the whole text to match; why may print the text.
func match(expr, why string) func(string) error {
	re := perl(expr)
	return test(re.MatchString, why)
}

// search wants the expression to match somewhere.
func search(expr, why string) func(string) error {
	return test(regexp.MustCompile(expr).MatchString, why)
}

// calendarEvent wants an event by which Proxmox's jobs can run.
func calendarEvent(text string) error {
	if _, err := calendar.Parse(text); err != nil {
		return fmt.Errorf("invalid calendar event '%s' - %w", text, err)
	}
	return nil
}

func test(ok func(string) bool, why string) func(string) error {
	return func(text string) error {
		if ok(text) {
			return nil
		}
		return errors.New(strings.ReplaceAll(why, "%s", text))
	}
}

func identifier(kind string) func(string) error {
	form := perl(`(?i)[a-z][a-z0-9\-\_\.]*[a-z0-9]`)
	return func(text string) error {
		if len(text) < 2 {
			return fmt.Errorf("%s ID '%s' cannot be shorter than 2 characters", kind, text)
		}
		if !form.MatchString(text) {
			return fmt.Errorf("%s ID '%s' contains illegal characters", kind, text)
		}
		return nil
	}
}

// pair is one entry of a map from ID to ID, a single target, or 1 for identity.
func pair(of string) func(string) error {
	return func(text string) error {
		if text == "1" {
			return nil
		}
		parts := strings.Split(text, ":")
		if len(parts) > 2 {
			parts = []string{text}
		}
		for _, p := range parts {
			if err := formats[of](p); err != nil {
				return fmt.Errorf("entry '%s' contains invalid ID - %w", text, err)
			}
		}
		return nil
	}
}

func userID(text string) error {
	if len(text) < 3 {
		return fmt.Errorf("user name '%s' is too short", text)
	}
	if len(text) > 64 {
		return fmt.Errorf("user name '%s' is too long (%d > 64)", text, len(text))
	}
	if !userForm.MatchString(text) {
		return fmt.Errorf("value '%s' does not look like a valid user name", text)
	}
	return nil
}

var userForm = perl(userName + "@" + realm)

func poolID(text string) error {
	if strings.Count(text, "/") > 2 {
		return fmt.Errorf("pool name '%s' nested too deeply (max levels = 3)", text)
	}
	if !poolForm.MatchString(text) {
		return fmt.Errorf("pool name '%s' contains invalid characters", text)
	}
	return nil
}

var poolForm = perl(`[A-Za-z0-9\.\-_]+(?:/[A-Za-z0-9\.\-_]+){0,2}`)

func vlan(text string) error {
	first, last, ranged := strings.Cut(text, "-")
	from, err := strconv.Atoi(first)
	if err != nil || !allDigits(first) || (ranged && (last == "" || !allDigits(last))) {
		return fmt.Errorf("invalid VLAN configuration '%s'", text)
	}
	tags := []int{from}
	if ranged {
		to, err := strconv.Atoi(last)
		if err != nil {
			return fmt.Errorf("invalid VLAN configuration '%s'", text)
		}
		tags = append(tags, to)
	}
	for _, tag := range tags {
		if tag < 2 || tag > 4094 {
			return fmt.Errorf("invalid VLAN tag '%d'", tag)
		}
	}
	if len(tags) == 2 && tags[0] >= tags[1] {
		return fmt.Errorf("VLAN range must go from lower to higher tag '%s'", text)
	}
	return nil
}

func isIPv4(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is4()
}

func isIPv6(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6() && a.Zone() == ""
}

func isIP(s string) bool { return isIPv4(s) || isIPv6(s) }

func isNetmask(s string) bool {
	if !isIPv4(s) {
		return false
	}
	a := netip.MustParseAddr(s).As4()
	ones, bits := net.IPv4Mask(a[0], a[1], a[2], a[3]).Size()
	return bits == 32 && (ones > 0 || s == "0.0.0.0")
}

// prefix splits a network into its address and its length; -1 if there is none.
func prefix(s string) (string, int) {
	addr, length, ok := strings.Cut(s, "/")
	if !ok || length == "" || !allDigits(length) {
		return addr, -1
	}
	n, err := strconv.Atoi(length)
	if err != nil {
		return addr, -1
	}
	return addr, n
}

func isCIDRv4(s string) bool { addr, n := prefix(s); return isIPv4(addr) && n > 7 && n <= 32 }
func isCIDRv6(s string) bool { addr, n := prefix(s); return isIPv6(addr) && n > 7 && n <= 128 }
func isCIDR(s string) bool   { return isCIDRv4(s) || isCIDRv6(s) }

func isFullRangeCIDR(s string) bool {
	addr, n := prefix(s)
	return n >= 0 && ((isIPv4(addr) && n <= 32) || (isIPv6(addr) && n <= 128))
}

var dnsForm = perl(`([a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?`)

func isDNSName(s string) bool { return dnsForm.MatchString(s) }
func isAddress(s string) bool { return isIP(s) || isDNSName(s) }

// isPortal is an address, with a port or without.
func isPortal(s string) bool {
	if isAddress(strings.Trim(s, "[]")) {
		return true
	}
	host, port, err := net.SplitHostPort(s)
	return err == nil && isAddress(host) && port != "" && allDigits(port) && len(port) <= 5
}

// CheckFormat checks a text against a format known by name.
func CheckFormat(name, text string) error { return checkFormat(name, "", text) }
