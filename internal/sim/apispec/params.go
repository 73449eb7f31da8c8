package apispec

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Params are the parameters of one request after validation, path parameters
// included. Values are in the servers' own textual form, except that booleans are
// "1" or "0". Absent parameters stay absent: the servers apply no defaults while
// they validate, each method has its own way with them.
type Params struct {
	values map[string]any // string or []string
}

// Has tells whether the parameter was given.
func (p Params) Has(name string) bool {
	_, ok := p.values[name]
	return ok
}

// Str is the text of a parameter, "" when absent. An array gives its first element.
func (p Params) Str(name string) string {
	switch v := p.values[name].(type) {
	case string:
		return v
	case []string:
		if len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// StrOr is the text of a parameter, or what stands for its absence.
func (p Params) StrOr(name, absent string) string {
	if !p.Has(name) {
		return absent
	}
	return p.Str(name)
}

// Int is the value of an integer parameter, 0 when absent.
func (p Params) Int(name string) int64 { return p.IntOr(name, 0) }

// IntOr is the value of an integer parameter, or what stands for its absence.
func (p Params) IntOr(name string, absent int64) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(p.Str(name)), 10, 64)
	if err != nil {
		return absent
	}
	return n
}

// Float is the value of a number parameter, 0 when absent.
func (p Params) Float(name string) float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(p.Str(name)), 64)
	if err != nil {
		return 0
	}
	return f
}

// Bool tells whether a boolean parameter was given as true.
func (p Params) Bool(name string) bool { return p.Str(name) == "1" }

// BoolOr is the value of a boolean parameter, or what stands for its absence.
func (p Params) BoolOr(name string, absent bool) bool {
	if !p.Has(name) {
		return absent
	}
	return p.Bool(name)
}

// List is an array parameter's elements, or those of a text list as the servers
// split them: at commas, semicolons, NULs and white space, empty ones left out.
func (p Params) List(name string) []string {
	switch v := p.values[name].(type) {
	case []string:
		return slices.Clone(v)
	case string:
		return SplitList(v)
	}
	return nil
}

// Names are the names of the given parameters, sorted.
func (p Params) Names() []string { return slices.Sorted(maps.Keys(p.values)) }

// All are the parameters as texts; the elements of an array are joined by NUL, as
// the servers hand them on.
func (p Params) All() map[string]string {
	all := make(map[string]string, len(p.values))
	for name, value := range p.values {
		switch v := value.(type) {
		case string:
			all[name] = v
		case []string:
			all[name] = strings.Join(v, "\x00")
		}
	}
	return all
}

// SplitList splits a text list at commas, semicolons, NULs and white space, and
// leaves empty elements out.
func SplitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return r == ',' || r == ';' || r == 0 || r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' || r == '\v'
	})
}
