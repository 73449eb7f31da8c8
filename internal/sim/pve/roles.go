package pve

import (
	"maps"
	"slices"
)

// privGroup are the privileges of one kind of object, by who is trusted with them.
// The built-in roles are made of them.
type privGroup struct{ root, admin, user, audit []string }

var privGroups = map[string]privGroup{
	"Sys": {
		root:  []string{"Sys.PowerMgmt", "Sys.Modify", "Sys.Incoming", "Sys.AccessNetwork"},
		admin: []string{"Sys.Console", "Sys.Syslog"},
		audit: []string{"Sys.Audit"},
	},
	"Datastore": {
		admin: []string{"Datastore.Allocate", "Datastore.AllocateTemplate"},
		user:  []string{"Datastore.AllocateSpace"},
		audit: []string{"Datastore.Audit"},
	},
	"SDN": {
		admin: []string{"SDN.Allocate", "SDN.Audit"},
		user:  []string{"SDN.Use"},
		audit: []string{"SDN.Audit"},
	},
	"User": {
		root:  []string{"Realm.Allocate"},
		admin: []string{"User.Modify", "Group.Allocate", "Realm.AllocateUser"},
	},
	"Pool": {
		admin: []string{"Pool.Allocate"},
		user:  []string{"Pool.Audit"},
		audit: []string{"Pool.Audit"},
	},
	"Mapping": {
		admin: []string{"Mapping.Modify"},
		user:  []string{"Mapping.Use"},
		audit: []string{"Mapping.Audit"},
	},
}

// vmPrivs are the privileges on VMs, in which the versions differ: what 8.x calls
// VM.Monitor are finer privileges for the guest agent in 9.x.
func vmPrivs(version string) privGroup {
	g := privGroup{
		admin: []string{
			"VM.Config.Disk", "VM.Config.CPU", "VM.Config.Memory", "VM.Config.Network", "VM.Config.HWType",
			"VM.Config.Options", "VM.Allocate", "VM.Clone", "VM.Migrate", "VM.Snapshot", "VM.Snapshot.Rollback",
		},
		user:  []string{"VM.Config.CDROM", "VM.Config.Cloudinit", "VM.Console", "VM.Backup", "VM.PowerMgmt"},
		audit: []string{"VM.Audit"},
	}
	if version < "9" {
		g.admin = append(g.admin, "VM.Monitor")
		return g
	}
	g.admin = append(g.admin, "VM.GuestAgent.Unrestricted", "VM.Replicate")
	g.user = append(g.user, "VM.GuestAgent.FileRead", "VM.GuestAgent.FileSystemMgmt", "VM.GuestAgent.FileWrite")
	g.audit = append(g.audit, "VM.GuestAgent.Audit")
	return g
}

// privileges are the names that a version knows, and its built-in roles.
type privileges struct {
	valid   map[string]bool
	builtin map[string][]string // sorted
}

var privilegesOf = map[bool]privileges{false: makePrivileges("8.4"), true: makePrivileges("9.2")}

func (b *Box) privileges() privileges { return privilegesOf[b.version >= "9"] }

func makePrivileges(version string) privileges {
	groups := maps.Clone(privGroups)
	groups["VM"] = vmPrivs(version)
	valid := map[string]bool{"Permissions.Modify": true}
	roles := map[string]map[string]bool{"NoAccess": {}, "PVETemplateUser": {"VM.Clone": true, "VM.Audit": true}}
	grant := func(role string, lists ...[]string) {
		if roles[role] == nil {
			roles[role] = map[string]bool{}
		}
		for _, p := range slices.Concat(lists...) {
			roles[role][p] = true
		}
	}
	for kind, g := range groups {
		for _, p := range slices.Concat(g.root, g.admin, g.user, g.audit) {
			valid[p] = true
		}
		grant("PVE"+kind+"Admin", g.admin, g.user, g.audit)
		grant("PVEAdmin", g.admin, g.user, g.audit)
		if len(g.user) > 0 {
			grant("PVE"+kind+"User", g.user, g.audit)
		}
		grant("PVEAuditor", g.audit)
	}
	delete(roles["PVEAdmin"], "Mapping.Modify")
	roles["Administrator"] = valid
	p := privileges{valid: valid, builtin: map[string][]string{}}
	for role, set := range roles {
		p.builtin[role] = slices.Sorted(maps.Keys(set))
	}
	return p
}

// role gives the privileges of a role, sorted.
func (b *Box) role(id string) ([]string, bool) {
	if privs, ok := b.privileges().builtin[id]; ok {
		return privs, true
	}
	privs, ok := b.access.Roles[id]
	return privs, ok
}
