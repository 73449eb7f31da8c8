package pve

import (
	"crypto/subtle"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
)

var (
	_ = handle("GET /access", accessIndex)
	_ = handle("GET /access/ticket", nothing)
	_ = handle("POST /access/ticket", createTicket)
	_ = handle("PUT /access/password", changePassword)
	_ = handle("GET /access/permissions", readPermissions)
	_ = handle("GET /access/domains", listDomains)
	_ = handle("GET /access/domains/{realm}", readDomain)
	_ = handle("GET /access/tfa", listTFA)
	_ = handle("GET /access/openid", openidIndex)
)

func nothing(*call) (any, error) { return nil, nil }

func accessIndex(*call) (any, error) {
	return subdirs("subdir", "users", "groups", "roles", "acl", "domains", "openid", "tfa", "ticket", "password"), nil
}

func openidIndex(*call) (any, error) { return subdirs("subdir", "auth-url", "login"), nil }

// listTFA shows no second factors: there are none here.
func listTFA(*call) (any, error) { return []any{}, nil }

// createTicket logs in. Whatever is wrong, the answer is the same.
func createTicket(c *call) (any, error) {
	name := c.p.Str("username")
	if realm := c.p.Str("realm"); realm != "" {
		name += "@" + realm
	}
	a := &c.box.access
	now := c.box.clock(c.now)
	denied := &failure{Status: http.StatusUnauthorized, Reason: "authentication failure"}
	if a.enabled(name, now) != nil || c.p.Has("tfa-challenge") || !a.knows(c, name, c.p.Str("password")) {
		return nil, denied
	}
	if c.p.Has("path") {
		path := normalPath(c.p.Str("path"))
		privs := c.p.List("privs")
		if path == "" || len(privs) == 0 || c.box.need(name, path, privs...) != nil {
			return nil, denied
		}
		return map[string]any{"username": name, "cap": c.box.capabilities(name)}, nil
	}
	return map[string]any{
		"username":            name,
		"ticket":              a.ticketFor(name, now),
		"CSRFPreventionToken": a.csrfFor(name, now),
		"cap":                 c.box.capabilities(name),
	}, nil
}

// knows tells whether a password is the user's, or a ticket in its place; a ticket of
// root@pam opens every account.
func (a *access) knows(c *call, name, password string) bool {
	if owner, ok := a.verifyTicket(password, c.box.clock(c.now)); ok && (owner == name || owner == "root@pam") {
		return true
	}
	u := a.Users[name]
	return u.Password != "" && subtle.ConstantTimeCompare([]byte(u.Password), []byte(password)) == 1
}

// capKinds are the kinds of privileges that a login tells for each kind of path.
var capKinds = map[string]*regexp.Regexp{
	"vms":     regexp.MustCompile(`^(VM\.|Permissions\.Modify)`),
	"access":  regexp.MustCompile(`^((User|Group)\.|Permissions\.Modify)`),
	"storage": regexp.MustCompile(`^(Datastore\.|Permissions\.Modify)`),
	"nodes":   regexp.MustCompile(`^(Sys\.|Permissions\.Modify)`),
	"sdn":     regexp.MustCompile(`^(SDN\.|Permissions\.Modify)`),
	"dc":      regexp.MustCompile(`^(Sys\.Audit|Sys\.Modify|SDN\.)`),
	"mapping": regexp.MustCompile(`^(Mapping\.|Permissions.Modify)`),
}

// capabilities is what a user may do anywhere, for its interface to show.
func (b *Box) capabilities(who string) map[string]map[string]int {
	out := map[string]map[string]int{}
	for kind := range capKinds {
		out[kind] = map[string]int{}
	}
	paths := []string{"/", "/nodes", "/access/groups", "/vms", "/storage", "/sdn", "/mapping"}
	for _, e := range b.access.ACL {
		paths = append(paths, e.Path)
	}
	for _, path := range paths {
		top, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if top == "" {
			top = "dc"
		}
		for priv := range b.permissions(who, path) {
			switch {
			case top != "pool":
				if re := capKinds[top]; re != nil && re.MatchString(priv) {
					out[top][priv] = 1
				}
			case strings.HasPrefix(priv, "VM."):
				out["vms"][priv] = 1
			case strings.HasPrefix(priv, "Datastore."):
				out["storage"][priv] = 1
			case priv == "Permissions.Modify":
				out["storage"][priv], out["vms"][priv] = 1, 1
			}
		}
	}
	return out
}

func changePassword(c *call) (any, error) {
	name := c.p.Str("userid")
	a := &c.box.access
	u, err := a.user(name)
	if err != nil {
		return nil, err
	}
	if !c.auth.rootPassword() {
		if name == "root@pam" {
			return nil, permissionDenied("")
		}
		if !c.p.Has("confirmation-password") {
			return nil, badParam("confirmation-password", "password is required to modify user")
		}
		if !a.knows(c, c.auth.User, c.p.Str("confirmation-password")) {
			return nil, &failure{Status: http.StatusUnauthorized, Reason: "authentication failure"}
		}
		if c.auth.User != name && realmOf(name) == "pam" {
			return nil, permissionDenied("")
		}
	}
	if realms[realmOf(name)] == "" {
		return nil, failf("auth domain '%s' does not exist", realmOf(name))
	}
	u.Password = c.p.Str("password")
	return nil, nil
}

func readPermissions(c *call) (any, error) {
	self := c.auth.ID()
	who := c.p.StrOr("userid", self)
	owner, _, isToken := splitToken(who)
	if who != self && (!isToken || owner != self) {
		if err := c.require("/access", "Sys.Audit"); err != nil {
			return nil, err
		}
	}
	if path := c.p.Str("path"); path != "" {
		return map[string]any{path: bits(c.box.permissions(who, path))}, nil
	}
	paths := []string{"/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"}
	for _, e := range c.box.access.ACL {
		paths = append(paths, e.Path)
	}
	for _, m := range c.box.poolMembers() {
		for _, vmid := range m.VMs {
			paths = append(paths, "/vms/"+vmid)
		}
		for _, id := range m.Storages {
			paths = append(paths, "/storage/"+id)
		}
	}
	out := map[string]any{}
	for _, path := range paths {
		if p := c.box.permissions(who, path); len(p) > 0 {
			out[path] = bits(p)
		}
	}
	return out, nil
}

func bits(p propagates) map[string]int {
	out := make(map[string]int, len(p))
	for priv, down := range p {
		out[priv] = bit(down)
	}
	return out
}

func listDomains(*call) (any, error) {
	out := []map[string]any{}
	for _, realm := range slices.Sorted(maps.Keys(realms)) {
		out = append(out, map[string]any{"realm": realm, "type": realm, "comment": realms[realm]})
	}
	return out, nil
}

func readDomain(c *call) (any, error) {
	realm := c.p.Str("realm")
	if realms[realm] == "" {
		return nil, failf("domain '%s' does not exist", realm)
	}
	return map[string]any{"type": realm, "comment": realms[realm], "digest": digestOf(realms)}, nil
}

// splitAll splits a text list, which may be absent.
func splitAll(c *call, name string) []string { return apispec.SplitList(c.p.Str(name)) }
