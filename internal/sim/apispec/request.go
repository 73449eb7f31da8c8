package apispec

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// Invalid says what is wrong with the parameters of a request, by their names.
type Invalid struct{ Errors map[string]string }

func (e *Invalid) Error() string {
	var lines []string
	for _, name := range sortedKeys(e.Errors) {
		lines = append(lines, name+": "+strings.TrimSuffix(e.Errors[name], "\n"))
	}
	return "Parameter verification failed: " + strings.Join(lines, "; ")
}

// Validate checks the parameters of a request, those of the path included, as the
// server itself does, and gives them in their textual form. The error is *Invalid.
// The values are strings, bools, json.Numbers, and lists and objects of them; the
// map is not kept.
func (m *Method) Validate(given map[string]any) (Params, error) {
	values := make(map[string]any, len(given))
	for name, v := range given {
		values[name] = m.legacy(name, v)
	}
	c := &checker{faults: faults{}}
	c.object("", m.Params, values)
	if len(c.faults) > 0 {
		return Params{}, &Invalid{Errors: c.faults}
	}
	p := Params{values: make(map[string]any, len(values))}
	for name, v := range values {
		if v == nil {
			continue
		}
		p.values[name] = textual(v)
	}
	return p, nil
}

// legacy joins an array where a text list is wanted, and makes an array of a single
// text where an array is wanted: forms know no arrays of one.
func (m *Method) legacy(name string, v any) any {
	s := m.Params.property(name)
	if s == nil {
		return v
	}
	list, isList := v.([]any)
	text, isText := scalar(v)
	switch {
	case isList && len(list) > 0 && s.Type == "string" && strings.HasSuffix(s.Format, "-list"):
		parts := make([]string, len(list))
		for i, e := range list {
			parts[i], _ = scalar(e)
		}
		return strings.Join(parts, ",")
	case isText && text != "" && text != "0" && s.Type == "array":
		return []any{v}
	}
	return v
}

func textual(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]string, 0, len(v))
		for _, e := range v {
			text, ok := scalar(e)
			if !ok {
				return jsonText(v)
			}
			list = append(list, text)
		}
		return list
	case map[string]any:
		return jsonText(v)
	}
	text, _ := scalar(v)
	return text
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil { // decoded from JSON, so it encodes
		return ""
	}
	return string(text)
}

// Form reads a form body or a query string as Proxmox VE does: pairs end at "&" and
// at an unescaped ";" alike, what follows a second "=" is lost, a name without a
// value counts as not given, and a name given twice is an array.
func Form(text string) map[string]any {
	values := map[string]any{}
	for _, pair := range strings.FieldsFunc(text, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(pair, "=")
		value, _, _ = strings.Cut(value, "=")
		name, value = unescapeForm(name), unescapeForm(value)
		switch before := values[name].(type) {
		case nil:
			values[name] = nil
			if value != "" {
				values[name] = value
			}
		case []any:
			values[name] = append(before, value)
		default:
			values[name] = []any{before, value}
		}
	}
	return values
}

func unescapeForm(text string) string { return Unescape(strings.ReplaceAll(text, "+", " ")) }

// Unescape undoes percent-encoding; what is no escape stays as it is.
func Unescape(text string) string {
	if out, err := url.PathUnescape(text); err == nil {
		return out
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if out, err := url.PathUnescape(text[i:min(i+3, len(text))]); text[i] == '%' && err == nil && len(out) == 1 {
			b.WriteString(out)
			i += 2
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// JSONBody reads a JSON body: an object of parameters.
func JSONBody(r io.Reader) (map[string]any, error) {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	var values map[string]any
	if err := dec.Decode(&values); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("garbage after JSON object")
	}
	return values, nil
}

// CheckRequest tells what is wrong with a request of a client of ours: a method that
// the description does not know, or parameters that it refuses. The path is the one
// below /api2/json, unescaped; params are those of the query and the body.
func CheckRequest(spec *Spec, verb, path string, params map[string]any) []string {
	m, inPath, ok := spec.Find(verb, path)
	if !ok {
		return []string{fmt.Sprintf("%s has no method %s %s", spec.Name, verb, path)}
	}
	values := make(map[string]any, len(params)+len(inPath))
	for name, v := range params {
		values[name] = v
	}
	for name, v := range inPath {
		values[name] = v
	}
	validate := m.Validate
	if spec.Name == PBS {
		validate = m.ValidatePBS
	}
	var invalid *Invalid
	if _, err := validate(values); errors.As(err, &invalid) {
		var out []string
		for _, name := range sortedKeys(invalid.Errors) {
			out = append(out, fmt.Sprintf("%s: %s: %s", m.Sig(), name, strings.TrimSuffix(invalid.Errors[name], "\n")))
		}
		return out
	} else if err != nil {
		return []string{err.Error()}
	}
	return nil
}

// CheckReturn tells how the "data" of an answer differs from what the description
// says that the method returns: types, limits, missing keys, and keys beyond those
// described, but for what is listed as beyond the description.
func CheckReturn(spec *Spec, verb, path string, data []byte) []string {
	m, _, ok := spec.Find(verb, path)
	if !ok {
		return []string{fmt.Sprintf("%s has no method %s %s", spec.Name, verb, path)}
	}
	if m.Returns == nil {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return []string{fmt.Sprintf("%s: answer is no JSON: %v", m.Sig(), err)}
	}
	c := &checker{faults: faults{}, answer: true}
	c.value("", m.Returns, value, "")
	var out []string
	for _, at := range sortedKeys(c.faults) {
		if spec.known(m, at) {
			continue
		}
		out = append(out, fmt.Sprintf("%s: %s: %s", m.Sig(), at, strings.TrimSuffix(c.faults[at], "\n")))
	}
	slices.Sort(out)
	return out
}
