package apispec

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:generate go run ./generate --shared ../../../../shared/schema --out .

//go:embed *.json.gz
var tables embed.FS

// Names of the descriptions that are carried.
const (
	PVE84 = "pve-8.4"
	PVE92 = "pve-9.2"
	PBS   = "pbs"
)

// Names lists the descriptions that are carried.
var Names = []string{PVE84, PVE92, PBS}

// Spec is the description of one system's API.
type Spec struct {
	Name    string
	Methods []*Method // ordered by path, then verb
	root    *segment
	bySig   map[string]*Method
}

type segment struct {
	literal map[string]*segment
	param   *segment
	name    string // of the parameter that this segment stands for
	greedy  bool   // the parameter takes the rest of the path
	verbs   map[string]*Method
}

// greedyPath is the one path whose last parameter may hold slashes: a volume,
// "local:iso/seed.iso".
const greedyPath = "/nodes/{node}/storage/{storage}/content/{volume}"

var specs = func() map[string]func() (*Spec, error) {
	m := map[string]func() (*Spec, error){}
	for _, name := range Names {
		m[name] = sync.OnceValues(func() (*Spec, error) { return load(name) })
	}
	return m
}()

// Load gives a description by name; it is read once, when first asked for. The
// tables are part of the program: an unknown name or a table that cannot be read is
// a mistake in the program, and every test of this package would show it.
func Load(name string) (*Spec, error) {
	get, ok := specs[name]
	if !ok {
		return nil, fmt.Errorf("no API description %q; there are %s", name, strings.Join(Names, ", "))
	}
	return get()
}

func load(name string) (*Spec, error) {
	packed, err := tables.ReadFile(name + ".json.gz")
	if err != nil {
		return nil, fmt.Errorf("API description %s: %w", name, err)
	}
	text, err := Unpack(packed)
	if err != nil {
		return nil, fmt.Errorf("API description %s: %w", name, err)
	}
	return parse(name, text)
}

// Unpack gives the JSON text of a packed table.
func Unpack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// Table gives the packed table of a description as the program carries it.
func Table(name string) ([]byte, error) { return tables.ReadFile(name + ".json.gz") }

// parse reads the JSON text of a table.
func parse(name string, text []byte) (*Spec, error) {
	s := &Spec{Name: name, root: &segment{}, bySig: map[string]*Method{}}
	if err := json.Unmarshal(text, &s.Methods); err != nil {
		return nil, fmt.Errorf("API description %s: %w", name, err)
	}
	for _, m := range s.Methods {
		s.add(m)
		if name == PVE84 {
			m.Params.narrow()
		}
	}
	return s, nil
}

func (s *Spec) add(m *Method) {
	s.bySig[m.Sig()] = m
	at := s.root
	for _, part := range fragments(m.Path) {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			if at.param == nil {
				at.param = &segment{}
				at.name = strings.TrimSuffix(name, "}")
			}
			at = at.param
			continue
		}
		if at.literal == nil {
			at.literal = map[string]*segment{}
		}
		if at.literal[part] == nil {
			at.literal[part] = &segment{}
		}
		at = at.literal[part]
	}
	at.greedy = at.greedy || m.Path == greedyPath
	if at.verbs == nil {
		at.verbs = map[string]*Method{}
	}
	at.verbs[m.Verb] = m
}

// Method finds a method by its signature, "GET /nodes/{node}/status"; nil if this
// version does not have it.
func (s *Spec) Method(sig string) *Method { return s.bySig[sig] }

// Find gives the method that serves a request's path (below /api2/json, already
// unescaped) and the parameters that stand in it.
func (s *Spec) Find(verb, path string) (*Method, map[string]string, bool) {
	params := map[string]string{}
	at := s.root
	rest := fragments(path)
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		if next := at.literal[part]; next != nil {
			at = next
			continue
		}
		if at.param == nil {
			return nil, nil, false
		}
		if at.param.greedy && len(rest) > 0 {
			part += "/" + strings.Join(rest, "/")
			rest = nil
		}
		params[at.name] = part
		at = at.param
	}
	m, ok := at.verbs[verb]
	if !ok {
		return nil, nil, false
	}
	return m, params, true
}

// fragments splits a path at its slashes; empty fragments do not count.
func fragments(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}
