package pve

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
)

// maxPost is the longest body that is no upload, in bytes.
const maxPost = 512 << 10

var uploadPath = regexp.MustCompile(`^/nodes/([^/]+)/storage/([^/]+)/upload$`)

// readParams gives the parameters of a request: those of the body, which the ones of
// the query replace. A reply tells that the server does not take the request.
func readParams(req *http.Request, rel string) (map[string]any, *uploadFile, *reply) {
	params := map[string]any{}
	var file *uploadFile
	if req.ContentLength > 0 {
		if req.Method != http.MethodPost && req.Method != http.MethodPut {
			r := plain(http.StatusNotImplemented, fmt.Sprintf("Unexpected content for method '%s'", req.Method))
			return nil, nil, &r
		}
		var err error
		if req.Method == http.MethodPost && uploadPath.MatchString(rel) {
			params, file, err = readUpload(req)
		} else {
			params, err = readBody(req)
		}
		if err != nil {
			f := failureOf(err)
			r := plain(f.Status, f.Reason)
			if f.Errors != nil {
				r = failed("json", f)
			}
			return nil, nil, &r
		}
	}
	for name, value := range apispec.Form(req.URL.RawQuery) {
		params[name] = value
	}
	delete(params, "_dc")
	return params, file, nil
}

func readBody(req *http.Request) (map[string]any, error) {
	if req.ContentLength > maxPost {
		return nil, &failure{Status: http.StatusNotImplemented, Reason: "for data too large"}
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	kind, _, _ := strings.Cut(req.Header.Get("Content-Type"), ";")
	switch strings.TrimSpace(kind) {
	case "application/json":
		params, err := apispec.JSONBody(bytes.NewReader(body))
		if err != nil {
			return nil, failf("malformed JSON string: %v", err)
		}
		return params, nil
	case "", "application/x-www-form-urlencoded":
		return apispec.Form(string(body)), nil
	}
	return nil, &failure{Status: 506, Reason: fmt.Sprintf("upload 'Content-Type '%s' not implemented", req.Header.Get("Content-Type"))}
}

// readUpload reads the parts of an upload: content and checksum in any order, then
// the file, whose part is named "filename". The file ends only at the last boundary:
// parts behind it become a part of it.
func readUpload(req *http.Request) (map[string]any, *uploadFile, error) {
	kind, attrs, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || attrs["boundary"] == "" {
		return nil, nil, failf("upload 'Content-Type '%s' not implemented", req.Header.Get("Content-Type"))
	}
	parts := multipart.NewReader(req.Body, attrs["boundary"])
	params := map[string]any{}
	var file *uploadFile
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF && file != nil {
			return params, file, nil
		}
		if err != nil {
			return nil, nil, failf("upload failed")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, failf("upload failed")
		}
		field, name := part.FormName(), part.FileName()
		switch {
		case field == "filename" && name == "":
			return nil, nil, badParam("filename", "duplicate parameter (already defined by the file) with conflicting values!")
		case file != nil:
			file.Content = fmt.Appendf(file.Content, "\r\n--%s\r\nContent-Disposition: %s\r\n\r\n%s",
				attrs["boundary"], part.Header.Get("Content-Disposition"), content)
		case name != "" && field == "filename":
			params["filename"] = name
			file = &uploadFile{Name: name, Content: content}
		case field == "content" || field == "checksum" || field == "checksum-algorithm":
			params[field] = strings.TrimSpace(string(content))
		default:
			return nil, nil, failf("wrong field name '%s' for file upload, expected 'filename'", field)
		}
	}
}
