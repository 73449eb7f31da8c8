package pve_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/pve"
)

var versions = []string{"8.4", "9.2"}

// The privileges of each version are those of its API description.
func TestPrivilegesAreTheDescriptions(t *testing.T) {
	for _, version := range versions {
		spec, err := apispec.Load("pve-" + version)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Sorted(maps.Keys(spec.Method("GET /access/roles/{roleid}").Returns.Properties))
		roles, privs := pve.Builtin(version)
		if got := slices.Sorted(maps.Keys(privs)); !slices.Equal(got, want) {
			t.Errorf("%s: privileges %v\nwant %v", version, got, want)
		}
		if got := roles["Administrator"]; !slices.Equal(got, want) {
			t.Errorf("%s: Administrator has %v", version, got)
		}
		if len(roles) != 17 {
			t.Errorf("%s: %d built-in roles: %v", version, len(roles), slices.Sorted(maps.Keys(roles)))
		}
	}
}

func TestRoles(t *testing.T) {
	for _, version := range versions {
		a := newAPI(t, version)
		a.ok("POST", "/access/roles", v("roleid", "R", "privs", "VM.Audit,VM.Backup"), nil)
		a.refused("POST", "/access/roles", v("roleid", "R"), 500, "create role failed: role 'R' already exists")
		a.bad("POST", "/access/roles", v("roleid", "PveX"), "roleid", "cannot use role ID starting with the (case-insensitive) 'PVE' namespace")
		a.refused("PUT", "/access/roles/PVEAdmin", nil, 500, "auto-generated role 'PVEAdmin' cannot be modified")
		a.refused("DELETE", "/access/roles/Administrator", nil, 500, "auto-generated role 'Administrator' cannot be deleted")
		a.refused("DELETE", "/access/roles/nope", nil, 500, "delete role failed: role 'nope' does not exist")
		a.bad("PUT", "/access/roles/R", v("append", "1"), "privs", "missing property required by 'append'")
		a.ok("PUT", "/access/roles/R", v("append", "1", "privs", "VM.Clone"), nil)
		var role map[string]int
		a.ok("GET", "/access/roles/R", nil, &role)
		if want := map[string]int{"VM.Audit": 1, "VM.Backup": 1, "VM.Clone": 1}; !maps.Equal(role, want) {
			t.Errorf("role %v, want %v", role, want)
		}
		var list []struct{ Roleid string }
		a.ok("GET", "/access/roles", nil, &list)
		if len(list) != 18 {
			t.Errorf("%d roles, want 18", len(list))
		}
		a.ok("DELETE", "/access/roles/R", nil, nil)
	}
}

// Each version refuses the other's name for the guest agent's privileges.
func TestAgentPrivileges(t *testing.T) {
	for _, tc := range []struct {
		version, priv string
		fine          bool
	}{
		{"8.4", "VM.Monitor", true}, {"9.2", "VM.Monitor", false},
		{"8.4", "VM.GuestAgent.Audit", false}, {"9.2", "VM.GuestAgent.Audit", true},
		{"8.4", "VM.GuestAgent.Unrestricted", false}, {"9.2", "VM.GuestAgent.Unrestricted", true},
		{"9.2", "VM.Replicate", true}, {"8.4", "VM.Replicate", false},
	} {
		a := newAPI(t, tc.version)
		if tc.fine {
			a.ok("POST", "/access/roles", v("roleid", "R", "privs", tc.priv), nil)
			continue
		}
		a.bad("POST", "/access/roles", v("roleid", "R", "privs", tc.priv), "privs", "invalid format - invalid privilege '"+tc.priv+"'\n")
	}
}

