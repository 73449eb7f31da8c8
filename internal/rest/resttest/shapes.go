// Package resttest gives answers of a simulated system other shapes that mean the same, as
// real ones do from one release to the next. It is for tests of our clients alone.
package resttest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// Shapes are ways to write an answer, by name. Each changes a value in place of another
// and gives back the rest.
var Shapes = map[string]func(v any) any{
	"numbers as strings": func(v any) any {
		if n, ok := v.(json.Number); ok {
			return n.String()
		}
		return v
	},
	"strings as numbers": func(v any) any {
		if s, ok := v.(string); ok && digits.MatchString(s) {
			return json.Number(s)
		}
		return v
	},
	"0 and 1 as booleans": func(v any) any {
		if n, ok := v.(json.Number); ok && (n == "0" || n == "1") {
			return n == "1"
		}
		return v
	},
	"booleans as 0 and 1": func(v any) any {
		if b, ok := v.(bool); ok && b {
			return json.Number("1")
		} else if ok {
			return json.Number("0")
		}
		return v
	},
	"nothing as null": func(v any) any {
		switch v := v.(type) {
		case string:
			if v == "" {
				return nil
			}
		case []any:
			if len(v) == 0 {
				return nil
			}
		case map[string]any:
			if len(v) == 0 {
				return nil
			}
		}
		return v
	},
	"empty lists as objects": func(v any) any {
		if list, ok := v.([]any); ok && len(list) == 0 {
			return map[string]any{}
		}
		return v
	},
	"more fields": func(v any) any {
		if row, ok := v.(map[string]any); ok && isRow(row) {
			row["x-new"] = map[string]any{"a": []any{1, nil}}
			row["x-null"] = nil
		}
		return v
	},
}

var digits = regexp.MustCompile(`^(0|[1-9][0-9]{0,9})$`)

// isRow tells an object with fields of fixed names from a map, whose keys are data.
func isRow(row map[string]any) bool {
	for _, field := range []string{"node", "vmid", "volid", "storage", "upid", "status", "roleid", "userid", "tokenid", "path", "id", "n", "ns", "backup-id"} {
		if _, ok := row[field]; ok {
			return true
		}
	}
	return false
}

// As answers in a shape of Shapes what next answers in its own: the value of "data" where
// there is one.
func As(shape string, next http.RoundTripper) http.RoundTripper {
	return reshaper{Shapes[shape], next}
}

type reshaper struct {
	change func(any) any
	next   http.RoundTripper
}

func (r reshaper) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := r.next.RoundTrip(req)
	if err != nil || res.StatusCode >= 300 {
		return res, err
	}
	text, err := io.ReadAll(res.Body)
	if err := firstOf(err, res.Body.Close()); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var answer any
	if d.Decode(&answer) == nil && !strings.HasSuffix(req.URL.Path, "/config") { // a VM's, whose values are texts
		if whole, ok := answer.(map[string]any); ok && whole["data"] != nil {
			whole["data"] = r.reshape(whole["data"])
		} else {
			answer = r.reshape(answer)
		}
		if text, err = json.Marshal(answer); err != nil {
			return nil, err
		}
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	res.Header.Del("Content-Length")
	return res, nil
}

func (r reshaper) reshape(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = r.reshape(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = r.reshape(v[key])
		}
	}
	return r.change(v)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
