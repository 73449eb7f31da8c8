package pve

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// propagates maps what is held (a role, a privilege) to whether it also holds below
// the path. It is for telling only: propagation itself is worked out per path.
type propagates map[string]bool

// allowed tells whether who (USER@REALM or USER@REALM!TOKEN) holds the privilege on
// the path.
func (b *Box) allowed(who, path, priv string) bool {
	_, ok := b.permissions(who, path)[priv]
	return ok
}

// permissions are the privileges that who holds on a path. A token with privilege
// separation has the intersection of its own and its owner's, one without has its
// owner's; root@pam has all.
//
// They are worked out once for each path during a call, or during an event of the
// box's own; neither changes rights and then asks for them.
func (b *Box) permissions(who, path string) propagates {
	key := [2]string{who, path}
	if known, ok := b.rights[key]; ok {
		return known
	}
	found := b.workOut(who, path)
	if b.rights == nil {
		b.rights = map[[2]string]propagates{}
	}
	b.rights[key] = found
	return found
}

// forgetRights makes rights be worked out anew.
func (b *Box) forgetRights() { clear(b.rights) }

func (b *Box) workOut(who, path string) propagates {
	if who == "root@pam" {
		all := propagates{}
		for priv := range b.privileges().valid {
			all[priv] = true
		}
		return all
	}
	name, id, isToken := splitToken(who)
	if !isToken {
		return b.compile(who, path)
	}
	t, err := b.access.token(name, id)
	if err != nil {
		return propagates{}
	}
	owners := b.permissions(name, path)
	if !t.Privsep {
		return owners
	}
	own := b.compile(who, path)
	for priv, down := range own {
		ownersDown, ok := owners[priv]
		if !ok {
			delete(own, priv)
			continue
		}
		own[priv] = down && ownersDown
	}
	return own
}

// compile derives privileges from the roles on a path and from those on the pools in
// which its object is.
func (b *Box) compile(who, path string) propagates {
	roles := b.access.roles(who, path)
	if _, none := roles["NoAccess"]; !none {
		pooled := b.poolRoles(who, path)
		if _, none := pooled["NoAccess"]; none {
			roles = propagates{"NoAccess": false}
		} else {
			for role := range pooled {
				if _, ok := roles[role]; !ok {
					roles[role] = false
				}
			}
		}
	}
	privs := propagates{}
	for role, down := range roles {
		held, _ := b.role(role)
		for _, priv := range held {
			if b.privileges().valid[priv] { // an upgraded box may carry names that are gone
				privs[priv] = privs[priv] || down
			}
		}
	}
	return privs
}

func (b *Box) poolRoles(who, path string) propagates {
	roles := propagates{}
	for pool, members := range b.poolMembers() {
		vmid, isVM := strings.CutPrefix(path, "/vms/")
		storage, isStorage := strings.CutPrefix(path, "/storage/")
		if (isVM && slices.Contains(members.VMs, vmid)) || (isStorage && slices.Contains(members.Storages, storage)) {
			maps.Copy(roles, b.access.roles(who, "/pool/"+pool))
		}
	}
	return roles
}

// roles are those that who has on a path by the access control list: the deepest
// entry along the path counts, and on one path a user's own is above its groups'.
func (a *access) roles(who, path string) propagates {
	roles := propagates{}
	fragments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	for depth := 0; depth <= len(fragments); depth++ {
		at := "/" + strings.Join(fragments[:depth], "/")
		final := depth == len(fragments)
		for _, entries := range [3][]aclEntry{a.entries(at, "token", who), a.entries(at, "user", who), a.groupEntries(at, who)} {
			here := propagates{}
			for _, e := range entries {
				if final || e.Propagate {
					here[e.Role] = e.Propagate
				}
			}
			if len(here) > 0 {
				roles = here
				break
			}
		}
	}
	if down, ok := roles["NoAccess"]; ok {
		return propagates{"NoAccess": down}
	}
	return roles
}

func (a *access) entries(path, kind, id string) (out []aclEntry) {
	for _, e := range a.ACL {
		if e.Path == path && e.Type == kind && e.ID == id {
			out = append(out, e)
		}
	}
	return out
}

func (a *access) groupEntries(path, who string) (out []aclEntry) {
	for _, e := range a.ACL {
		if e.Path != path || e.Type != "group" {
			continue
		}
		if g := a.Groups[e.ID]; g != nil && slices.Contains(g.Users, who) {
			out = append(out, e)
		}
	}
	return out
}

var (
	slashes    = regexp.MustCompile(`/+`)
	pathForm   = regexp.MustCompile(`^[[:alnum:]._/-]+$`)
	objectForm = regexp.MustCompile(`^(?:/|/access|/access/groups|/access/groups/[[:alnum:]._-]+|/access/realm|/access/realm/[[:alnum:]._-]+` +
		`|/nodes|/nodes/[[:alnum:]._-]+|/pool|/pool/[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+){0,2}` +
		`|/sdn|/sdn/controllers|/sdn/controllers/[[:alnum:]_-]+|/sdn/dns|/sdn/dns/[[:alnum:]]+|/sdn/ipams|/sdn/ipams/[[:alnum:]]+` +
		`|/sdn/zones|/sdn/zones/[[:alnum:]._-]+|/sdn/zones/[[:alnum:]._-]+/[[:alnum:]._-]+|/sdn/zones/[[:alnum:]._-]+/[[:alnum:]._-]+/[1-9][0-9]{0,3}` +
		`|/storage|/storage/[[:alnum:]._-]+|/vms|/vms/[1-9][0-9]{2,}` +
		`|/mapping|/mapping/[[:alnum:]._-]+|/mapping/[[:alnum:]._-]+/[[:alnum:]._-]+)$`)
	objectForm92 = regexp.MustCompile(`^/sdn/(?:fabrics|prefix-lists|route-maps)(?:/[[:alnum:]]+)?$`)
)

// normalPath is an ACL path with single slashes, one in front and none behind; ""
// for what cannot be one.
func normalPath(path string) string {
	if path == "" || path == "0" {
		return ""
	}
	path = strings.TrimSuffix(slashes.ReplaceAllString(path, "/"), "/")
	if path == "" {
		return "/"
	}
	if path[0] != '/' {
		path = "/" + path
	}
	if !pathForm.MatchString(path) {
		return ""
	}
	return path
}

// isObject tells whether a normal path is one of an object that rights can be given
// on.
func (b *Box) isObject(path string) bool {
	return objectForm.MatchString(path) || (b.version >= "9" && objectForm92.MatchString(path))
}
