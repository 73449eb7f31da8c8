package apispec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ValidatePBS checks the parameters of a request to a Proxmox Backup Server, whose
// schema is the same in kind, and whose sentences and notion of a boolean differ.
func (m *Method) ValidatePBS(given map[string]any) (Params, error) {
	errs := map[string]string{}
	p := Params{values: map[string]any{}}
	for name, v := range given {
		s := m.Params.Properties[name]
		if s == nil {
			if m.Params.Closed {
				errs[name] = "schema does not allow additional properties."
			} else if text, ok := scalar(v); ok {
				p.values[name] = text
			}
			continue
		}
		value, err := s.pbsValue(v)
		if err != nil {
			errs[name] = err.Error()
			continue
		}
		p.values[name] = value
	}
	for name, s := range m.Params.Properties {
		if _, ok := given[name]; !ok && !s.Optional {
			errs[name] = "parameter is missing and it is not optional."
		}
	}
	if len(errs) > 0 {
		return Params{}, &Invalid{Errors: errs}
	}
	return p, nil
}

// PBSText is how a Proxmox Backup Server prints what is wrong with parameters.
func (e *Invalid) PBSText() string {
	names := sortedKeys(e.Errors)
	if len(names) == 1 {
		return fmt.Sprintf("parameter verification failed - '%s': %s", names[0], e.Errors[names[0]])
	}
	lines := []string{"parameter verification failed:"}
	for _, name := range names {
		lines = append(lines, fmt.Sprintf("- '%s': %s", name, e.Errors[name]))
	}
	return strings.Join(lines, "\n")
}

// pbsValue checks a value and gives it as a text or a list of texts.
func (s *Schema) pbsValue(v any) (any, error) {
	list, isList := v.([]any)
	if s.Type == "array" {
		if !isList {
			if object, ok := v.(map[string]any); ok {
				return nil, fmt.Errorf("Expected array - got %s.", jsonText(object))
			}
			list = []any{v}
		}
		return s.pbsList(list)
	}
	if isList {
		return nil, fmt.Errorf("Expected %s value.", s.Type)
	}
	if object, ok := v.(map[string]any); ok {
		if s.Type != "object" {
			return nil, fmt.Errorf("Expected %s value.", s.Type)
		}
		return jsonText(object), nil
	}
	text, _ := scalar(v)
	return s.pbsScalar(text, v)
}

func (s *Schema) pbsList(list []any) (any, error) {
	if s.MinLength != nil && len(list) < *s.MinLength {
		return nil, fmt.Errorf("array must contain at least %d elements", *s.MinLength)
	}
	if s.MaxLength != nil && len(list) > *s.MaxLength {
		return nil, fmt.Errorf("array may only contain %d elements", *s.MaxLength)
	}
	out := make([]string, 0, len(list))
	for _, e := range list {
		if s.Items == nil {
			text, _ := scalar(e)
			out = append(out, text)
			continue
		}
		value, err := s.Items.pbsValue(e)
		if err != nil {
			return nil, err
		}
		text, ok := value.(string)
		if !ok {
			text = jsonText(e)
		}
		out = append(out, text)
	}
	return out, nil
}

func (s *Schema) pbsScalar(text string, v any) (any, error) {
	_, quoted := v.(string)
	switch s.Type {
	case "boolean":
		b := boolean(&Schema{Type: "boolean"}, text)
		if b != "0" && b != "1" {
			return nil, fmt.Errorf("Expected boolean value.")
		}
		return b, nil
	case "integer":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("Expected integer value.")
		}
		return text, s.pbsLimits(float64(n), text)
	case "number":
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("Expected number value.")
		}
		return text, s.pbsLimits(n, text)
	case "null":
		return nil, fmt.Errorf("Expected null.")
	}
	if _, isNumber := v.(json.Number); !quoted && (isNumber || v == nil) {
		return nil, fmt.Errorf("Expected string value.")
	}
	if s.MinLength != nil && utf8.RuneCountInString(text) < *s.MinLength {
		return nil, fmt.Errorf("value must be at least %d characters long", *s.MinLength)
	}
	if s.MaxLength != nil && utf8.RuneCountInString(text) > *s.MaxLength {
		return nil, fmt.Errorf("value may only be %d characters long", *s.MaxLength)
	}
	if !s.matches(text) {
		return nil, fmt.Errorf("value does not match the regex pattern")
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		return nil, fmt.Errorf("value '%s' is not defined in the enumeration.", text)
	}
	if s.Pairs != nil {
		if err := checkPairs("", s.Pairs, nil, text); err != nil {
			return nil, err
		}
	}
	return text, nil
}

func (s *Schema) pbsLimits(n float64, text string) error {
	if s.Minimum != nil && n < *s.Minimum {
		return fmt.Errorf("value must have a minimum value of %s (got %s)", number(*s.Minimum), text)
	}
	if s.Maximum != nil && n > *s.Maximum {
		return fmt.Errorf("value must have a maximum value of %s (got %s)", number(*s.Maximum), text)
	}
	return nil
}