func TestUsersAndGroups(t *testing.T) {
	for _, version := range versions {
		a := newAPI(t, version)
		a.ok("POST", "/access/groups", v("groupid", "techs", "comment", "who mend"), nil)
		a.refused("POST", "/access/groups", v("groupid", "techs"), 500, "create group failed: group 'techs' already exists")
		a.ok("POST", "/access/users", v("userid", "u@pve", "groups", "techs", "email", "u@x.example", "password", "12345678"), nil)
		a.refused("POST", "/access/users", v("userid", "u@pve"), 500, "create user failed: user 'u@pve' already exists")
		a.refused("POST", "/access/users", v("userid", "w@pve", "groups", "nope"), 500, "create user failed: no such group 'nope'")
		a.bad("POST", "/access/users", v("userid", "w@pve", "password", "short"), "password", "value must be at least 8 characters long")
		a.refused("GET", "/access/users/nope@pve", nil, 500, "no such user ('nope@pve')")
		a.refused("PUT", "/access/users/nope@pve", v("enable", "0"), 500, "update user failed: no such user ('nope@pve')")
		var g struct{ Members []string }
		a.ok("GET", "/access/groups/techs", nil, &g)
		if !slices.Equal(g.Members, []string{"u@pve"}) {
			t.Errorf("members %v", g.Members)
		}
		a.ok("GET", "/access/users", v("full", "1"), nil)
		user := a.login("u@pve", "12345678")
		user.ok("GET", "/access/users", nil, nil)
		a.ok("PUT", "/access/users/u@pve", v("enable", "0"), nil)
		user.refused("GET", "/access/users", nil, 401, "Authentication failed!")
		a.with("").refused("POST", "/access/ticket", v("username", "u@pve", "password", "12345678"), 401, "authentication failure")
		a.ok("PUT", "/access/users/u@pve", v("enable", "1", "expire", "1"), nil)
		user.refused("GET", "/access/users", nil, 401, "Authentication failed!")
		a.ok("DELETE", "/access/groups/techs", nil, nil)
		a.ok("DELETE", "/access/users/u@pve", nil, nil)
		a.ok("DELETE", "/access/users/u@pve", nil, nil) // root@pam is not told that there is none
	}
}

func TestTokens(t *testing.T) {
	a := newAPI(t, "9.2")
	a.ok("POST", "/access/users", v("userid", "u@pve"), nil)
	var token struct {
		Value       string
		FullTokenid string `json:"full-tokenid"`
		Info        struct{ Privsep int }
	}
	a.ok("POST", "/access/users/u@pve/token/ctl", v("expire", "0", "comment", "ours"), &token)
	if token.FullTokenid != "u@pve!ctl" || token.Info.Privsep != 1 || len(token.Value) != 36 {
		t.Errorf("token %+v", token)
	}
	a.bad("POST", "/access/users/u@pve/token/ctl", nil, "tokenid", "Token already exists.")
	a.bad("POST", "/access/users/u@pve/token/x", nil, "tokenid", "value does not match the regex pattern")
	a.refused("POST", "/access/users/nope@pve/token/xy", nil, 500, "no such user ('nope@pve')")
	b := a.with("u@pve!ctl=" + token.Value)
	b.ok("GET", "/access/roles", nil, nil)
	a.with("u@pve!ctl:"+token.Value).refused("GET", "/access/roles", nil, 401, "Authentication failed!")
	b.refused("POST", "/access/ticket", v("username", "u@pve", "password", "x"), 401, "authentication failure")
	b.refused("PUT", "/access/password", v("userid", "u@pve", "password", "12345678"), 403, "Permission check failed (URI '/access/password' not available with API token, need proper ticket.")
	var again struct{ Value string }
	a.ok("PUT", "/access/users/u@pve/token/ctl", v("regenerate", "1"), &again)
	b.refused("GET", "/access/roles", nil, 401, "Authentication failed!")
	b = a.with("u@pve!ctl=" + again.Value)
	b.ok("GET", "/access/roles", nil, nil)
	a.ok("PUT", "/access/users/u@pve/token/ctl", v("expire", "1789387200"), nil) // 2026-09-14 12:00 UTC, the instant of the test
	b.ok("GET", "/access/roles", nil, nil)
	a.world.now = a.world.now.Add(time.Second)
	b.refused("GET", "/access/roles", nil, 401, "Authentication failed!")
	a.ok("GET", "/access/users/u@pve/token", nil, nil)
	a.ok("GET", "/access/users/u@pve/token/ctl", nil, nil)
	a.ok("DELETE", "/access/users/u@pve/token/ctl", nil, nil)
	a.refused("GET", "/access/users/u@pve/token/ctl", nil, 500, "no such token 'ctl' for user 'u@pve'")
}

