package controller_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/controller"
	"codeberg.org/accolade/accolade/internal/racetest"
	"codeberg.org/accolade/accolade/internal/secret"
)

// schema is the part of JSON Schema that the OpenAPI document uses.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       any                `json:"type"`
	Format     string             `json:"format"`
	Enum       []any              `json:"enum"`
	Items      *schema            `json:"items"`
	Properties map[string]*schema `json:"properties"`
	Additional any                `json:"additionalProperties"`
}

// call is one route with what it takes.
type call struct {
	method, path, kind string
	query              map[string]*schema
	body               *schema
}

// document is what the controller says of itself.
type document struct {
	calls      []call
	components map[string]*schema
}

// described reads the controller's own description of its API.
func described(t *testing.T, c *http.Client) document {
	t.Helper()
	res, err := c.Get("http://x/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name, In string
				Schema   *schema
			}
			RequestBody struct {
				Content map[string]struct{ Schema *schema }
			}
		}
		Components struct{ Schemas map[string]*schema }
	}
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	d := document{components: doc.Components.Schemas}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			one := call{method: strings.ToUpper(method), path: path, query: map[string]*schema{}, kind: "application/json"}
			for _, p := range op.Parameters {
				if p.In == "query" {
					one.query[p.Name] = p.Schema
				}
			}
			for kind, content := range op.RequestBody.Content {
				one.kind, one.body = kind, content.Schema
			}
			d.calls = append(d.calls, one)
		}
	}
	slices.SortFunc(d.calls, func(a, b call) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return d
}

