package apispec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// faults are what is wrong with each value, by its path ("net0.model"). Several
// faults of one value stand in one text, divided by a backslash and an n, as the
// servers write them.
type faults map[string]string

func (f faults) add(path, format string, args ...any) {
	if path == "" {
		path = "_root"
	}
	text := fmt.Sprintf(format, args...)
	if before, ok := f[path]; ok {
		text = before + `\n` + text
	}
	f[path] = text
}

// text is how the servers print faults inside another message.
func (f faults) text() string {
	var b strings.Builder
	for _, path := range sortedKeys(f) {
		fmt.Fprintf(&b, "%s: %s\n", path, f[path])
	}
	return b.String()
}

// checker walks a value along its schema. Values are string, bool, json.Number,
// []any, map[string]any or nil, as a decoded request holds them.
type checker struct {
	faults faults
	answer bool // an answer: keys beyond those described are told, though the server does not mind
}

func (c *checker) object(path string, s *Schema, value map[string]any) {
	for _, name := range sortedKeys(value) {
		p := s.Properties[name]
		if p == nil || p.Alias == "" {
			continue
		}
		if value[p.Alias] != nil {
			c.faults.add(join(path, name), "cannot set both '%s' and its alias target '%s'", name, p.Alias)
			continue
		}
		value[p.Alias] = value[name]
		delete(value, name)
	}
	for name, p := range s.Properties {
		if strings.HasSuffix(name, "[n]") {
			continue
		}
		c.value(join(path, name), p, value[name], instanceType(p, value))
	}
	for _, name := range sortedKeys(value) {
		at := join(path, name)
		p := s.property(name)
		if p != nil {
			if s.Properties[name] == nil { // one of a family
				c.value(at, p, value[name], "")
			}
			if p.Requires != "" && value[p.Requires] == nil {
				c.faults.add(join(path, p.Requires), "missing property required by '%s'", at)
			}
			if p.applies(value) {
				continue
			}
		}
		switch {
		case s.Additional != nil:
			c.value(at, s.Additional, value[name], "")
		case s.Closed:
			c.faults.add(at, "property is not defined in schema and the schema does not allow additional properties")
		case c.answer && len(s.Properties) > 0:
			c.faults.add(at, "key is not in the description")
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// instanceType is the value of the property that decides which alternative holds.
func instanceType(s *Schema, object map[string]any) string {
	if s.TypeProperty == "" {
		return ""
	}
	t, _ := scalar(object[s.TypeProperty])
	return t
}

// applies tells whether one of the alternatives of a property holds for the object.
func (s *Schema) applies(object map[string]any) bool {
	if len(s.OneOf) == 0 {
		return true
	}
	t := instanceType(s, object)
	return slices.ContainsFunc(s.OneOf, func(one *Schema) bool {
		return one.InstanceTypes == nil || slices.Contains(one.InstanceTypes, t)
	})
}

func (c *checker) value(path string, s *Schema, value any, instance string) {
	optional := s.Optional
	switch {
	case len(s.OneOf) > 0 && s.TypeProperty != "":
		optional = true
		for _, one := range s.OneOf {
			if instance != "" && slices.Contains(one.InstanceTypes, instance) {
				optional = one.Optional
				c.value(path, one, value, "")
			}
		}
	case len(s.OneOf) > 0:
		c.oneOf(path, s, value)
	case instance != "" && s.InstanceTypes == nil:
		c.faults.add(path, "missing 'instance-types'")
		return
	case instance != "" && !slices.Contains(s.InstanceTypes, instance):
		optional = true
	}
	if s.Alias != "" {
		return
	}
	if value == nil {
		if !optional && s.Type != "null" {
			c.faults.add(path, "property is missing and it is not optional")
		}
		return
	}
	if !c.typed(path, s.Type, value) {
		return
	}
	switch v := value.(type) {
	case []any:
		if s.Items != nil {
			for i, e := range v {
				c.value(fmt.Sprintf("%s[%d]", path, i), s.Items, e, "")
			}
		}
	case map[string]any:
		if s.Properties != nil || s.Additional != nil || s.Closed {
			c.object(path, s, v)
		}
	default:
		text, _ := scalar(v)
		c.scalar(path, s, text)
	}
}

func (c *checker) oneOf(path string, s *Schema, value any) {
	collected := faults{}
	for i, one := range s.OneOf {
		inner := &checker{faults: faults{}, answer: c.answer}
		inner.value(fmt.Sprintf("%s.oneOf[%d]", path, i), one, value, "")
		if len(inner.faults) == 0 {
			return
		}
		for at, text := range inner.faults {
			collected.add(at, "%s", text)
		}
	}
	for at, text := range collected {
		c.faults.add(at, "%s", text)
	}
}

// typed checks the type of a value that is there.
func (c *checker) typed(path, want string, value any) bool {
	switch want {
	case "", "any":
		return true
	case "null":
		c.faults.add(path, "type check ('%s') failed - value is not null", want)
		return false
	case "array":
		if _, ok := value.([]any); !ok {
			c.faults.add(path, "type check ('%s') failed", want)
			return false
		}
		return true
	case "object":
		if _, ok := value.(map[string]any); !ok {
			c.faults.add(path, "type check ('%s') failed", want)
			return false
		}
		return true
	}
	text, ok := scalar(value)
	if _, isBool := value.(bool); isBool {
		if want == "boolean" {
			return true
		}
		c.faults.add(path, "type check ('%s') failed - got JSON::PP::Boolean", want)
		return false
	}
	if !ok {
		kind := "HASH"
		if _, isList := value.([]any); isList {
			kind = "ARRAY"
		}
		c.faults.add(path, "type check ('%s') failed - got %s", want, kind)
		return false
	}
	switch want {
	case "boolean":
		ok = text == "1" || text == "0"
	case "integer":
		ok = isInteger(text)
	case "number":
		ok = isNumber(text)
	}
	if !ok {
		c.faults.add(path, "type check ('%s') failed - got '%s'", want, text)
	}
	return ok
}

// scalar checks everything about a text but its type. The first fault ends it.
func (c *checker) scalar(path string, s *Schema, text string) {
	if s.Pairs != nil {
		if err := checkPairs(path, s.Pairs, nil, text); err != nil {
			c.faults.add(path, "invalid format - %s\n", err)
			return
		}
	}
	if s.Format != "" {
		if err := checkFormat(s.Format, path, text); err != nil {
			c.faults.add(path, "invalid format - %s\n", err)
			return
		}
	}
	if !s.matches(text) {
		c.faults.add(path, "value does not match the regex pattern")
		return
	}
	if s.MaxLength != nil && utf8.RuneCountInString(text) > *s.MaxLength {
		c.faults.add(path, "value may only be %d characters long", *s.MaxLength)
		return
	}
	if s.MinLength != nil && utf8.RuneCountInString(text) < *s.MinLength {
		c.faults.add(path, "value must be at least %d characters long", *s.MinLength)
		return
	}
	if (s.Maximum != nil || s.Minimum != nil) && isNumber(text) {
		n, _ := strconv.ParseFloat(text, 64) // isNumber has seen it; out of range is infinite
		if s.Maximum != nil && n > *s.Maximum {
			c.faults.add(path, "value must have a maximum value of %s", number(*s.Maximum))
			return
		}
		if s.Minimum != nil && n < *s.Minimum {
			c.faults.add(path, "value must have a minimum value of %s", number(*s.Minimum))
			return
		}
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		c.faults.add(path, "value '%s' does not have a value in the enumeration '%s'", text, strings.Join(s.Enum, ", "))
	}
}

// scalar gives the text of a value that is neither object nor array.
func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		if v {
			return "1", true
		}
		return "0", true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func isInteger(text string) bool {
	digits := strings.TrimSuffix(text, "\n")
	if digits != "" && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	return digits != "" && allDigits(digits)
}

func isNumber(text string) bool { return numberForm.MatchString(text) }

var numberForm = perl(`[+-]?(\d+\.\d+|\d+\.|\.\d+|\d+)([eE][+-]?\d+)?`)

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