// grant makes a role of privileges and gives it on a path to users and tokens.
func (a *api) grant(path, role, privs string, ids ...string) {
	a.t.Helper()
	a.do("DELETE", "/access/roles/"+role, nil)
	a.ok("POST", "/access/roles", v("roleid", role, "privs", privs), nil)
	for _, id := range ids {
		a.acl(path, role, id)
	}
}

func (a *api) acl(path, role, id string, more ...string) {
	a.t.Helper()
	kind := "users"
	if slices.Contains([]byte(id), '!') {
		kind = "tokens"
	}
	params := v("path", path, "roles", role, kind, id)
	for i := 0; i < len(more); i += 2 {
		params.Set(more[i], more[i+1])
	}
	a.ok("PUT", "/access/acl", params, nil)
}

// newToken makes a user and a token with privilege separation, and speaks as it.
func (a *api) newToken(user, name string) *api {
	a.t.Helper()
	a.do("POST", "/access/users", v("userid", user))
	var token struct{ Value string }
	a.ok("POST", "/access/users/"+user+"/token/"+name, nil, &token)
	return a.with(user + "!" + name + "=" + token.Value)
}

// perms is what an identity holds on a path.
func (a *api) perms(path string) map[string]int {
	a.t.Helper()
	var out map[string]map[string]int
	a.ok("GET", "/access/permissions", v("path", path), &out)
	return out[path]
}

func TestPropagation(t *testing.T) {
	a := newAPI(t, "9.2")
	b := a.newToken("u@pve", "ctl")
	who := []string{"u@pve", "u@pve!ctl"}
	a.grant("/vms", "Look", "VM.Audit", who...)
	a.grant("/vms/100", "Save", "VM.Backup", who...)
	for _, tc := range []struct {
		path string
		want map[string]int
	}{
		{"/vms", map[string]int{"VM.Audit": 1}},
		{"/vms/101", map[string]int{"VM.Audit": 1}},
		{"/vms/100", map[string]int{"VM.Backup": 1}}, // the deeper entry replaces the other
		{"/", map[string]int{}},
	} {
		if got := b.perms(tc.path); !maps.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.path, got, tc.want)
		}
	}
	a.acl("/vms", "Look", "u@pve!ctl", "propagate", "0")
	if got := b.perms("/vms/101"); len(got) != 0 {
		t.Errorf("without propagation: %v", got)
	}
	if got := b.perms("/vms"); !maps.Equal(got, map[string]int{"VM.Audit": 0}) {
		t.Errorf("on the path itself: %v", got)
	}
	a.acl("/vms/100", "NoAccess", "u@pve!ctl")
	if got := b.perms("/vms/100"); len(got) != 0 {
		t.Errorf("NoAccess: %v", got)
	}
	a.acl("/vms/100", "NoAccess", "u@pve!ctl", "delete", "1")
	if got := b.perms("/vms/100"); len(got) != 1 {
		t.Errorf("NoAccess taken back: %v", got)
	}
}

// A token with privilege separation has what both it and its owner have; one without
// has its owner's.
func TestPrivilegeSeparation(t *testing.T) {
	a := newAPI(t, "9.2")
	b := a.newToken("u@pve", "ctl")
	a.grant("/", "Own", "VM.Audit,VM.Backup", "u@pve")
	if got := b.perms("/vms/100"); len(got) != 0 {
		t.Errorf("owner only: %v", got)
	}
	a.grant("/", "Tok", "VM.Backup,VM.Clone", "u@pve!ctl")
	if got := b.perms("/vms/100"); !maps.Equal(got, map[string]int{"VM.Backup": 1}) {
		t.Errorf("both: %v", got)
	}
	a.ok("PUT", "/access/users/u@pve/token/ctl", v("privsep", "0"), nil)
	if got := b.perms("/vms/100"); !maps.Equal(got, map[string]int{"VM.Audit": 1, "VM.Backup": 1}) {
		t.Errorf("without separation: %v", got)
	}
	var root struct{ Value string }
	a.ok("POST", "/access/users/root@pam/token/boot", v("privsep", "0"), &root)
	if got := a.with("root@pam!boot=" + root.Value).perms("/"); len(got) != 47 {
		t.Errorf("root's token without separation has %d privileges, want 47", len(got))
	}
}

