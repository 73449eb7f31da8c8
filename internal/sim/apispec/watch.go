package apispec

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
)

// Watch is a transport for the tests of programs that speak to Proxmox: it checks each
// request against the description of the system that it is sent to, and each answer
// against what the method returns, and tells what is wrong. It changes nothing.
type Watch struct {
	Spec   *Spec
	Next   http.RoundTripper // nil: http.DefaultTransport
	Report func(fault string)
}

const apiRoot = "/api2/json"

// RoundTrip implements http.RoundTripper.
func (w *Watch) RoundTrip(req *http.Request) (*http.Response, error) {
	next := w.Next
	if next == nil {
		next = http.DefaultTransport
	}
	path, ok := strings.CutPrefix(req.URL.Path, apiRoot)
	if !ok {
		return next.RoundTrip(req)
	}
	params, err := w.params(req)
	if err != nil {
		w.Report(req.Method + " " + path + ": " + err.Error())
	} else {
		for _, fault := range CheckRequest(w.Spec, req.Method, path, params) {
			w.Report("request: " + fault)
		}
	}
	resp, err := next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	for _, fault := range w.answer(req.Method, path, body) {
		w.Report("answer: " + fault)
	}
	return resp, nil
}

func (w *Watch) answer(verb, path string, body []byte) []string {
	var e struct{ Data json.RawMessage }
	if err := json.Unmarshal(body, &e); err != nil {
		return []string{verb + " " + path + ": " + err.Error()}
	}
	return CheckReturn(w.Spec, verb, path, e.Data)
}

// params reads the parameters of a request and puts its body back.
func (w *Watch) params(req *http.Request) (map[string]any, error) {
	params := w.form(req.URL.RawQuery)
	if req.Body == nil || req.Body == http.NoBody {
		return params, nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if err := req.Body.Close(); err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 {
		return params, nil
	}
	kind, attrs, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil {
		kind = "application/x-www-form-urlencoded"
	}
	var given map[string]any
	switch kind {
	case "application/json":
		if given, err = JSONBody(bytes.NewReader(body)); err != nil {
			return nil, err
		}
	case "multipart/form-data":
		if given, err = parts(body, attrs["boundary"]); err != nil {
			return nil, err
		}
	default:
		given = w.form(string(body))
	}
	for name, value := range given {
		params[name] = value
	}
	return params, nil
}

// form reads pairs as the system does that the description is of.
func (w *Watch) form(text string) map[string]any {
	if w.Spec.Name != PBS {
		return Form(text)
	}
	out := map[string]any{}
	values, err := url.ParseQuery(text)
	if err != nil {
		return out // the server will say so
	}
	for name, list := range values {
		if len(list) == 1 {
			out[name] = list[0]
			continue
		}
		many := make([]any, len(list))
		for i, v := range list {
			many[i] = v
		}
		out[name] = many
	}
	return out
}

// parts reads the fields of an upload; the file's name is the parameter "filename".
func parts(body []byte, boundary string) (map[string]any, error) {
	out := map[string]any{}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := r.NextPart()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if name := part.FileName(); name != "" {
			out["filename"] = name
			continue
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		out[part.FormName()] = string(text)
	}
}
