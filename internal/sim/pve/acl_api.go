package pve

import (
	"slices"
	"strings"
)

var (
	_ = handle("GET /access/acl", listACL)
	_ = handle("PUT /access/acl", updateACL)
)

// listACL shows what the caller may change, or all to an auditor.
func listACL(c *call) (any, error) {
	audit := c.can("/access", "Sys.Audit")
	out := []map[string]any{}
	for _, e := range c.box.access.ACL {
		if !audit && c.requireAny(e.Path, modifyPrivs(e.Path)...) != nil {
			continue
		}
		out = append(out, map[string]any{
			"path": e.Path, "type": e.Type, "ugid": e.ID, "roleid": e.Role, "propagate": bit(e.Propagate),
		})
	}
	return out, nil
}

func updateACL(c *call) (any, error) {
	users, groups, tokens := splitAll(c, "users"), splitAll(c, "groups"), splitAll(c, "tokens")
	if len(users)+len(groups)+len(tokens) == 0 {
		const why = "either 'users', 'groups' or 'tokens' is required."
		return nil, badParams(map[string]string{"users": why, "groups": why, "tokens": why})
	}
	path := normalPath(c.p.Str("path"))
	if path == "" || (!c.p.Bool("delete") && !c.box.isObject(path)) {
		return nil, badParam("path", "invalid ACL path '"+c.p.Str("path")+"'")
	}
	propagate := c.p.BoolOr("propagate", true)
	var entries []aclEntry
	for _, role := range splitAll(c, "roles") {
		privs, ok := c.box.role(role)
		if !ok {
			return nil, failf("ACL update failed: role '%s' does not exist", role)
		}
		if err := c.mayHandOut(path, role, privs, propagate); err != nil {
			return nil, err
		}
		for _, id := range groups {
			if c.box.access.Groups[id] == nil {
				return nil, failf("ACL update failed: group '%s' does not exist", id)
			}
			entries = append(entries, aclEntry{path, "group", id, role, propagate})
		}
		for _, id := range users {
			if c.box.access.Users[id] == nil {
				return nil, failf("ACL update failed: user '%s' does not exist", id)
			}
			entries = append(entries, aclEntry{path, "user", id, role, propagate})
		}
		for _, id := range tokens {
			name, tokenid, _ := splitToken(id)
			if _, err := c.box.access.token(name, tokenid); err != nil {
				return nil, failf("ACL update failed: %v", err)
			}
			entries = append(entries, aclEntry{path, "token", id, role, propagate})
		}
	}
	c.box.access.setACL(entries, c.p.Bool("delete"))
	return nil, nil
}

// mayHandOut keeps those who change rights by a lesser privilege from giving more
// than they have. The refusal comes from inside of a lock, which makes a 500 of it.
func (c *call) mayHandOut(path, role string, privs []string, propagate bool) error {
	held := c.box.permissions(c.auth.ID(), path)
	if _, ok := held["Permissions.Modify"]; ok {
		return nil
	}
	refused := failf("ACL update failed: 400 Parameter verification failed.")
	if role == "NoAccess" {
		return refused
	}
	for _, priv := range privs {
		down, ok := held[priv]
		if !ok || (propagate && !down && !c.p.Bool("delete")) {
			return refused
		}
	}
	return nil
}

// setACL adds entries, or takes them out, and keeps the list ordered.
func (a *access) setACL(entries []aclEntry, remove bool) {
	for _, e := range entries {
		a.forgetACL(func(old aclEntry) bool {
			return old.Path == e.Path && old.Type == e.Type && old.ID == e.ID && old.Role == e.Role
		})
		if !remove && !(e.Type == "user" && e.ID == "root@pam") { // root@pam has all anyway
			a.ACL = append(a.ACL, e)
		}
	}
	slices.SortFunc(a.ACL, func(x, y aclEntry) int {
		return strings.Compare(x.Path+"\x00"+x.Type+"\x00"+x.ID+"\x00"+x.Role, y.Path+"\x00"+y.Type+"\x00"+y.ID+"\x00"+y.Role)
	})
}