func TestGroupsAndPools(t *testing.T) {
	a := newAPI(t, "9.2")
	a.ok("POST", "/access/groups", v("groupid", "techs"), nil)
	a.ok("POST", "/access/users", v("userid", "u@pve", "password", "12345678", "groups", "techs"), nil)
	a.grant("/vms", "Look", "VM.Audit")
	a.ok("PUT", "/access/acl", v("path", "/vms", "roles", "Look", "groups", "techs"), nil)
	u := a.login("u@pve", "12345678")
	if got := u.perms("/vms/100"); !maps.Equal(got, map[string]int{"VM.Audit": 1}) {
		t.Errorf("by group: %v", got)
	}
	a.grant("/vms", "Save", "VM.Backup", "u@pve") // a user's own entry stands above its groups'
	if got := u.perms("/vms/100"); !maps.Equal(got, map[string]int{"VM.Backup": 1}) {
		t.Errorf("own above group: %v", got)
	}
	if r := a.do("POST", "/pools", v("poolid", "accolade")); r.status != 200 {
		t.Fatalf("make a pool: %s", r.reason)
	}
	a.ok("PUT", "/pools", v("poolid", "accolade", "storage", "local"), nil)
	a.grant("/pool/accolade", "Fill", "Datastore.AllocateSpace", "u@pve")
	if got := u.perms("/storage/local"); !maps.Equal(got, map[string]int{"Datastore.AllocateSpace": 0}) {
		t.Errorf("by pool: %v", got)
	}
	if got := u.perms("/storage/local-lvm"); len(got) != 0 {
		t.Errorf("outside of the pool: %v", got)
	}
}

func TestACL(t *testing.T) {
	a := newAPI(t, "9.2")
	b := a.newToken("u@pve", "ctl")
	a.bad("PUT", "/access/acl", v("path", "/vms", "roles", "PVEAdmin"), "users", "either 'users', 'groups' or 'tokens' is required.")
	a.bad("PUT", "/access/acl", v("path", "/nonsense", "roles", "PVEAdmin", "users", "u@pve"), "path", "invalid ACL path '/nonsense'")
	a.refused("PUT", "/access/acl", v("path", "/", "roles", "Nope", "users", "u@pve"), 500, "ACL update failed: role 'Nope' does not exist")
	a.refused("PUT", "/access/acl", v("path", "/", "roles", "PVEAdmin", "users", "x@pve"), 500, "ACL update failed: user 'x@pve' does not exist")
	a.refused("PUT", "/access/acl", v("path", "/", "roles", "PVEAdmin", "tokens", "u@pve!no"), 500, "ACL update failed: no such token 'no' for user 'u@pve'")
	a.refused("PUT", "/access/acl", v("path", "/", "roles", "PVEAdmin", "groups", "no"), 500, "ACL update failed: group 'no' does not exist")
	b.refused("PUT", "/access/acl", v("path", "/vms/100", "roles", "PVEAdmin", "users", "u@pve"), 403, "Permission check failed (/vms/100, Permissions.Modify|VM.Allocate)")
	a.grant("/vms/100", "Make", "VM.Allocate,VM.Backup", "u@pve", "u@pve!ctl")
	a.grant("/vms/101", "Save", "VM.Backup")
	b.ok("PUT", "/access/acl", v("path", "/vms/100", "roles", "Save", "users", "u@pve"), nil)
	b.refused("PUT", "/access/acl", v("path", "/vms/100", "roles", "PVEAdmin", "users", "u@pve"), 500, "ACL update failed: 400 Parameter verification failed.")
	var list []struct{ Path, Type, Ugid, Roleid string }
	a.ok("GET", "/access/acl", nil, &list)
	if len(list) != 3 {
		t.Errorf("ACL %+v", list)
	}
	b.ok("GET", "/access/acl", nil, &list)
	if len(list) != 3 {
		t.Errorf("what may be changed: %+v", list)
	}
}

