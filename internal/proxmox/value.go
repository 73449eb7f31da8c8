package proxmox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// number reads an integer that the box writes as a number or as a string.
type number int64

// UnmarshalJSON accepts 5, 5.0, "5", "" and null.
func (n *number) UnmarshalJSON(b []byte) error {
	s := string(bytes.Trim(b, `"`))
	if s == "" || s == "null" {
		*n = 0
		return nil
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		*n = number(i)
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return fmt.Errorf("%q is no number", s)
	}
	*n = number(f)
	return nil
}

// flag reads a boolean in every form that the box uses: 0/1, "0"/"1", true/false.
type flag bool

// UnmarshalJSON accepts those.
func (f *flag) UnmarshalJSON(b []byte) error {
	switch s := string(bytes.Trim(b, `"`)); s {
	case "1", "true", "yes", "on":
		*f = true
	case "0", "false", "no", "off", "", "null":
		*f = false
	default:
		return fmt.Errorf("%q is no boolean", s)
	}
	return nil
}

// text reads a scalar as a string, and an object as a property string with its
// keys in order: 9.x answers prune-backups as an object where 8.4 has a string.
type text string

// UnmarshalJSON accepts strings, numbers, booleans, objects and null.
func (t *text) UnmarshalJSON(b []byte) error {
	var v any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil:
		*t = ""
	case bool:
		*t = text(strconv.Itoa(bit(v)))
	case map[string]any:
		var parts []string
		for k, x := range v {
			parts = append(parts, k+"="+fmt.Sprint(x))
		}
		sort.Strings(parts)
		*t = text(strings.Join(parts, ","))
	default:
		*t = text(fmt.Sprint(v))
	}
	return nil
}

// bit is how booleans go out.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func words(list string) []string {
	out := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
	sort.Strings(out)
	return out
}
