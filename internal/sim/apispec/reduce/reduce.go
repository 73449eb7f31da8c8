// Package reduce turns an official API description into the facts table that
// apispec carries: it keeps what a program checks and drops the prose. It is used
// when the tables are made and by the test that proves them equal to the
// descriptions, and nowhere else.
package reduce

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
)

// Sources are the file names of the official descriptions by the table's name.
var Sources = map[string]string{
	apispec.PVE84: "pve-api-8.4.json.gz",
	apispec.PVE92: "pve-api-9.2.json.gz",
	apispec.PBS:   "pbs-api.json.gz",
}

type object = map[string]any

// Table reduces a description (gzipped JSON) to the JSON text of its table.
func Table(name string, packed []byte) ([]byte, error) {
	text, err := apispec.Unpack(packed)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree []object
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	r := reducer{pbs: name == apispec.PBS}
	for _, node := range tree {
		if err := r.node(node); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(r.methods, func(a, b *apispec.Method) int {
		return strings.Compare(a.Path+" "+a.Verb, b.Path+" "+b.Verb)
	})
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r.methods); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Pack compresses the text of a table.
func Pack(w io.Writer, text []byte) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text); err != nil {
		return err
	}
	return z.Close()
}

type reducer struct {
	pbs     bool
	methods []*apispec.Method
}

func (r *reducer) node(node object) error {
	path, _ := node["path"].(string)
	info, _ := node["info"].(object)
	for verb, value := range info {
		facts, ok := value.(object)
		if !ok {
			return fmt.Errorf("%s %s: no description", verb, path)
		}
		m, err := r.method(verb, path, facts)
		if err != nil {
			return fmt.Errorf("%s %s: %w", verb, path, err)
		}
		r.methods = append(r.methods, m)
	}
	children, _ := node["children"].([]any)
	for _, child := range children {
		c, ok := child.(object)
		if !ok {
			return fmt.Errorf("%s: a child is no object", path)
		}
		if err := r.node(c); err != nil {
			return err
		}
	}
	return nil
}

func (r *reducer) method(verb, path string, facts object) (*apispec.Method, error) {
	m := &apispec.Method{Verb: verb, Path: path}
	m.Name, _ = facts["name"].(string)
	m.ProxyTo, _ = facts["proxyto"].(string)
	m.Protected = truth(facts["protected"])
	m.NoToken = !r.pbs && !truth(facts["allowtoken"])
	params, _ := facts["parameters"].(object)
	var err error
	if m.Params, err = r.schema(params); err != nil {
		return nil, err
	}
	m.Params.Type = "object"
	if returns, ok := facts["returns"].(object); ok {
		if m.Returns, err = r.schema(returns); err != nil {
			return nil, fmt.Errorf("returns: %w", err)
		}
	}
	perm, _ := facts["permissions"].(object)
	if r.pbs {
		m.Permission, err = pbsPermission(perm)
	} else {
		m.Permission, err = pvePermission(perm)
	}
	return m, err
}

func (r *reducer) schema(in object) (*apispec.Schema, error) {
	s := &apispec.Schema{}
	s.Type, _ = in["type"].(string)
	s.Optional = truth(in["optional"])
	s.Pattern, _ = in["pattern"].(string)
	s.Requires, _ = in["requires"].(string)
	s.Alias, _ = in["alias"].(string)
	s.KeyAlias, _ = in["keyAlias"].(string)
	s.TypeProperty, _ = in["type-property"].(string)
	s.DefaultKey = truth(in["default_key"])
	s.Enum = texts(in["enum"])
	s.InstanceTypes = texts(in["instance-types"])
	if d, ok := in["default"]; ok && d != nil {
		text, err := json.Marshal(d)
		if err != nil {
			return nil, err
		}
		s.Default = text
	}
	var err error
	number := func(key string) *float64 {
		v, ok := in[key]
		if !ok || err != nil {
			return nil
		}
		n, e := strconv.ParseFloat(fmt.Sprint(v), 64)
		if e != nil {
			err = fmt.Errorf("%s: %w", key, e)
			return nil
		}
		return &n
	}
	length := func(key string) *int {
		if n := number(key); n != nil {
			i := int(*n)
			return &i
		}
		return nil
	}
	s.Minimum, s.Maximum = number("minimum"), number("maximum")
	s.MinLength, s.MaxLength = length("minLength"), length("maxLength")
	if err != nil {
		return nil, err
	}
	return s, r.nested(s, in)
}

// nested fills in the parts of a schema that are schemas themselves.
func (r *reducer) nested(s *apispec.Schema, in object) error {
	var err error
	if s.Properties, err = r.properties(in["properties"]); err != nil {
		return err
	}
	switch more := in["additionalProperties"].(type) {
	case nil:
	case object:
		if s.Additional, err = r.schema(more); err != nil {
			return err
		}
	default:
		s.Closed = !truth(more)
	}
	if items, ok := in["items"].(object); ok {
		if s.Items, err = r.schema(items); err != nil {
			return err
		}
	}
	switch format := in["format"].(type) {
	case nil:
	case string:
		s.Format = format
	case object:
		if s.Pairs, err = r.pairs(format); err != nil {
			return err
		}
	default:
		return errors.New("format is neither a name nor an object")
	}
	alternatives, _ := in["oneOf"].([]any)
	for _, a := range alternatives {
		o, ok := a.(object)
		if !ok {
			return errors.New("an alternative is no object")
		}
		one, err := r.schema(o)
		if err != nil {
			return err
		}
		s.OneOf = append(s.OneOf, one)
	}
	return nil
}

func (r *reducer) properties(in any) (map[string]*apispec.Schema, error) {
	props, ok := in.(object)
	if !ok || len(props) == 0 {
		return nil, nil
	}
	out := make(map[string]*apispec.Schema, len(props))
	for name, value := range props {
		o, ok := value.(object)
		if !ok {
			return nil, fmt.Errorf("%s: no schema", name)
		}
		p, err := r.schema(o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = p
	}
	return out, nil
}

// pairs is the schema of a property string. PVE gives the bare properties, PBS an
// object or an array with the default key's name beside them.
func (r *reducer) pairs(format object) (*apispec.Schema, error) {
	if !r.pbs {
		props, err := r.properties(format)
		return &apispec.Schema{Type: "object", Properties: props, Closed: true}, err
	}
	s, err := r.schema(format)
	if err != nil {
		return nil, err
	}
	s.DefaultKey = false
	if key, ok := format["default_key"].(string); ok && s.Properties[key] != nil {
		s.Properties[key].DefaultKey = true
	}
	return s, nil
}

// truth is a flag of the descriptions: 1, "1" or true.
func truth(v any) bool {
	switch fmt.Sprint(v) {
	case "1", "true":
		return true
	}
	return false
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		out = append(out, fmt.Sprint(e))
	}
	return out
}
