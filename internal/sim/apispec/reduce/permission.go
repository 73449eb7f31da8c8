package reduce

import (
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
)

// pvePermission reads {"user":"all"} or {"check":["perm","/",["Sys.Audit"],"any",1]};
// what the description says in prose only is not a check.
func pvePermission(in object) (*apispec.Permission, error) {
	p := &apispec.Permission{}
	p.User, _ = in["user"].(string)
	if list, ok := in["check"].([]any); ok {
		var err error
		if p.Check, err = pveCheck(list); err != nil {
			return nil, err
		}
	}
	if p.User == "" && p.Check == nil {
		return nil, nil
	}
	return p, nil
}

func pveCheck(list []any) (*apispec.Check, error) {
	if len(list) == 0 {
		return nil, fmt.Errorf("permissions: empty check")
	}
	c := &apispec.Check{}
	c.Op, _ = list[0].(string)
	rest := list[1:]
	switch c.Op {
	case "and", "or":
		for _, sub := range rest {
			l, ok := sub.([]any)
			if !ok {
				return nil, fmt.Errorf("permissions: %s of something else than checks", c.Op)
			}
			s, err := pveCheck(l)
			if err != nil {
				return nil, err
			}
			c.Sub = append(c.Sub, s)
		}
		return c, nil
	case "perm":
		c.Path, _ = rest[0].(string)
		c.Privs = texts(rest[1])
		rest = rest[2:]
	case "perm-modify":
		c.Path, _ = rest[0].(string)
		rest = rest[1:]
	case "userid-group":
		c.Privs = texts(rest[0])
		rest = rest[1:]
	case "userid-param":
		c.Param, _ = rest[0].(string)
		rest = rest[1:]
	default:
		return nil, fmt.Errorf("permissions: unknown check %q", c.Op)
	}
	for i := 0; i+1 < len(rest); i += 2 {
		switch key := fmt.Sprint(rest[i]); key {
		case "any":
			c.Any = truth(rest[i+1])
		case "require_param":
			c.Require = fmt.Sprint(rest[i+1])
		case "groups_param":
			c.Groups = fmt.Sprint(rest[i+1])
		default:
			return nil, fmt.Errorf("permissions: unknown option %q", key)
		}
	}
	return c, nil
}

// pbsPermission reads {"check":{"path":["datastore","{store}"],"privs":[…],"partial":true}}
// and its combinations.
func pbsPermission(in object) (*apispec.Permission, error) {
	if in == nil {
		return nil, nil
	}
	p := &apispec.Permission{}
	if user, ok := in["user"].(string); ok {
		p.User = user
		return p, nil
	}
	var err error
	p.Check, err = pbsCheck(in)
	return p, err
}

func pbsCheck(in object) (*apispec.Check, error) {
	for _, op := range []string{"and", "or"} {
		list, ok := in[op].([]any)
		if !ok {
			continue
		}
		c := &apispec.Check{Op: op}
		for _, sub := range list {
			o, ok := sub.(object)
			if !ok {
				return nil, fmt.Errorf("permissions: %s of something else than checks", op)
			}
			s, err := pbsCheck(o)
			if err != nil {
				return nil, err
			}
			c.Sub = append(c.Sub, s)
		}
		return c, nil
	}
	if name, ok := in["userParam"].(string); ok {
		return &apispec.Check{Op: "userid-param", Param: name}, nil
	}
	if user, ok := in["user"].(string); ok {
		return &apispec.Check{Op: "user", Param: user}, nil
	}
	check, ok := in["check"].(object)
	if !ok {
		return nil, fmt.Errorf("permissions: unknown form")
	}
	return &apispec.Check{
		Op:    "perm",
		Path:  "/" + strings.Join(texts(check["path"]), "/"),
		Privs: texts(check["privs"]),
		Any:   truth(check["partial"]),
	}, nil
}
