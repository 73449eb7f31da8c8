package provisioning

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What YunoHost refuses, and what it accepts though it should not. The patterns
// are YunoHost 12.1's own, narrowed to ASCII where the real server refuses the
// rest anyway.
var (
	domainPattern    = regexp.MustCompile(`^([a-z0-9]+(-*[a-z0-9]+)*\.)+((xn--)?[a-z0-9]{2,})$`)
	usernamePattern  = regexp.MustCompile(`^[a-z0-9_.]+$`)
	fullNamePattern  = regexp.MustCompile(`^([\p{L}\p{N}]{1,30}[ ,.'-]{0,3})+$`)
	namePartPattern  = regexp.MustCompile(`^(\p{L}{1,30}[ ,.'-]{0,3})+$`)
	quotaPattern     = regexp.MustCompile(`^([0-9]+[bkMGT]|0)$`)
	groupPattern     = regexp.MustCompile(`^[a-z0-9_]+$`)
	localPartPattern = regexp.MustCompile(`^[\p{L}\p{N}_.-]+$`)
	forwardPattern   = regexp.MustCompile(`^[\p{L}\p{N}_+.-]+$`)
	hostPattern      = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
)

// takenNames are the users of a fresh Debian 12 with YunoHost, the aliases that
// YunoHost keeps for its admins, and the groups that it makes. YunoHost refuses
// most of them, some only user by user in the middle of an import, and takes
// vmail, which then breaks the mail.
var takenNames = []string{
	"_apt", "_chrony", "_rspamd", "abuse", "admin", "admins", "all_users", "avahi", "backup", "bin", "daemon",
	"debian", "dnsmasq", "dovecot", "dovenull", "ftp", "games", "gnats", "irc", "list", "lp", "mail", "man",
	"messagebus", "metronome", "mysql", "news", "nobody", "nslcd", "opendkim", "openldap", "polkitd",
	"postfix", "postgres", "postmaster", "postsrsd", "proxy", "redis", "root", "ssl", "sshd", "statd", "sync", "sys",
	"tcpdump", "uucp", "uuidd", "visitors", "vmail", "webmaster", "ynh",
}

// checkDomain refuses what YunoHost would refuse as a domain, and addresses,
// which it would take.
func checkDomain(domain string) error {
	if !domainPattern.MatchString(domain) || len(domain) > 253 {
		return fmt.Errorf("%q is no domain for YunoHost: lower-case letters, digits and hyphens, labels separated by dots, and an ending of two characters or more, for instance my-office.example", domain)
	}
	for label := range strings.SplitSeq(domain, ".") {
		if len(label) > 63 {
			return fmt.Errorf("%q is no domain: its label %q is longer than 63 characters", domain, label)
		}
	}
	if last := domain[strings.LastIndex(domain, ".")+1:]; strings.Trim(last, "0123456789") == "" {
		return fmt.Errorf("%q is no domain: its ending %q is a number", domain, last)
	}
	return nil
}

// checkUsername refuses what YunoHost would refuse as the name of a user, and
// the system users that it would take.
func checkUsername(name string) error {
	switch {
	case !usernamePattern.MatchString(name) || len(name) > 32:
		return fmt.Errorf("%q is no user name: at most 32 lower-case letters, digits, dots and underscores", name)
	case slices.Contains(takenNames, name) || strings.HasPrefix(name, "systemd"):
		return fmt.Errorf("%q is taken on every server: it is a system user, a group or an alias of the admins", name)
	case strings.Trim(name, "0123456789") == "":
		return fmt.Errorf("%q is no user name: digits alone are read as a user's number", name)
	}
	return nil
}

// checkFullName refuses what YunoHost would refuse as somebody's full name.
func checkFullName(name string) error {
	if !fullNamePattern.MatchString(name) || utf8.RuneCountInString(name) < 3 {
		return fmt.Errorf("%q is no full name: at least three letters or digits, and between them spaces, commas, dots, apostrophes and hyphens", name)
	}
	return nil
}

// checkPassword refuses what YunoHost would refuse at its default strength.
// The list of the most used passwords is on the server: what the short list here
// lets pass may still be refused there, for that one user.
func checkPassword(password string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < 8:
		return errors.New("the password is shorter than 8 characters")
	case n > 126:
		return errors.New("the password is longer than 126 characters")
	case strings.ContainsFunc(password, unicode.IsControl):
		return errors.New("the password holds a control character")
	case slices.Contains(mostUsed, strings.ToLower(password)):
		return errors.New("the password is among the most used ones")
	}
	return nil
}

var mostUsed = []string{
	"11111111", "00000000", "12345678", "123456789", "1234567890", "87654321", "abcdefg1", "abcdefgh", "abcdefgh1",
	"azertyui", "azertyuiop", "baseball", "bonjour1", "football", "iloveyou", "jennifer", "letmein1", "marseille",
	"motdepasse", "password", "password1", "password12", "password123", "princess", "qwerty12", "qwerty123",
	"qwertyui", "qwertyuiop", "sunshine", "superman", "trustno1", "welcome1", "yunohost",
}

// checkMail refuses an address whose domain is none of those that the server
// has. An empty list of domains allows any.
func checkMail(mail string, domains []string) error {
	return checkAddress(mail, localPartPattern, domains)
}

func checkAddress(mail string, local *regexp.Regexp, domains []string) error {
	name, domain, found := strings.Cut(mail, "@")
	if !found || !local.MatchString(name) || len(name) > 64 || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") {
		return fmt.Errorf("%q is no mail address: NAME@DOMAIN", mail)
	}
	if err := checkDomain(domain); err != nil {
		return fmt.Errorf("%q is no mail address: %w", mail, err)
	}
	if len(domains) > 0 && !slices.Contains(domains, domain) {
		return fmt.Errorf("%q: the server has no domain %q, only %s", mail, domain, strings.Join(domains, ", "))
	}
	return nil
}

// checkQuota refuses what YunoHost would refuse as the quota of a mailbox.
func checkQuota(quota string) error {
	if !quotaPattern.MatchString(quota) {
		return fmt.Errorf("%q is no mailbox quota: 0 for none, or a number with b, k, M, G or T, for instance 5G", quota)
	}
	return nil
}

// checkRelay refuses a mail relay that YunoHost would take and then fail with:
// it checks neither host nor port.
func checkRelay(host string, port int, user, password string) error {
	if addr, err := netip.ParseAddr(host); err == nil {
		if !addr.IsValid() {
			return fmt.Errorf("relay host %q is no address", host)
		}
	} else if !hostPattern.MatchString(host) || len(host) > 253 {
		return fmt.Errorf("relay host %q is neither a host name nor an address", host)
	}
	if port < 1 || port > 65535 {
		return fmt.Errorf("relay port %d is not between 1 and 65535", port)
	}
	if user == "" || strings.ContainsFunc(user, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) || strings.ContainsAny(user[:1], "-@") {
		return fmt.Errorf("relay user %q is empty, holds a space, or starts with a hyphen or an at sign", user)
	}
	if err := checkPassword(password); err != nil {
		return fmt.Errorf("relay password: %w", err)
	}
	return nil
}
