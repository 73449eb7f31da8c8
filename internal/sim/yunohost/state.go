package yunohost

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Version is the release that is simulated.
const Version = "12.1.25"

// State is one YunoHost with all that it keeps. It is plain data: it may be written
// as JSON at any instant, while an action runs as well.
type State struct {
	Version   string    `json:"version"`
	Seed      uint64    `json:"seed"`
	Site      Site      `json:"site"`      // what is around it
	Installed bool      `json:"installed"` // post-install is done
	Now       time.Time `json:"now"`       // how far Advance has gone

	MainDomain string             `json:"main_domain,omitempty"`
	Domains    []*Domain          `json:"domains,omitempty"`
	Users      []*User            `json:"users,omitempty"`
	Groups     []*Group           `json:"groups,omitempty"`
	Apps       []*App             `json:"apps,omitempty"`
	Settings   map[string]string  `json:"settings,omitempty"` // by full key, only what was set
	Reports    map[string]*Report `json:"reports,omitempty"`  // diagnosis, by category
	Catalog    Catalog            `json:"catalog"`
	Packages   []Package          `json:"packages,omitempty"` // with a newer version
	Refreshed  time.Time          `json:"refreshed,omitzero"` // last apt update
	Stopped    map[string]bool    `json:"stopped,omitempty"`  // services that do not run
	Logs       []*Log             `json:"logs,omitempty"`     // oldest first
	RootHash   string             `json:"root_hash,omitempty"`

	Sessions     []*Session `json:"sessions,omitempty"`
	CookieSecret string     `json:"cookie_secret"`
	APIStopped   bool       `json:"api_stopped,omitempty"`

	// SystemUsers are the names in /etc/passwd beyond those that every server has.
	SystemUsers []string `json:"system_users,omitempty"`

	// Actions of the command line that change something and are not over; the first
	// one holds the lock.
	Actions []*Action `json:"actions,omitempty"`
}

// Site is what YunoHost finds around itself. The owner keeps it up to date.
type Site struct {
	Online   bool   `json:"online"`           // reaches the Internet
	Port80   bool   `json:"port80,omitempty"` // is reached from it
	LocalIP  string `json:"local_ip,omitempty"`
	PublicIP string `json:"public_ip,omitempty"`
	DiskSize int64  `json:"disk_size"` // bytes of the root file system
	DiskFree int64  `json:"disk_free"`
	Memory   int64  `json:"memory"` // bytes
}

// Domain is a domain with its certificate.
type Domain struct {
	Name   string    `json:"name"`
	Issuer string    `json:"issuer"` // "selfsigned" or "letsencrypt"
	Until  time.Time `json:"until"`  // end of the certificate
}

// User is an account. Mails starts with the main address.
type User struct {
	Name     string   `json:"name"`
	FullName string   `json:"full_name"`
	Mails    []string `json:"mails"`
	Forwards []string `json:"forwards,omitempty"`
	Quota    string   `json:"quota"` // "0" is none
	Shell    string   `json:"shell"`
	Hash     string   `json:"hash"` // never the password
}

// Group is a group; primary groups of users are not kept.
type Group struct {
	Name    string   `json:"name"`
	Members []string `json:"members,omitempty"`
	Mails   []string `json:"mails,omitempty"`
}

// Package is a Debian package that can be upgraded.
type Package struct {
	Name    string `json:"name"`
	Current string `json:"current"`
	New     string `json:"new"`
}

// Catalog is the app catalog as the server has it.
type Catalog struct {
	FetchedAt time.Time `json:"fetched_at,omitzero"` // zero: there is none
	// Mangled is set by a catalog read without full: until the API restarts, the
	// API's copy has lost what an install needs.
	Mangled bool `json:"mangled,omitempty"`
	// Fixture makes it a local list without manifests or sources, as on a server
	// that never had a network.
	Fixture bool `json:"fixture,omitempty"`
}

// New is a YunoHost right after its installer, before post-install.
func New(seed uint64, now time.Time) *State {
	s := &State{Version: Version, Seed: seed, Now: now.UTC(), Settings: map[string]string{}}
	s.CookieSecret = digest("cookie", fmt.Sprint(seed), now.UTC().Format(time.RFC3339Nano))
	for _, p := range pendingPackages {
		if s.rand("package", p.Name).Uint64()%3 != 0 {
			s.Packages = append(s.Packages, p)
		}
	}
	return s
}

// pendingPackages are what Debian's next update offers a fresh server.
var pendingPackages = []Package{
	{"openssl", "3.0.17-1~deb12u2", "3.0.17-1~deb12u3"},
	{"libssl3", "3.0.17-1~deb12u2", "3.0.17-1~deb12u3"},
	{"linux-image-cloud-amd64", "6.1.153-1", "6.1.158-1"},
	{"nginx", "1.22.1-9+deb12u2", "1.22.1-9+deb12u3"},
}

func (s *State) clone() (*State, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	c := new(State)
	return c, json.Unmarshal(raw, c)
}

// rand is a source that depends only on the seed and the words, so that a rehearsal
// and the real run of an action draw the same.
func (s *State) rand(words ...string) *rand.Rand {
	sum := sha256.Sum256([]byte(fmt.Sprint(s.Seed, words)))
	return rand.New(rand.NewChaCha8(sum))
}

func digest(words ...string) string {
	sum := sha256.Sum256([]byte(fmt.Sprint(words)))
	return hex.EncodeToString(sum[:])
}

func (s *State) user(name string) *User {
	for _, u := range s.Users {
		if u.Name == name {
			return u
		}
	}
	return nil
}

func (s *State) group(name string) *Group {
	for _, g := range s.Groups {
		if g.Name == name {
			return g
		}
	}
	return nil
}

func (s *State) domain(name string) *Domain {
	for _, d := range s.Domains {
		if d.Name == name {
			return d
		}
	}
	return nil
}

func (s *State) app(id string) *App {
	for _, a := range s.Apps {
		if a.ID == id {
			return a
		}
	}
	return nil
}

func (s *State) domainNames() []string {
	names := make([]string, len(s.Domains))
	for i, d := range s.Domains {
		names[i] = d.Name
	}
	slices.Sort(names)
	return names
}

// isAdmin says whether a user is a member of admins.
func (s *State) isAdmin(name string) bool {
	admins := s.group("admins")
	return admins != nil && slices.Contains(admins.Members, name)
}

// baseUsers are the names in /etc/passwd of a server before its post-install that
// fit the pattern of a user name.
var baseUsers = []string{"root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "backup",
	"list", "irc", "_apt", "nobody", "messagebus", "sshd", "polkitd", "ntp", "postfix", "postsrsd", "dovecot", "dovenull", "dnsmasq",
	"avahi", "mdns", "openldap", "opendkim", "nslcd", "redis", "debian"}

// systemUser says whether getent knows the name otherwise than as a YunoHost user.
func (s *State) systemUser(name string) bool {
	return slices.Contains(baseUsers, name) || slices.Contains(s.SystemUsers, name) || s.app(name) != nil
}
