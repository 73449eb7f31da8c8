package api

import (
	"fmt"
	"strings"
)

// Codes of Error. They are stable: scripts may rely on them, and the command line
// derives its exit code from them.
const (
	CodeInvalid      = "invalid"      // 422: the input is wrong; Errors names each field
	CodeRefused      = "refused"      // 409: understood, but not done, for the reason given
	CodeExists       = "exists"       // 409: something of that name is there already
	CodeNotFound     = "not-found"    // 404
	CodeUnauthorised = "unauthorised" // 401: no token, or not a valid one
	CodeForbidden    = "forbidden"    // 403: the caller's role does not allow it
	CodeTooMany      = "too-many"     // 429: too many failed attempts from this address
	CodeTooLarge     = "too-large"    // 413: the body exceeds the route's limit
	CodeMethod       = "method"       // 405
	CodeUnavailable  = "unavailable"  // 503: the controller is starting or stopping, or out of room
	CodeInternal     = "internal"     // 500: the detail is in the controller's log under Reference
)

// Error is what went wrong as a human wants to hear it, sent as
// application/problem+json (RFC 9457) with three members of our own: code, fix,
// reference.
type Error struct {
	Status    int          `json:"status" doc:"HTTP status"`
	Title     string       `json:"title,omitempty" doc:"the status in words"`
	Code      string       `json:"code" doc:"stable name of the kind of error" enum:"invalid,refused,exists,not-found,unauthorised,forbidden,too-many,too-large,method,unavailable,internal"`
	Detail    string       `json:"detail" doc:"what happened, and to what"`
	Fix       string       `json:"fix,omitempty" doc:"what to do next"`
	Reference string       `json:"reference,omitempty" doc:"under which name the controller's log tells more"`
	Errors    []FieldError `json:"errors,omitempty" doc:"each wrong field of the input"`
}

// NotUnderstood is the detail of an error whose Errors say all there is to say.
const NotUnderstood = "the request was not understood, nothing was changed"

// FieldError is one wrong field.
type FieldError struct {
	Field   string `json:"field" doc:"where it stands, such as body.siren"`
	Message string `json:"message" doc:"what is wrong and what is allowed"`
	Value   any    `json:"value,omitempty" doc:"the value that was given"`
}

func (e *Error) Error() string {
	var lines []string
	if e.Detail != NotUnderstood || len(e.Errors) == 0 {
		lines = append(lines, e.Detail)
	}
	for _, f := range e.Errors {
		lines = append(lines, f.sentence())
	}
	said := strings.Join(lines, "\n  ")
	if e.Reference != "" {
		said += fmt.Sprintf(" (reference %s in the controller's log)", e.Reference)
	}
	return said
}

// sentence names the field as a command line calls it, the value, and what is allowed.
func (f FieldError) sentence() string {
	name := f.Field
	for _, where := range []string{"body.", "query.", "path."} {
		if inner, ok := strings.CutPrefix(name, where); ok {
			name = strings.ReplaceAll(inner, "_", "-")
		}
	}
	switch {
	case name == "":
		return f.Message
	case f.Value == nil || f.Value == "":
		return name + ": " + f.Message
	}
	return fmt.Sprintf("%s %v is refused: %s", name, f.Value, f.Message)
}

// GetStatus is the HTTP status (package huma asks for it).
func (e *Error) GetStatus() int { return e.Status }

// ContentType turns application/json into application/problem+json (package huma
// asks for it).
func (e *Error) ContentType(ct string) string {
	return strings.Replace(ct, "application/json", "application/problem+json", 1)
}

// Unreachable says that no controller answered at Address.
type Unreachable struct {
	Address string // the socket's path or the URL
	Err     error
}

func (u *Unreachable) Error() string {
	return fmt.Sprintf("no controller answers at %s: %v", u.Address, u.Err)
}

func (u *Unreachable) Unwrap() error { return u.Err }
