package pbs

import (
	"slices"
	"strings"
)

// Privileges of which one shows that a namespace is there.
var spacePrivs = []string{"Datastore.Audit", "Datastore.Modify", "Datastore.Read", "Datastore.Backup"}

// spacePath is a namespace's path in the access control list.
func spacePath(store, ns string) string {
	path := "/datastore/" + store
	if ns != "" {
		path += "/" + ns
	}
	return path
}

func (a *access) holdsAny(id authID, path string, privs []string) bool {
	held := a.privs(id, path)
	return slices.ContainsFunc(privs, func(p string) bool { _, ok := held[p]; return ok })
}

// privOrder is the order in which missing privileges are told.
var privOrder = []string{"Datastore.Audit", "Datastore.Modify", "Datastore.Read", "Datastore.Verify", "Datastore.Backup", "Datastore.Prune"}

// spaceRights wants one of the full privileges on a namespace, or one of the limited
// ones: then the caller sees only groups that it owns, and limited is true.
func (s *Server) spaceRights(id authID, store, ns string, full, partial []string) (limited bool, err error) {
	path := spacePath(store, ns)
	switch a := &s.state.Access; {
	case a.holdsAny(id, path, full):
		return false, nil
	case a.holdsAny(id, path, partial):
		return true, nil
	}
	var missing []string
	for _, p := range privOrder {
		if slices.Contains(full, p) || slices.Contains(partial, p) {
			missing = append(missing, p)
		}
	}
	return false, denied("permission check failed - missing %s on %s", strings.Join(missing, "|"), path)
}

// owns refuses those who do not own a group: its owner, and for a token's group the
// token's user.
func owns(owner, id authID) error {
	if owner == id || (owner.isToken() && owner.user() == id) {
		return nil
	}
	return failf("backup owner check failed (%s != %s)", id, owner)
}

// reach finds a group for a caller who needs one of the full privileges, or a limited
// one and to own the group.
func (s *Server) reach(id authID, store, ns, groupID string, full, partial []string) (*datastore, *group, error) {
	limited, err := s.spaceRights(id, store, ns, full, partial)
	if err != nil {
		return nil, nil, err
	}
	d, err := s.store(store)
	if err != nil {
		return nil, nil, err
	}
	g, err := d.group(ns, groupID)
	if err != nil {
		return nil, nil, err
	}
	if limited {
		return d, g, owns(g.Owner, id)
	}
	return d, g, nil
}

// The privileges of each kind of access: full, and limited to one's own groups.
var (
	toList   = [2][]string{{"Datastore.Audit"}, {"Datastore.Backup"}}
	toRead   = [2][]string{{"Datastore.Read"}, {"Datastore.Backup"}}
	toChange = [2][]string{{"Datastore.Modify"}, {"Datastore.Backup"}}
	toDelete = [2][]string{{"Datastore.Modify"}, {"Datastore.Prune"}}
	toVerify = [2][]string{{"Datastore.Verify"}, {"Datastore.Backup"}}
)
