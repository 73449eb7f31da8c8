package pve

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

var (
	_ = handle("GET /access/users", listUsers)
	_ = handle("POST /access/users", createUser)
	_ = handle("GET /access/users/{userid}", readUser)
	_ = handle("PUT /access/users/{userid}", updateUser)
	_ = handle("DELETE /access/users/{userid}", deleteUser)
	_ = handle("GET /access/users/{userid}/tfa", readUserTFA)
)

// digestOf is the digest of a part of the configuration, which changes with it.
func digestOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil { // plain data encodes
		return ""
	}
	sum := sha1.Sum(text)
	return hex.EncodeToString(sum[:])
}

// show is a user as the API tells it; what was never set is absent.
func (u *user) show() map[string]any {
	out := map[string]any{"enable": bit(u.Enable), "expire": u.Expire}
	for key, value := range map[string]string{
		"firstname": u.Firstname, "lastname": u.Lastname, "email": u.Email, "comment": u.Comment, "keys": u.Keys,
	} {
		if value != "" {
			out[key] = value
		}
	}
	return out
}

func (t *token) show() map[string]any {
	out := map[string]any{"privsep": bit(t.Privsep), "expire": t.Expire}
	if t.Comment != "" {
		out["comment"] = t.Comment
	}
	return out
}

func (u *user) tokens() []map[string]any {
	out := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(u.Tokens)) {
		t := u.Tokens[id].show()
		t["tokenid"] = id
		out = append(out, t)
	}
	return out
}

func listUsers(c *call) (any, error) {
	privs := []string{"User.Modify", "Sys.Audit"}
	all := c.requireAny("/access/groups", privs...) == nil
	groups := c.box.groupsWith(c.auth.ID(), privs)
	a := &c.box.access
	out := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(a.Users)) {
		u := a.Users[name]
		if !all && name != c.auth.ID() && !a.inAny(name, groups) {
			continue
		}
		if c.p.Has("enabled") && u.Enable != c.p.Bool("enabled") {
			continue
		}
		entry := u.show()
		entry["userid"] = name
		if realms[realmOf(name)] != "" {
			entry["realm-type"] = realmOf(name)
		}
		if c.p.Bool("full") {
			entry["groups"] = strings.Join(a.groupsOf(name), ",")
			if len(u.Tokens) > 0 {
				entry["tokens"] = u.tokens()
			}
		}
		out = append(out, entry)
	}
	return out, nil
}

func createUser(c *call) (any, error) {
	name := c.p.Str("userid")
	a := &c.box.access
	if a.Users[name] != nil {
		return nil, failf("create user failed: user '%s' already exists", name)
	}
	if c.p.Has("password") {
		switch realm := realmOf(name); {
		case realms[realm] == "":
			return nil, failf("create user failed: auth domain '%s' does not exist", realm)
		case realm == "pam":
			return nil, failf("create user failed: can't change password of system user '%s'", name)
		}
	}
	groups := splitAll(c, "groups")
	if err := a.join(name, groups); err != nil {
		return nil, failf("create user failed: %v", err)
	}
	u := &user{Enable: c.p.BoolOr("enable", true), Expire: c.p.Int("expire"), Password: c.p.Str("password")}
	c.fillUser(u)
	a.Users[name] = u
	return nil, nil
}

func (c *call) fillUser(u *user) {
	for key, field := range map[string]*string{
		"firstname": &u.Firstname, "lastname": &u.Lastname, "email": &u.Email, "comment": &u.Comment, "keys": &u.Keys,
	} {
		if c.p.Has(key) {
			*field = c.p.Str(key)
		}
	}
}

func readUser(c *call) (any, error) {
	name := c.p.Str("userid")
	u, err := c.box.access.user(name)
	if err != nil {
		return nil, err
	}
	out := u.show()
	out["groups"] = c.box.access.groupsOf(name)
	if len(u.Tokens) > 0 {
		tokens := map[string]any{}
		for id, t := range u.Tokens {
			tokens[id] = t.show()
		}
		out["tokens"] = tokens
	}
	return out, nil
}

func updateUser(c *call) (any, error) {
	name := c.p.Str("userid")
	a := &c.box.access
	u, err := a.user(name)
	if err != nil {
		return nil, failf("update user failed: %v", err)
	}
	if c.p.Has("groups") {
		if !c.p.Bool("append") {
			a.leaveAll(name)
		}
		if err := a.join(name, splitAll(c, "groups")); err != nil {
			return nil, failf("update user failed: %v", err)
		}
	}
	u.Enable = c.p.BoolOr("enable", u.Enable)
	u.Expire = c.p.IntOr("expire", u.Expire)
	c.fillUser(u)
	return nil, nil
}

// deleteUser takes the user's memberships, rights and tokens along; the real one
// leaves the rights of its tokens in the list, where they mean nothing.
func deleteUser(c *call) (any, error) {
	name := c.p.Str("userid")
	a := &c.box.access
	a.leaveAll(name)
	a.forgetACL(func(e aclEntry) bool {
		return e.Type == "user" && e.ID == name || e.Type == "token" && strings.HasPrefix(e.ID, name+"!")
	})
	delete(a.Users, name)
	return nil, nil
}

func readUserTFA(c *call) (any, error) {
	if _, err := c.box.access.user(c.p.Str("userid")); err != nil {
		return nil, err
	}
	if c.p.Bool("multiple") {
		return map[string]any{"user": []string{}}, nil
	}
	return map[string]any{}, nil
}
