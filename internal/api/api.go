// Package api is the controller's HTTP API as both ends see it: the types on the
// wire, the errors, and the Go client that the command line uses.
//
// One file per noun holds the noun's types and the client's methods for it. The
// other end, one file per noun again, is package server below this one. All paths
// start with Prefix; the OpenAPI 3.1 document at /openapi.json is made from the Go
// types and is the full reference.
//
// The package knows no transport but HTTP, decides nothing, and stores nothing.
package api

import (
	"net/url"
	"strings"
)

// Prefix stands before every path of the API; it changes only when the API
// changes in a way that older clients do not survive.
const Prefix = "/v1"

// path joins path elements that are escaped one by one, so that a name may hold
// any character: path("clients", "a/b") is "/clients/a%2Fb".
func path(elem ...string) string {
	var b strings.Builder
	for _, e := range elem {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(e))
	}
	return b.String()
}

// withQuery adds the pairs of key and value to path, leaving out empty values.
func withQuery(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Add(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
