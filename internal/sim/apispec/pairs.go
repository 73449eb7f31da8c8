package apispec

import (
	"errors"
	"fmt"
	"strings"
)

// pairs reads a property string such as "virtio=52:54:00:12:34:56,bridge=vmbr0"
// against its schema: aliases become the names that they stand for, and the value
// without a key takes the default key's name. The texts of booleans become 1 and 0.
func pairs(s *Schema, text string) (map[string]string, error) {
	values, err := readPairs(s, text)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(values))
	for name, v := range values {
		out[name], _ = scalar(v)
	}
	return out, nil
}

// checkPairs checks a property string; validate sees the pairs at the end.
func checkPairs(path string, s *Schema, validate func(map[string]any) error, text string) error {
	if s.Type == "array" {
		return checkElements(path, s, text)
	}
	values, err := readPairs(s, text)
	if err != nil {
		return err
	}
	c := &checker{faults: faults{}}
	c.object(path, s, values)
	if len(c.faults) > 0 {
		return errors.New("format error\n" + strings.TrimSuffix(c.faults.text(), "\n"))
	}
	if validate != nil {
		return validate(values)
	}
	return nil
}

// checkElements checks a text list whose elements have a schema of their own, which
// only PBS has.
func checkElements(path string, s *Schema, text string) error {
	c := &checker{faults: faults{}}
	for _, e := range SplitList(text) {
		if s.Items != nil {
			c.value(path, s.Items, e, "")
		}
	}
	if len(c.faults) > 0 {
		return errors.New(strings.TrimSuffix(c.faults.text(), "\n"))
	}
	return nil
}

func readPairs(s *Schema, text string) (map[string]any, error) {
	values := map[string]any{}
	defaultKey := ""
	for part := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		key, value, hasKey := strings.Cut(part, "=")
		if !hasKey {
			if defaultKey != "" {
				return nil, fmt.Errorf("duplicate key in comma-separated list property: %s", defaultKey)
			}
			for name, p := range s.Properties {
				if p.DefaultKey {
					defaultKey = name
				}
			}
			if defaultKey == "" {
				return nil, errors.New("value without key, but schema does not define a default key")
			}
			if set, _ := scalar(values[defaultKey]); set != "" && set != "0" {
				return nil, fmt.Errorf("duplicate key in comma-separated list property: %s", defaultKey)
			}
			values[defaultKey] = boolean(s.Properties[defaultKey], part)
			continue
		}
		if key == "" || value == "" {
			return nil, errors.New("missing key in comma-separated list property")
		}
		if _, ok := values[key]; ok {
			return nil, fmt.Errorf("duplicate key in comma-separated list property: %s", key)
		}
		p := s.Properties[key]
		if p != nil && p.Alias != "" {
			if p.KeyAlias != "" {
				if _, ok := values[p.KeyAlias]; ok {
					return nil, fmt.Errorf("key alias '%s' is already defined", p.KeyAlias)
				}
				values[p.KeyAlias] = key
			}
			key = p.Alias
			p = s.Properties[key]
			if _, ok := values[key]; ok {
				return nil, fmt.Errorf("key '%s' is already defined (via alias)", key)
			}
		}
		if p == nil {
			return nil, fmt.Errorf("invalid key in comma-separated list property: %s", key)
		}
		values[key] = boolean(p, value)
	}
	return values, nil
}

// boolean turns the words for true and false into 1 and 0 where the schema wants a
// boolean; in a property string, and only there, the servers know them all.
func boolean(s *Schema, text string) string {
	if s == nil || s.Type != "boolean" {
		return text
	}
	switch strings.ToLower(text) {
	case "1", "on", "yes", "true":
		return "1"
	case "0", "off", "no", "false":
		return "0"
	}
	return text
}
