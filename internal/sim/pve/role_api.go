package pve

import (
	"maps"
	"slices"
	"strings"
)

var (
	_ = handle("GET /access/roles", listRoles)
	_ = handle("POST /access/roles", createRole)
	_ = handle("GET /access/roles/{roleid}", readRole)
	_ = handle("PUT /access/roles/{roleid}", updateRole)
	_ = handle("DELETE /access/roles/{roleid}", deleteRole)
	_ = handle("GET /access/groups", listGroups)
	_ = handle("POST /access/groups", createGroup)
	_ = handle("GET /access/groups/{groupid}", readGroup)
	_ = handle("PUT /access/groups/{groupid}", updateGroup)
	_ = handle("DELETE /access/groups/{groupid}", deleteGroup)
)

func listRoles(c *call) (any, error) {
	builtin := c.box.privileges().builtin
	all := maps.Clone(builtin)
	maps.Copy(all, c.box.access.Roles)
	out := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		_, special := builtin[id]
		out = append(out, map[string]any{"roleid": id, "privs": strings.Join(all[id], ","), "special": bit(special)})
	}
	return out, nil
}

// privsOf reads a list of privileges, each of which this version must know.
func (c *call) privsOf() ([]string, error) {
	for _, priv := range splitAll(c, "privs") {
		if !c.box.privileges().valid[priv] {
			return nil, badParam("privs", "invalid format - invalid privilege '"+priv+"'\n")
		}
	}
	privs := splitAll(c, "privs")
	slices.Sort(privs)
	return slices.Compact(privs), nil
}

func createRole(c *call) (any, error) {
	privs, err := c.privsOf()
	if err != nil {
		return nil, err
	}
	id := c.p.Str("roleid")
	if strings.HasPrefix(strings.ToUpper(id), "PVE") {
		return nil, badParam("roleid", "cannot use role ID starting with the (case-insensitive) 'PVE' namespace")
	}
	if _, ok := c.box.role(id); ok {
		return nil, failf("create role failed: role '%s' already exists", id)
	}
	c.box.access.Roles[id] = privs
	return nil, nil
}

func readRole(c *call) (any, error) {
	privs, ok := c.box.role(c.p.Str("roleid"))
	if !ok {
		return nil, failf("role '%s' does not exist", c.p.Str("roleid"))
	}
	out := map[string]int{}
	for _, priv := range privs {
		out[priv] = 1
	}
	return out, nil
}

// special tells whether a role is built in.
func (b *Box) special(id string) bool {
	_, ok := b.privileges().builtin[id]
	return ok
}

func updateRole(c *call) (any, error) {
	privs, err := c.privsOf()
	if err != nil {
		return nil, err
	}
	id := c.p.Str("roleid")
	if c.box.special(id) {
		return nil, failf("auto-generated role '%s' cannot be modified", id)
	}
	old, ok := c.box.access.Roles[id]
	if !ok {
		return nil, failf("update role failed: role '%s' does not exist", id)
	}
	if c.p.Bool("append") {
		privs = append(privs, old...)
		slices.Sort(privs)
		privs = slices.Compact(privs)
	}
	c.box.access.Roles[id] = privs
	return nil, nil
}

// deleteRole leaves the role's name in the access control list, where it means
// nothing, as the real one does.
func deleteRole(c *call) (any, error) {
	id := c.p.Str("roleid")
	if c.box.special(id) {
		return nil, failf("auto-generated role '%s' cannot be deleted", id)
	}
	if _, ok := c.box.access.Roles[id]; !ok {
		return nil, failf("delete role failed: role '%s' does not exist", id)
	}
	delete(c.box.access.Roles, id)
	return nil, nil
}

func listGroups(c *call) (any, error) {
	a := &c.box.access
	out := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(a.Groups)) {
		if c.requireAny("/access/groups/"+id, "User.Modify", "Sys.Audit", "Group.Allocate") != nil {
			continue
		}
		entry := map[string]any{"groupid": id, "users": strings.Join(a.Groups[id].Users, ",")}
		if a.Groups[id].Comment != "" {
			entry["comment"] = a.Groups[id].Comment
		}
		out = append(out, entry)
	}
	return out, nil
}

func createGroup(c *call) (any, error) {
	id := c.p.Str("groupid")
	if c.box.access.Groups[id] != nil {
		return nil, failf("create group failed: group '%s' already exists", id)
	}
	c.box.access.Groups[id] = &group{Comment: c.p.Str("comment")}
	return nil, nil
}

func readGroup(c *call) (any, error) {
	g, ok := c.box.access.Groups[c.p.Str("groupid")]
	if !ok {
		return nil, failf("group '%s' does not exist", c.p.Str("groupid"))
	}
	out := map[string]any{"members": append([]string{}, g.Users...)}
	if g.Comment != "" {
		out["comment"] = g.Comment
	}
	return out, nil
}

func updateGroup(c *call) (any, error) {
	g, ok := c.box.access.Groups[c.p.Str("groupid")]
	if !ok {
		return nil, failf("update group failed: group '%s' does not exist", c.p.Str("groupid"))
	}
	g.Comment = c.p.StrOr("comment", g.Comment)
	return nil, nil
}

func deleteGroup(c *call) (any, error) {
	id := c.p.Str("groupid")
	if c.box.access.Groups[id] == nil {
		return nil, failf("delete group failed: group '%s' does not exist", id)
	}
	delete(c.box.access.Groups, id)
	c.box.access.forgetACL(func(e aclEntry) bool { return e.Type == "group" && e.ID == id })
	return nil, nil
}
