package pbs

import (
	"maps"
	"net/http"
	"slices"
)

var (
	_ = handle("GET /ping", func(*call) (any, error) { return map[string]bool{"pong": true}, nil })
	_ = handle("GET /version", version)
	_ = handle("GET /access", func(*call) (any, error) {
		return subdirs("acl", "domains", "openid", "password", "permissions", "roles", "tfa", "ticket", "users", "vncticket"), nil
	})
	_ = handle("POST /access/ticket", createTicket)
	_ = handle("DELETE /access/ticket", func(*call) (any, error) { return nil, nil })
	_ = handle("GET /access/domains", listDomains)
	_ = handle("GET /access/roles", listRoles)
	_ = handle("GET /access/acl", listACL)
	_ = handle("PUT /access/acl", updateACL)
	_ = handle("GET /access/permissions", readPermissions)
	_ = handle("PUT /access/password", changePassword)
	_ = handle("GET /nodes", func(c *call) (any, error) {
		return []map[string]any{{"node": c.server.state.Name}}, nil
	})
	_ = handle("GET /nodes/{node}/time", nodeTime)
)

func version(*call) (any, error) {
	return map[string]string{"version": "4.0", "release": "14", "repoid": "a7b3b6a1f2c04d3e"}, nil
}

func createTicket(c *call) (any, error) {
	id := authID(c.p.Str("username"))
	a := &c.server.state.Access
	u := a.Users[id]
	password := c.p.Str("password")
	owner, byTicket := a.verifyTicket(password, c.now)
	known := u != nil && (u.Password != "" && u.Password == password || byTicket && (owner == id || owner == root))
	if !known || !a.active(id, c.now) {
		return nil, &failure{Status: http.StatusUnauthorized, Text: "permission check failed."}
	}
	return map[string]any{"username": string(id), "ticket": a.ticketFor(id, c.now), "CSRFPreventionToken": a.csrfFor(id, c.now)}, nil
}

func listDomains(*call) (any, error) {
	return []map[string]any{
		{"realm": "pam", "type": "pam", "comment": "Linux PAM standard authentication", "default": true},
		{"realm": "pbs", "type": "pbs", "comment": "Proxmox Backup authentication server"},
	}, nil
}

func listRoles(*call) (any, error) {
	out := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(roles)) {
		out = append(out, map[string]any{"roleid": id, "privs": roles[id]})
	}
	return out, nil
}

func listACL(c *call) (any, error) {
	a := &c.server.state.Access
	all := a.holdsAny(c.auth, "/access/acl", []string{"Sys.Audit"})
	out := []map[string]any{}
	for _, e := range a.ACL {
		switch {
		case !all && (c.auth.isToken() || !e.ID.isToken() || e.ID.user() != c.auth):
		case c.p.Has("path") && e.Path != c.p.Str("path") && (c.p.Bool("exact") || !below(e.Path, c.p.Str("path"))):
		default:
			out = append(out, map[string]any{
				"path": e.Path, "ugid": string(e.ID), "ugid_type": "user", "roleid": e.Role, "propagate": e.Propagate,
			})
		}
	}
	return out, nil
}

// below tells whether a path lies below another.
func below(path, above string) bool {
	return above == "/" || len(path) > len(above) && path[:len(above)+1] == above+"/"
}

func updateACL(c *call) (any, error) {
	a := &c.server.state.Access
	id := authID(c.p.Str("auth-id"))
	if !a.holdsAny(c.auth, "/access/acl", []string{"Permissions.Modify"}) {
		switch {
		case c.p.Has("group"):
			return nil, failf("Unprivileged users are not allowed to create group ACL item.")
		case id == "":
			return nil, failf("Unprivileged user needs to provide auth_id to update ACL item.")
		case c.auth.isToken():
			return nil, failf("Unprivileged API tokens can't set ACL items.")
		case !id.isToken():
			return nil, failf("Unprivileged users can only set ACL items for API tokens.")
		case id.user() != c.auth:
			return nil, failf("Unprivileged users can only set ACL items for their own API tokens.")
		}
	}
	remove := c.p.Bool("delete")
	switch {
	case c.p.Has("group"):
		return nil, failf("parameter 'group' - groups are currently not supported.")
	case id == "":
		return nil, failf("missing 'userid' or 'group' parameter.")
	case !remove && id.isToken() && a.Tokens[id] == nil:
		return nil, failf("no such API token.")
	case !remove && !id.isToken() && a.Users[id] == nil:
		return nil, failf("no such user.")
	case !remove && !isACLPath(c.p.Str("path")):
		return nil, failf("invalid acl path '%s'.", c.p.Str("path"))
	}
	a.setACL(aclEntry{Path: c.p.Str("path"), ID: id, Role: c.p.Str("role"), Propagate: c.p.BoolOr("propagate", true)}, remove)
	return nil, nil
}

func readPermissions(c *call) (any, error) {
	a := &c.server.state.Access
	id := c.auth
	if given := authID(c.p.Str("auth-id")); given != "" && given != id {
		if given.user() != id && !a.holdsAny(c.auth, "/access", []string{"Sys.Audit"}) {
			return nil, denied("not allowed to list permissions of %s", given)
		}
		id = given
	}
	paths := []string{"/", "/access", "/datastore", "/remote", "/system", "/tape"}
	for _, e := range a.ACL {
		paths = append(paths, e.Path)
	}
	if c.p.Has("path") {
		paths = []string{c.p.Str("path")}
	}
	out := map[string]map[string]bool{}
	for _, path := range paths {
		if held := a.privs(id, path); len(held) > 0 || c.p.Has("path") {
			out[path] = held
		}
	}
	return out, nil
}

func changePassword(c *call) (any, error) {
	a := &c.server.state.Access
	id := authID(c.p.Str("userid"))
	u := a.Users[id]
	if u == nil {
		return nil, failf("no such user '%s'", id)
	}
	if c.auth != root {
		switch {
		case c.auth != id && !a.holdsAny(c.auth, "/access", []string{"Permissions.Modify"}):
			return nil, denied("you are not authorized to change the password.")
		case id == root:
			return nil, denied("you are not authorized to change the password.")
		}
	}
	u.Password = c.p.Str("password")
	return nil, nil
}

func nodeTime(c *call) (any, error) {
	zone := c.server.zone()
	_, offset := c.now.In(zone).Zone()
	return map[string]any{"time": c.now.Unix(), "localtime": c.now.Unix() + int64(offset), "timezone": c.server.state.Zone}, nil
}
