package yunohost

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
)

// form collects the fields of a request: a JSON body stands alone; else the path's
// placeholders, the query and the body's fields come together. file is the content
// of an uploaded file.
func (q *request) form(values map[string]string) (map[string][]string, []byte, error) {
	form := map[string][]string{}
	ctype := q.http.Header.Get("Content-Type")
	if ctype == "application/json" && len(q.body) > 0 {
		var fields map[string]any
		if json.Unmarshal(q.body, &fields) != nil {
			return nil, nil, &fault{kind: crashPage, text: "invalid JSON"}
		}
		for k, v := range fields {
			form[k] = jsonField(v)
		}
		return form, nil, nil
	}
	for k, v := range values {
		form[k] = []string{v}
	}
	add := func(more url.Values) {
		for k, v := range more {
			form[k] = append(form[k], v...)
		}
	}
	if query, err := url.ParseQuery(q.http.URL.RawQuery); err == nil {
		add(query)
	}
	media, params, err := mime.ParseMediaType(ctype)
	if err == nil && media == "multipart/form-data" {
		return readMultipart(q.body, params["boundary"], form)
	}
	if fields, err := url.ParseQuery(string(q.body)); err == nil {
		add(fields)
	}
	return form, nil, nil
}

func jsonField(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, item := range v {
			list = append(list, jsonField(item)...)
		}
		return list
	}
	return []string{fmt.Sprint(v)}
}

func readMultipart(body []byte, boundary string, form map[string][]string) (map[string][]string, []byte, error) {
	parsed, err := multipart.NewReader(strings.NewReader(string(body)), boundary).ReadForm(maxBody)
	if err != nil {
		return nil, nil, &fault{kind: crashPage, text: "malformed multipart body"}
	}
	for k, v := range parsed.Value {
		form[k] = append(form[k], v...)
	}
	var file []byte
	for k, files := range parsed.File {
		opened, err := files[0].Open()
		if err != nil {
			return nil, nil, &fault{kind: crashPage, text: err.Error()}
		}
		file, err = io.ReadAll(opened)
		if closing := opened.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return nil, nil, &fault{kind: crashPage, text: err.Error()}
		}
		form[k] = append(form[k], files[0].Filename)
	}
	return form, file, nil
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
