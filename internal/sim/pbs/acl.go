package pbs

import (
	"maps"
	"slices"
	"strings"
)

// roles are the built-in roles; there are no others. Admin has all privileges.
var roles = map[string][]string{
	"Admin":                    allPrivs,
	"Audit":                    {"Datastore.Audit", "Sys.Audit"},
	"NoAccess":                 {},
	"DatastoreAdmin":           {"Datastore.Audit", "Datastore.Backup", "Datastore.Modify", "Datastore.Prune", "Datastore.Read", "Datastore.Verify"},
	"DatastoreReader":          {"Datastore.Audit", "Datastore.Read", "Datastore.Verify"},
	"DatastoreBackup":          {"Datastore.Backup"},
	"DatastorePowerUser":       {"Datastore.Backup", "Datastore.Prune"},
	"DatastoreAudit":           {"Datastore.Audit"},
	"RemoteAudit":              {"Remote.Audit"},
	"RemoteAdmin":              {"Remote.Audit", "Remote.Modify", "Remote.Read"},
	"RemoteSyncOperator":       {"Remote.Audit", "Remote.Read"},
	"RemoteSyncPushOperator":   {"Remote.Audit", "Remote.DatastoreBackup", "Remote.Read"},
	"RemoteDatastorePowerUser": {"Remote.Audit", "Remote.DatastoreBackup", "Remote.DatastorePrune", "Remote.Read"},
	"RemoteDatastoreAdmin":     {"Remote.Audit", "Remote.DatastoreBackup", "Remote.DatastoreModify", "Remote.DatastorePrune", "Remote.Read"},
	"TapeAudit":                {"Tape.Audit"},
	"TapeAdmin":                {"Tape.Audit", "Tape.Modify", "Tape.Read", "Tape.Write"},
	"TapeOperator":             {"Tape.Audit", "Tape.Read", "Tape.Write"},
	"TapeReader":               {"Tape.Audit", "Tape.Read"},
}

var allPrivs = []string{
	"Datastore.Allocate", "Datastore.Audit", "Datastore.Backup", "Datastore.Modify", "Datastore.Prune", "Datastore.Read", "Datastore.Verify",
	"Permissions.Modify", "Realm.Allocate",
	"Remote.Audit", "Remote.DatastoreBackup", "Remote.DatastoreModify", "Remote.DatastorePrune", "Remote.Modify", "Remote.Read",
	"Sys.Audit", "Sys.Console", "Sys.Modify", "Sys.PowerManagement",
	"Tape.Audit", "Tape.Modify", "Tape.Read", "Tape.Write",
}

// privs are the privileges that id holds on a path, each with whether it also holds
// below. A token has its own within its owner's; root@pam has all, its tokens have
// only what the list gives them.
func (a *access) privs(id authID, path string) map[string]bool {
	held := map[string]bool{}
	if id == root {
		for _, p := range allPrivs {
			held[p] = true
		}
		return held
	}
	for role, down := range a.roles(id, path) {
		for _, p := range roles[role] {
			held[p] = held[p] || down
		}
	}
	if id.isToken() {
		owner := a.privs(id.user(), path)
		maps.DeleteFunc(held, func(p string, _ bool) bool { _, ok := owner[p]; return !ok })
	}
	return held
}

// roles are those of the deepest entry along the path.
func (a *access) roles(id authID, path string) map[string]bool {
	found := map[string]bool{}
	parts := splitPath(path)
	for depth := 0; depth <= len(parts); depth++ {
		at := "/" + strings.Join(parts[:depth], "/")
		here := map[string]bool{}
		for _, e := range a.ACL {
			if e.Path == at && e.ID == id && (e.Propagate || depth == len(parts)) {
				here[e.Role] = e.Propagate
			}
		}
		if _, none := here["NoAccess"]; none {
			here = map[string]bool{"NoAccess": false}
		}
		if len(here) > 0 {
			found = here
		}
	}
	return found
}

// anyBelow tells whether id holds one of the privileges on some path below. Its own
// entries come first: among those of hundreds of others they are most often the ones.
func (a *access) anyBelow(id authID, path string, privs []string) bool {
	below := func(own bool) bool {
		return slices.ContainsFunc(a.ACL, func(e aclEntry) bool {
			return (e.ID == id) == own && (e.Path == path || strings.HasPrefix(e.Path, path+"/")) && a.holdsAny(id, e.Path, privs)
		})
	}
	return below(true) || below(false)
}

func splitPath(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// setACL adds an entry, or takes it out, and keeps the list ordered.
func (a *access) setACL(e aclEntry, remove bool) {
	e.Path = "/" + strings.Join(splitPath(e.Path), "/")
	a.ACL = slices.DeleteFunc(a.ACL, func(old aclEntry) bool { return old.Path == e.Path && old.ID == e.ID && old.Role == e.Role })
	if !remove {
		a.ACL = append(a.ACL, e)
	}
	slices.SortFunc(a.ACL, func(x, y aclEntry) int {
		return strings.Compare(x.Path+"\x00"+string(x.ID)+"\x00"+x.Role, y.Path+"\x00"+string(y.ID)+"\x00"+y.Role)
	})
}

// forget drops the entries of a user or token that is gone.
func (a *access) forget(id authID) {
	a.ACL = slices.DeleteFunc(a.ACL, func(e aclEntry) bool { return e.ID == id })
}

// isACLPath tells whether rights can be given on a path.
func isACLPath(path string) bool {
	parts := splitPath(path)
	if len(parts) == 0 {
		return true
	}
	deepest := map[string]int{"access": 2, "datastore": 9, "remote": 3, "system": 3, "tape": 3}
	return len(parts) <= deepest[parts[0]]
}
