package yunohost

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// object is a mapping that keeps its order, as Python's answers do.
type object []field

type field struct {
	key   string
	value any
}

// set replaces or appends a key.
func (o *object) set(key string, value any) {
	for i := range *o {
		if (*o)[i].key == key {
			(*o)[i].value = value
			return
		}
	}
	*o = append(*o, field{key, value})
}

// MarshalJSON keeps the order, so that an object may stand inside other data.
func (o object) MarshalJSON() ([]byte, error) { return encode(o), nil }

// encode writes v as Python's json.dumps does: a space after colon and comma, and
// nothing but ASCII. v is made of object, []any, []string, string, bool, integers,
// float64 and nil; anything else goes through encoding/json first.
func encode(v any) []byte { return appendValue(nil, v) }

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		s := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return append(b, s...)
	case []string:
		return appendList(b, len(v), func(b []byte, i int) []byte { return appendString(b, v[i]) })
	case []object:
		return appendList(b, len(v), func(b []byte, i int) []byte { return appendValue(b, v[i]) })
	case []any:
		return appendList(b, len(v), func(b []byte, i int) []byte { return appendValue(b, v[i]) })
	case object:
		b = append(b, '{')
		for i, f := range v {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(appendString(b, f.key), ": "...)
			b = appendValue(b, f.value)
		}
		return append(b, '}')
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return appendString(b, fmt.Sprint(v))
	}
	return append(b, raw...)
}

func appendList(b []byte, n int, each func([]byte, int) []byte) []byte {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = each(b, i)
	}
	return append(b, ']')
}

func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < 0x20 || (r > 0x7e && r <= 0xffff):
			b = fmt.Appendf(b, `\u%04x`, r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, hi, lo)
		default:
			b = append(b, byte(r))
		}
	}
	return append(b, '"')
}

// plain writes v as the command line does without --output-as: keys sorted, two
// spaces a level.
func plain(v any) string {
	var b strings.Builder
	switch v := v.(type) {
	case object:
		plainObject(&b, v, 0)
	case string:
		b.WriteString(v + "\n")
	default:
		b.Write(encode(v))
		b.WriteByte('\n')
	}
	return b.String()
}

func plainObject(b *strings.Builder, o object, depth int) {
	o = slices.Clone(o)
	slices.SortFunc(o, func(x, y field) int { return strings.Compare(x.key, y.key) })
	pad := strings.Repeat("  ", depth)
	for _, f := range o {
		switch v := f.value.(type) {
		case object:
			fmt.Fprintf(b, "%s%s: \n", pad, f.key)
			plainObject(b, v, depth+1)
		case []object:
			fmt.Fprintf(b, "%s%s: \n", pad, f.key)
			for i, item := range v {
				fmt.Fprintf(b, "%s  %d: \n", pad, i)
				plainObject(b, item, depth+2)
			}
		case []string:
			if len(v) == 0 {
				fmt.Fprintf(b, "%s%s: \n", pad, f.key)
				continue
			}
			fmt.Fprintf(b, "%s%s: \n", pad, f.key)
			for _, item := range v {
				fmt.Fprintf(b, "%s  - %s\n", pad, item)
			}
		case string:
			fmt.Fprintf(b, "%s%s: %s\n", pad, f.key, v)
		case nil:
			fmt.Fprintf(b, "%s%s: \n", pad, f.key)
		default:
			fmt.Fprintf(b, "%s%s: %s\n", pad, f.key, encode(v))
		}
	}
}
