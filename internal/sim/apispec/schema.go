package apispec

import (
	"encoding/json"
	"regexp"
	"sync"
)

// Schema says what a value must be. It is the servers' own dialect of JSON schema:
// limits apply to values of any type that look like a number, a pattern is anchored
// on both sides, and a format is either one known by name or, for a text of
// comma-separated KEY=VALUE pairs, a schema of its own.
type Schema struct {
	Type      string          `json:"t,omitempty"`
	Optional  bool            `json:"o,omitempty"`
	Minimum   *float64        `json:"ge,omitempty"`
	Maximum   *float64        `json:"le,omitempty"`
	MinLength *int            `json:"minlen,omitempty"`
	MaxLength *int            `json:"maxlen,omitempty"`
	Enum      []string        `json:"enum,omitempty"`
	Pattern   string          `json:"re,omitempty"` // as the server writes it: Perl's or Rust's dialect
	Format    string          `json:"fmt,omitempty"`
	Pairs     *Schema         `json:"kv,omitempty"` // of a property string: an object, or an array of a list
	Requires  string          `json:"req,omitempty"`
	Default   json.RawMessage `json:"def,omitempty"`

	// of a property inside a property string
	Alias      string `json:"alias,omitempty"`
	KeyAlias   string `json:"kalias,omitempty"`
	DefaultKey bool   `json:"dk,omitempty"`

	// of objects and arrays
	Properties map[string]*Schema `json:"p,omitempty"`
	Closed     bool               `json:"x,omitempty"` // no properties beyond these
	Additional *Schema            `json:"add,omitempty"`
	Items      *Schema            `json:"i,omitempty"`

	// alternatives by the value of another property, 9.x
	OneOf         []*Schema `json:"one,omitempty"`
	TypeProperty  string    `json:"tprop,omitempty"`
	InstanceTypes []string  `json:"itypes,omitempty"`

	compile sync.Once
	re      *regexp.Regexp // nil when Pattern is empty
}

// property finds the schema of a property by its name, which may be one of an
// indexed family: "net3" is described by "net[n]" as long as 3 is below its limit.
func (s *Schema) property(name string) *Schema {
	if p, ok := s.Properties[name]; ok {
		return p
	}
	family, ok := indexed(name)
	if !ok {
		return nil
	}
	return s.Properties[family]
}

// Permission is what a call needs: either anybody ("world"), anybody who is known
// ("all"), or what the check says. The zero Permission is root@pam alone.
type Permission struct {
	User  string `json:"user,omitempty"`
	Check *Check `json:"check,omitempty"`
}

// Check is a permission expression.
type Check struct {
	Op      string   `json:"op"` // and, or, perm, perm-modify, userid-group, userid-param
	Sub     []*Check `json:"sub,omitempty"`
	Path    string   `json:"path,omitempty"` // a template: "/vms/{vmid}"
	Privs   []string `json:"privs,omitempty"`
	Any     bool     `json:"any,omitempty"`     // one of the privileges is enough
	Require string   `json:"require,omitempty"` // holds only if this parameter was given
	Groups  string   `json:"groups,omitempty"`  // userid-group: "create" or "update"
	Param   string   `json:"param,omitempty"`   // userid-param: what is tested; PBS: the parameter's name
}

// Method is one method of an API.
type Method struct {
	Verb       string      `json:"m"`
	Path       string      `json:"path"`
	Name       string      `json:"n,omitempty"`
	Params     *Schema     `json:"params"`
	Returns    *Schema     `json:"ret,omitempty"`
	Permission *Permission `json:"perm,omitempty"`
	NoToken    bool        `json:"notoken,omitempty"` // API tokens may not call it
	Protected  bool        `json:"prot,omitempty"`
	ProxyTo    string      `json:"proxyto,omitempty"` // the parameter that names the node which does it
}

// Sig is the method's signature, "GET /nodes/{node}/status".
func (m *Method) Sig() string { return m.Verb + " " + m.Path }
