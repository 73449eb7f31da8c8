package pve

import (
	"regexp"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
)

// permitted checks what the API description says a method needs, on the parameters
// as they came.
func (b *Box) permitted(m *apispec.Method, who identity, given map[string]any) error {
	p := m.Permission
	switch {
	case p != nil && p.User == "world":
		return nil
	case who.User == "":
		return permissionDenied("user != null")
	case who.rootPassword():
		return nil
	case p == nil:
		return permissionDenied("user != root@pam")
	}
	if p.User == "all" {
		return nil
	}
	if p.Check == nil {
		return permissionDenied("")
	}
	return b.check(p.Check, who.ID(), params(given))
}

// params gives texts of parameters that nobody has checked yet.
type params map[string]any

func (p params) text(name string) string {
	s, _ := p[name].(string)
	return s
}

func (p params) given(name string) bool { return p[name] != nil }

var placeholder = regexp.MustCompile(`\{([^}]+)\}`)

// expand fills a path's template: "/vms/{vmid}".
func (p params) expand(template string) string {
	return placeholder.ReplaceAllStringFunc(template, func(m string) string { return p.text(m[1 : len(m)-1]) })
}

// check evaluates a permission expression; nil means that it holds. Which failure an
// expression tells is the real one's: "or" tells nothing.
func (b *Box) check(c *apispec.Check, who string, p params) error {
	switch c.Op {
	case "and":
		for _, sub := range c.Sub {
			if err := b.check(sub, who, p); err != nil {
				return err
			}
		}
		return nil
	case "or":
		for _, sub := range c.Sub {
			if b.check(sub, who, p) == nil {
				return nil
			}
		}
		return permissionDenied("")
	case "perm":
		if c.Require != "" && !p.given(c.Require) {
			return permissionDenied("")
		}
		return b.checkPath(who, normalPath(p.expand(c.Path)), c.Privs, c.Any)
	case "perm-modify":
		path := normalPath(p.expand(c.Path))
		if path == "" {
			return nil // the method refuses the path itself
		}
		return b.needAny(who, path, modifyPrivs(path)...)
	case "userid-param":
		return b.checkUser(c, who, p.text("userid"))
	case "userid-group":
		return b.checkGroups(c, who, p)
	}
	return failf("unknown permission test")
}

func (b *Box) checkPath(who, path string, privs []string, anyOf bool) error {
	if anyOf {
		return b.needAny(who, path, privs...)
	}
	return b.need(who, path, privs...)
}

// modifyPrivs are the privileges of which one lets change the rights on a path.
func modifyPrivs(path string) []string {
	privs := []string{"Permissions.Modify"}
	for prefix, priv := range map[string]string{"/storage/": "Datastore.Allocate", "/vms/": "VM.Allocate", "/pool/": "Pool.Allocate"} {
		if strings.HasPrefix(path, prefix) && len(path) > len(prefix) {
			privs = append(privs, priv)
		}
	}
	return privs
}

func (b *Box) checkUser(c *apispec.Check, who, name string) error {
	if err := apispec.CheckFormat("pve-userid", name); err != nil {
		return failf("%v", err)
	}
	switch c.Param {
	case "self":
		if _, err := b.access.user(name); err != nil {
			return err
		}
		if who != name {
			return permissionDenied("")
		}
		return nil
	case "Realm.AllocateUser":
		return b.need(who, "/access/realm/"+realmOf(name), "Realm.AllocateUser")
	}
	return failf("unknown userid-param test")
}

func (b *Box) checkGroups(c *apispec.Check, who string, p params) error {
	name := p.text("userid")
	if c.Groups != "create" {
		if _, err := b.access.user(name); err != nil {
			return err
		}
	}
	if b.needAny(who, "/access/groups", c.Privs...) == nil {
		return nil
	}
	may := b.groupsWith(who, c.Privs)
	if c.Groups != "" {
		wanted := apispec.SplitList(p.text("groups"))
		if len(wanted) == 0 {
			return permissionDenied("/access/groups, " + strings.Join(c.Privs, "|"))
		}
		for _, g := range wanted {
			if !slices.Contains(may, g) {
				return permissionDenied("/access/groups/" + g + ", " + strings.Join(c.Privs, "|"))
			}
		}
	}
	if c.Groups != "create" && !b.access.inAny(name, may) {
		return permissionDenied("")
	}
	return nil
}

// groupsWith are the groups on which who holds one of the privileges.
func (b *Box) groupsWith(who string, privs []string) (out []string) {
	for g := range b.access.Groups {
		if b.needAny(who, "/access/groups/"+g, privs...) == nil {
			out = append(out, g)
		}
	}
	return out
}

func (a *access) inAny(name string, groups []string) bool {
	return slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(a.Groups[g].Users, name) })
}

func realmOf(name string) string { return name[strings.LastIndexByte(name, '@')+1:] }
