package pve

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// access is a box's user configuration, plain data that is saved with the box.
type access struct {
	Key    []byte              `json:"key"` // signs tickets
	Users  map[string]*user    `json:"users"`
	Groups map[string]*group   `json:"groups"`
	Roles  map[string][]string `json:"roles"` // own roles; the built-in ones are code
	ACL    []aclEntry          `json:"acl"`
}

// user is an account; a disabled or expired one cannot log in.
type user struct {
	Enable    bool              `json:"enable"`
	Expire    int64             `json:"expire"` // Unix seconds, 0 never
	Firstname string            `json:"firstname,omitempty"`
	Lastname  string            `json:"lastname,omitempty"`
	Email     string            `json:"email,omitempty"`
	Comment   string            `json:"comment,omitempty"`
	Keys      string            `json:"keys,omitempty"`
	Password  string            `json:"password,omitempty"` // of the realms pam and pve
	Tokens    map[string]*token `json:"tokens,omitempty"`
}

// token is an API token of a user.
type token struct {
	Secret  string `json:"secret"`
	Expire  int64  `json:"expire"`
	Privsep bool   `json:"privsep"`
	Comment string `json:"comment,omitempty"`
}

// group is a named set of users.
type group struct {
	Comment string   `json:"comment,omitempty"`
	Users   []string `json:"users,omitempty"` // sorted
}

// aclEntry gives a role on a path to a user, a group or a token.
type aclEntry struct {
	Path      string `json:"path"`
	Type      string `json:"type"` // user, group or token
	ID        string `json:"id"`
	Role      string `json:"role"`
	Propagate bool   `json:"propagate"`
}

// poolMembers are the VMIDs ("100") and storage names in one pool; rights on the pool
// are rights on them.
type poolMembers struct {
	VMs      []string
	Storages []string
}

// realms are those of a fresh installation; others cannot be made here.
var realms = map[string]string{"pam": "Linux PAM standard authentication", "pve": "Proxmox VE authentication server"}

// newAccess is what a fresh installation has: root@pam, and nobody's rights.
func newAccess(cfg Config) access {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return access{
		Key:    key,
		Users:  map[string]*user{"root@pam": {Enable: true, Email: cfg.Mail}},
		Groups: map[string]*group{},
		Roles:  map[string][]string{},
	}
}

// SetPassword sets the password of a user that is there; root@pam always is.
func (b *Box) SetPassword(userid, password string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	u, err := b.access.user(userid)
	if err != nil {
		return err
	}
	u.Password = password
	return nil
}

// AddToken gives a user a token of a known secret, in place of one of that name.
func (b *Box) AddToken(userid, tokenid, secret string, privsep bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	u, err := b.access.user(userid)
	if err != nil {
		return err
	}
	u.setToken(tokenid, &token{Secret: secret, Privsep: privsep})
	return nil
}

func (u *user) setToken(id string, t *token) {
	if u.Tokens == nil {
		u.Tokens = map[string]*token{}
	}
	u.Tokens[id] = t
}

// join puts a user into groups, which must be there.
func (a *access) join(name string, groups []string) error {
	for _, g := range groups {
		if a.Groups[g] == nil {
			return fmt.Errorf("no such group '%s'", g)
		}
	}
	for _, g := range groups {
		if !slices.Contains(a.Groups[g].Users, name) {
			a.Groups[g].Users = append(a.Groups[g].Users, name)
			slices.Sort(a.Groups[g].Users)
		}
	}
	return nil
}

func (a *access) leaveAll(name string) {
	for _, g := range a.Groups {
		g.Users = slices.DeleteFunc(g.Users, func(u string) bool { return u == name })
	}
}

func (a *access) groupsOf(name string) []string {
	out := []string{}
	for _, g := range slices.Sorted(maps.Keys(a.Groups)) {
		if slices.Contains(a.Groups[g].Users, name) {
			out = append(out, g)
		}
	}
	return out
}

// forgetACL drops the entries of a user, group or token, or of a whole path.
func (a *access) forgetACL(drop func(aclEntry) bool) {
	a.ACL = slices.DeleteFunc(a.ACL, drop)
}

// removeObject drops the rights on an object that is gone, with those below it.
func (b *Box) removeObject(path string) {
	b.access.forgetACL(func(e aclEntry) bool {
		return e.Path == path || strings.HasPrefix(e.Path, path+"/")
	})
}