// The rights on an object go with it.
func TestRightsOnObjectsThatAreGone(t *testing.T) {
	a := newAPI(t, "9.2")
	a.ok("POST", "/access/users", v("userid", "u@pve"), nil)
	a.ok("POST", "/pools", v("poolid", "p"), nil)
	a.ok("POST", "/storage", v("type", "dir", "storage", "extra", "path", "/srv/extra", "content", "iso"), nil)
	for _, path := range []string{"/pool/p", "/storage/extra", "/storage/local"} {
		a.acl(path, "PVEAuditor", "u@pve")
	}
	a.ok("DELETE", "/pools/p", nil, nil)
	a.ok("DELETE", "/storage/extra", nil, nil)
	var list []struct{ Path string }
	a.ok("GET", "/access/acl", nil, &list)
	if len(list) != 1 || list[0].Path != "/storage/local" {
		t.Errorf("left over: %+v", list)
	}
}

func TestPermissionTexts(t *testing.T) {
	a := newAPI(t, "9.2")
	b := a.newToken("u@pve", "ctl")
	for _, tc := range []struct{ method, path, reason string }{
		{"POST", "/access/roles", "Permission check failed (/access, Sys.Modify)"},
		{"POST", "/access/groups", "Permission check failed (/access/groups, Group.Allocate)"},
		{"GET", "/access/groups/g", "Permission check failed (/access/groups, Sys.Audit|Group.Allocate)"},
		{"GET", "/access/users/u@pve/token", "Permission check failed"}, // "or" tells nothing
		{"DELETE", "/access/users/u@pve", "Permission check failed (/access/realm/pve, Realm.AllocateUser)"},
		{"GET", "/access/users/nope@pve", "no such user ('nope@pve')"},
	} {
		r := b.do(tc.method, tc.path, v("roleid", "x"))
		if r.reason != tc.reason {
			t.Errorf("%s %s: %d %q, want %q", tc.method, tc.path, r.status, r.reason, tc.reason)
		}
	}
	a.grant("/access/groups", "Users", "User.Modify", "u@pve", "u@pve!ctl")
	b.refused("POST", "/access/users", v("userid", "w@pve"), 403, "Permission check failed (/access/realm/pve, Realm.AllocateUser)")
	a.grant("/access/realm/pve", "Realm", "Realm.AllocateUser", "u@pve", "u@pve!ctl")
	b.ok("POST", "/access/users", v("userid", "w@pve"), nil)
}

func TestPasswords(t *testing.T) {
	a := newAPI(t, "9.2")
	a.ok("POST", "/access/users", v("userid", "u@pve", "password", "12345678"), nil)
	u := a.login("u@pve", "12345678")
	u.bad("PUT", "/access/password", v("userid", "u@pve", "password", "abcdefgh"), "confirmation-password", "password is required to modify user")
	u.refused("PUT", "/access/password", v("userid", "root@pam", "password", "abcdefgh", "confirmation-password", "12345678"), 403, "Permission check failed")
	u.ok("PUT", "/access/password", v("userid", "u@pve", "password", "abcdefgh", "confirmation-password", "12345678"), nil)
	a.login("u@pve", "abcdefgh")
	a.ok("PUT", "/access/password", v("userid", "u@pve", "password", "zzzzzzzz"), nil)
	a.login("u@pve", "zzzzzzzz")
}

func TestReads(t *testing.T) {
	for _, version := range versions {
		a := newAPI(t, version)
		for _, path := range []string{
			"/access", "/access/users", "/access/groups", "/access/roles", "/access/acl", "/access/domains", "/access/domains/pam", "/access/permissions",
			"/access/users/root@pam", "/access/users/root@pam/token", "/access/tfa", "/access/openid", "/access/roles/PVEAdmin", "/access/ticket",
		} {
			a.ok("GET", path, nil, nil)
		}
		a.with("").ok("GET", "/access/domains", nil, nil)
	}
}