func (d document) resolve(s *schema) *schema {
	for s != nil && s.Ref != "" {
		s = d.components[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	return s
}

func (s *schema) is(kind string) bool {
	if list, ok := s.Type.([]any); ok {
		return slices.Contains(list, any(kind))
	}
	return s.Type == kind
}

// filled is a value of the schema whose texts and numbers are as hostile says.
func (d document) filled(s *schema, hostile hostility, depth int) any {
	s = d.resolve(s)
	if s == nil || depth > 6 {
		return nil
	}
	switch {
	case len(s.Enum) > 0 && !hostile.enums:
		return s.Enum[0]
	case s.is("object"):
		all := map[string]any{}
		for name, p := range s.Properties {
			if name != "$schema" {
				all[name] = d.filled(p, hostile, depth+1)
			}
		}
		if s.Additional != nil && len(s.Properties) == 0 {
			all["a"] = hostile.text
		}
		return all
	case s.is("array"):
		var list []any
		for range hostile.many {
			list = append(list, d.filled(s.Items, hostile, depth+1))
		}
		return list
	case s.is("integer"), s.is("number"):
		return hostile.number
	case s.is("boolean"):
		return true
	}
	switch {
	case hostile.dates && s.Format == "date":
		return "2027-02-29"
	case hostile.dates && s.Format == "date-time":
		return "9999-12-31T23:59:59Z"
	}
	return hostile.text
}

// hostility is what all texts, numbers and lists of a request are made of.
type hostility struct {
	text   string
	number json.Number
	many   int  // entries of each list
	enums  bool // texts stand for words of a fixed list too
	dates  bool // days and instants are such
}

var hostilities = map[string]hostility{
	"empty":    {"", "0", 0, true, false},
	"long":     {strings.Repeat("é", 20_000), "1e300", 1, false, false},
	"controls": {"a\r\n\x00\x1b[31m\u202e", "-1", 1, false, true},
	"path":     {"../../../etc/passwd", "9223372036854775807", 1, false, true},
	"day":      {"9999-12-31", "12", 1, false, true},
	"money":    {"99999999999999999999,99", "2147483648", 300, false, true},
}

var inPath = regexp.MustCompile(`\{[^}]+\}`)

// sentOf builds a request to a route. What stands for records in its path is there, where the
// lists have any.
func (d document) sentOf(t *testing.T, c call, h hostility, there map[string]string) *http.Request {
	t.Helper()
	var body io.Reader
	if c.body != nil {
		text, err := json.Marshal(d.filled(c.body, h, 0))
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	short := h
	short.text = h.text[:min(len(h.text), 2000)]
	query := url.Values{}
	for name, s := range c.query {
		query.Set(name, fmt.Sprint(d.filled(s, short, 0)))
	}
	path := inPath.ReplaceAllStringFunc(c.path, func(p string) string {
		return url.PathEscape(cmp.Or(there[strings.Trim(p, "{}")], short.text, "x"))
	})
	req, err := http.NewRequestWithContext(t.Context(), c.method, "http://x"+path+"?"+query.Encode(), body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", c.kind)
	return req
}

// records finds a record of each list, by the noun.
func (d document) records(t *testing.T, c *http.Client) map[string]string {
	t.Helper()
	there := map[string]string{}
	for _, one := range d.calls {
		if one.method != http.MethodGet || strings.Contains(one.path, "{") || one.path == "/v1/store/copy" {
			continue
		}
		res, err := c.Get("http://x" + one.path)
		if err != nil {
			t.Fatal(err)
		}
		var rows []map[string]any
		err = json.NewDecoder(res.Body).Decode(&rows)
		res.Body.Close()
		if err != nil || len(rows) == 0 {
			continue // no list, or nothing in it
		}
		noun := strings.TrimSuffix(one.path[strings.LastIndexByte(one.path, '/')+1:], "s")
		for _, name := range []string{"month", "number", "name", "id"} {
			if id, ok := rows[0][name]; ok {
				there[noun] = fmt.Sprint(id)
			}
		}
		there["number"] = cmp.Or(there["invoice"], there["number"])
	}
	there["box"] = there["boxe"]
	return there
}

// Whatever is sent to whatever route, of a controller whose key file is another's, the
// answer is clear and short.
func TestHostileRequests(t *testing.T) {
	conf := settings(t, shortDir(t), nil)
	if err := os.MkdirAll(conf.State, 0o700); err != nil {
		t.Fatal(err)
	}
	unpackGolden(t, filepath.Join(goldens, "002-accounts.db.gz"), controller.StoreFile(conf.State))
	if _, err := secret.OpenKeeper(filepath.Join(conf.State, "identity.age")); err != nil {
		t.Fatal(err)
	}
	_, log := start(t, conf)
	if !strings.Contains(log.String(), "the key does not open what the store holds") {
		t.Error("the log does not say that the key is another one")
	}
	c := overSocket(conf.Socket)
	defer c.CloseIdleConnections()
	d := described(t, c)
	there := d.records(t, c)
	if len(d.calls) < 100 || there["client"] == "" || there["box"] == "" || there["month"] == "" {
		t.Fatalf("%d calls are described, and of records there are %v", len(d.calls), there)
	}
	for i, call := range d.calls {
		for j, name := range slices.Sorted(maps.Keys(hostilities)) {
			if racetest.On && j != i%len(hostilities) {
				continue // one for each call
			}
			h := hostilities[name]
			res, err := c.Do(d.sentOf(t, call, h, there))
			if err != nil {
				t.Errorf("%s %s (%s): %v", call.method, call.path, name, err)
				continue
			}
			text, err := io.ReadAll(res.Body)
			if err != nil {
				t.Errorf("%s %s (%s): %v", call.method, call.path, name, err)
			}
			res.Body.Close()
			if res.StatusCode < 400 {
				continue
			}
			var p api.Error
			if err := json.Unmarshal(text, &p); err != nil || p.Code == "" || p.Detail == "" || p.Code == api.CodeInternal || len(text) > 64<<10 {
				t.Errorf("%s %s (%s): %d, %d bytes: %.300s", call.method, call.path, name, res.StatusCode, len(text), text)
			}
		}
	}
}

// A controller does not make another key beside secrets that it would not open.
func TestMissingKey(t *testing.T) {
	conf := settings(t, shortDir(t), nil)
	if err := os.MkdirAll(conf.State, 0o700); err != nil {
		t.Fatal(err)
	}
	unpackGolden(t, filepath.Join(goldens, "002-accounts.db.gz"), controller.StoreFile(conf.State))
	key := filepath.Join(conf.State, "identity.age")
	_, err := controller.Start(t.Context(), conf, controller.Options{Version: "v1", Log: io.Discard})
	if err == nil || !strings.Contains(err.Error(), key+" is missing") || !strings.Contains(err.Error(), "bring it back") {
		t.Errorf("without its key it starts with %v", err)
	}
	if _, err := os.Stat(key); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it made a key: %v", err)
	}
}
