package rest

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Decode reads JSON of a foreign system into out, a pointer, by what is meant. Proxmox VE
// is written in Perl, where 5 and "5", 0 and false, an empty list and an empty object are
// the same and change places from one release to the next; others are stricter, and not
// always. So
//
//   - a number may be a string, "" or a boolean, and a whole one may have a fraction of 0;
//   - a boolean may be 0, 1, any other number, or a word for one of both;
//   - a string may be a number, a boolean (1 or 0), an object (then a property string,
//     "a=1,b=2", in the order of its keys) or a list of those ("a,b");
//   - null, and an empty string, list or object in place of another kind, are nothing;
//   - fields that out does not have are passed over, and those that are absent stay.
//
// Anything else is an error that names the field and what stands there, of texts and
// lists the kind alone: they may hold a secret. A type that reads JSON or text by itself
// does so.
func Decode(raw []byte, out any) error {
	v := reflect.ValueOf(out)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("rest: %T is no pointer to read into", out)
	}
	if !json.Valid(raw) {
		return json.Unmarshal(raw, new(json.RawMessage)) // its error says where
	}
	return decode(raw, v.Elem())
}

// Loosely has package json, and libraries that use it, read into Out by Decode.
type Loosely struct{ Out any }

// UnmarshalJSON is Decode.
func (l *Loosely) UnmarshalJSON(raw []byte) error { return Decode(raw, l.Out) }

var ownJSON = reflect.TypeFor[json.Unmarshaler]()

// decode reads valid JSON. The depth of out's type bounds its recursion.
func decode(raw []byte, v reflect.Value) error {
	raw = bytes.TrimSpace(raw)
	if v.Addr().Type().Implements(ownJSON) || v.Kind() == reflect.Interface {
		return json.Unmarshal(raw, v.Addr().Interface())
	}
	if reader, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		text, err := asText(raw)
		if err != nil {
			return err
		}
		return reader.UnmarshalText([]byte(text))
	}
	if v.Kind() == reflect.Pointer {
		if string(raw) == "null" {
			v.SetZero()
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return decode(raw, v.Elem())
	}
	if v.Kind() == reflect.String {
		text, err := asText(raw)
		v.SetString(text)
		return err
	}
	if slices.Contains([]string{`null`, `""`, `[]`, `{}`}, string(compact(raw))) {
		v.SetZero()
		return nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return decodeBool(raw, v)
	case reflect.Int, reflect.Int64:
		return decodeInt(raw, v)
	case reflect.Slice:
		return decodeList(raw, v)
	case reflect.Map:
		return decodeMap(raw, v)
	case reflect.Struct:
		return decodeStruct(raw, v)
	}
	return json.Unmarshal(raw, v.Addr().Interface())
}

// compact tells "[ ]" to be empty too.
func compact(raw []byte) []byte {
	if len(raw) > 2 && (raw[0] == '[' || raw[0] == '{') && len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0 {
		return []byte{raw[0], raw[len(raw)-1]}
	}
	return raw
}

// asText is what a scalar, a property string or a list of them says.
func asText(raw []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	return textOf(v), nil
}

func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "1"
		}
		return "0"
	case []any:
		var parts []string
		for _, x := range v {
			parts = append(parts, textOf(x))
		}
		return strings.Join(parts, ",")
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, key+"="+textOf(v[key]))
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v)
}

// scalar is the text of a number, a boolean or a string.
func scalar(raw []byte) (string, bool) {
	if raw[0] == '{' || raw[0] == '[' {
		return "", false
	}
	text, err := asText(raw)
	return strings.TrimSpace(text), err == nil
}

func decodeBool(raw []byte, v reflect.Value) error {
	text, ok := scalar(raw)
	number, err := strconv.ParseFloat(text, 64)
	switch word := strings.ToLower(text); {
	case !ok:
		return refuse(raw, "a boolean")
	case err == nil:
		v.SetBool(number != 0)
	case word == "true" || word == "yes" || word == "on":
		v.SetBool(true)
	case word == "false" || word == "no" || word == "off" || word == "":
		v.SetBool(false)
	default:
		return refuse(raw, "a boolean")
	}
	return nil
}

func decodeInt(raw []byte, v reflect.Value) error {
	text, ok := scalar(raw)
	if !ok {
		return refuse(raw, "a number")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f, err := strconv.ParseFloat(text, 64)
		if text == "" {
			f, err = 0, nil
		}
		if err != nil || math.IsNaN(f) || math.Abs(f) >= 1<<63 {
			return refuse(raw, "a number")
		}
		n = int64(f)
	}
	v.SetInt(n)
	return nil
}

func decodeList(raw []byte, v reflect.Value) error {
	var rows []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &rows) != nil {
		return misplaced(raw, "a list")
	}
	list := reflect.MakeSlice(v.Type(), len(rows), len(rows))
	for i, row := range rows {
		if err := decode(row, list.Index(i)); err != nil {
			return inside(strconv.Itoa(i), err)
		}
	}
	v.Set(list)
	return nil
}

func fieldsOf(raw []byte) (fields map[string]json.RawMessage, err error) {
	if raw[0] != '{' || json.Unmarshal(raw, &fields) != nil {
		return nil, misplaced(raw, "an object")
	}
	return fields, nil
}

func decodeMap(raw []byte, v reflect.Value) error {
	fields, err := fieldsOf(raw)
	if err != nil {
		return err
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(fields)))
	for name, field := range fields {
		one := reflect.New(v.Type().Elem()).Elem()
		if err := decode(field, one); err != nil {
			return inside(name, err)
		}
		v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), one)
	}
	return nil
}

func decodeStruct(raw []byte, v reflect.Value) error {
	fields, err := fieldsOf(raw)
	if err != nil {
		return err
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			if err := decodeStruct(raw, v.Field(i)); err != nil {
				return err
			}
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		field, there := fields[name]
		if !there || name == "-" || !f.IsExported() {
			continue
		}
		if err := decode(field, v.Field(i)); err != nil {
			return inside(name, err)
		}
	}
	return nil
}

// misfit is a value that is not what was expected, and where it stands.
type misfit struct{ where, shown, want string }

func (m *misfit) Error() string {
	if m.where == "" {
		return m.shown + " is not " + m.want
	}
	return m.where + ": " + m.shown + " is not " + m.want
}

// refuse is for a value where a number or a boolean belongs, which may be shown.
func refuse(raw []byte, want string) error {
	switch raw[0] {
	case '{', '[':
		return misplaced(raw, want)
	}
	return &misfit{shown: fmt.Sprintf("%.40s", raw), want: want}
}

// misplaced is for a value where a list or an object belongs.
func misplaced(raw []byte, want string) error {
	shown := "a number or boolean"
	switch raw[0] {
	case '"':
		shown = "a string"
	case '{':
		shown = "an object"
	case '[':
		shown = "a list"
	}
	return &misfit{shown: shown, want: want}
}

func inside(name string, err error) error {
	if m, ok := errors.AsType[*misfit](err); ok {
		return &misfit{where: strings.TrimSuffix(name+"."+m.where, "."), shown: m.shown, want: m.want}
	}
	return fmt.Errorf("%s: %w", name, err)
}
