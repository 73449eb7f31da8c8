package fleet

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/operation"
)

var namePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

// CheckName refuses a name that could not stand in a URL, in a vault's namespace
// (32 characters at most) and in a file name at once. kind is the word for the thing named: site, box, vault, server.
func CheckName(kind, name string) error {
	if namePattern.MatchString(name) {
		return nil
	}
	return refuse(fmt.Sprintf("%s name %q cannot be used", kind, name),
		"use 1 to 32 lower-case letters, digits and hyphens, beginning and ending with a letter or a digit")
}

var fingerprintPattern = regexp.MustCompile(`^([0-9A-F]{2}:){31}[0-9A-F]{2}$`)

// CleanFingerprint brings a SHA-256 fingerprint to the one form that we keep: 32
// upper-case hex pairs with colons. It accepts lower case and missing colons.
func CleanFingerprint(text string) (string, error) {
	bare := strings.ToUpper(strings.NewReplacer(":", "", " ", "").Replace(text))
	var pairs []string
	for len(bare) >= 2 {
		pairs, bare = append(pairs, bare[:2]), bare[2:]
	}
	clean := strings.Join(pairs, ":")
	if bare != "" || !fingerprintPattern.MatchString(clean) {
		return "", refuse(fmt.Sprintf("fingerprint %q is not a SHA-256 fingerprint", text),
			"give 32 hex pairs; on a box `pvenode cert info` shows it, on a vault `proxmox-backup-manager cert info`")
	}
	return clean, nil
}

// CleanURL brings the address of a box or vault to https://HOST:PORT.
func CleanURL(text string, port string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
		return "", refuse(fmt.Sprintf("url %q cannot be used", text), "give https://HOST:"+port+" without a path")
	}
	if u.Port() != "" {
		port = u.Port()
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return "https://" + host + ":" + port, nil
}

func checkZone(zone string) error {
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		return refuse(fmt.Sprintf("time zone %q is not known", zone), "give an IANA name such as "+DefaultZone)
	}
	return nil
}

// Check refuses a site that could not be.
func (s Site) Check() error {
	if err := CheckName("site", s.Name); err != nil {
		return err
	}
	if strings.TrimSpace(s.Address) == "" {
		return refuse(fmt.Sprintf("site %s: address is empty", s.Name), "say where the site is with --address")
	}
	switch s.Travel {
	case Bike, Truck:
	default:
		return refuse(fmt.Sprintf("site %s: travel mode %q is not known", s.Name, s.Travel), "travel mode is bike or truck")
	}
	if s.Minutes < 0 || s.Minutes > 240 {
		return refuse(fmt.Sprintf("site %s: %d minutes of travel cannot be", s.Name, s.Minutes), "minutes one way are from 0 to 240")
	}
	for _, p := range s.People {
		if strings.TrimSpace(p.Name) == "" {
			return refuse(fmt.Sprintf("site %s: a person to call has no name", s.Name), "give at least the name")
		}
	}
	return checkZone(s.Zone)
}

var datastorePattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{2,31}$`)

// Check refuses a vault that could not be.
func (v Vault) Check() error {
	if err := CheckName("vault", v.Name); err != nil {
		return err
	}
	if !datastorePattern.MatchString(v.Datastore) {
		return refuse(fmt.Sprintf("vault %s: datastore %q is no datastore name", v.Name, v.Datastore),
			"a datastore has 3 to 32 letters, digits, dots, hyphens and underscores")
	}
	if user, token, ok := strings.Cut(v.TokenID, "!"); !ok || !strings.Contains(user, "@") || token == "" {
		return refuse(fmt.Sprintf("vault %s: token %q is no token id", v.Name, v.TokenID), "a token id has the form USER@REALM!TOKEN")
	}
	return nil
}

func refuse(why, fix string) error { return &operation.Refused{Why: why, Fix: fix} }
