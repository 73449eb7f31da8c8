package dolibarr

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// What a failure means, whatever its words.
var (
	// ErrUnreachable is a Dolibarr that did not answer, or whose answer was lost: a
	// change may have happened.
	ErrUnreachable = errors.New("no answer")
	// ErrKey is a key that is not known there, or a user without a right.
	ErrKey = errors.New("not allowed")
	// errNone is a list in which nothing is found.
	errNone = errors.New("nothing found")
)

// Failed is an answer that is no success, in Dolibarr's words.
type Failed struct {
	Method, Call string
	Status       int
	Reason       string
	Foreign      bool // it is not Dolibarr's API that answered
}

func (e *Failed) Error() string {
	return fmt.Sprintf("%s %s: %d %s", e.Method, e.Call, e.Status, e.Reason)
}

// Is tells what a caller decides by.
func (e *Failed) Is(target error) bool {
	switch {
	case e.Foreign:
		return target == ErrUnreachable && e.Status >= http.StatusBadGateway
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		return target == ErrKey
	case e.Status == http.StatusNotFound:
		return target == errNone && e.Reason != http.StatusText(http.StatusNotFound) // alone it means that there is no such call
	}
	return false
}

// Unreachable is a request without an answer.
type Unreachable struct {
	Method, Call string
	Err          error
}

func (e *Unreachable) Error() string {
	return fmt.Sprintf("%s %s: no answer: %v", e.Method, e.Call, e.Err)
}
func (e *Unreachable) Unwrap() error { return e.Err }

// Is answers to ErrUnreachable.
func (e *Unreachable) Is(target error) bool { return target == ErrUnreachable }

// Refusal is a document that cannot be brought into Dolibarr before somebody does
// something.
type Refusal struct {
	Document string // number
	Why, Fix string
}

func (r *Refusal) Error() string { return r.Document + ": " + r.Why }

// failure reads an answer that is no success: {"error":{"code":…,"message":…,"0":…}}.
func failure(method, call string, status int, body []byte) error {
	var answer struct {
		Error map[string]any `json:"error"`
	}
	e := &Failed{Method: method, Call: call, Status: status, Reason: http.StatusText(status)}
	if json.Unmarshal(body, &answer) != nil || answer.Error == nil {
		e.Foreign = status != http.StatusNotModified // that has no body
		return e
	}
	if message, ok := answer.Error["message"].(string); ok {
		e.Reason = strings.TrimSpace(message)
	}
	var keys []int
	for key := range answer.Error {
		if n, err := strconv.Atoi(key); err == nil {
			keys = append(keys, n)
		}
	}
	slices.Sort(keys)
	for _, n := range keys {
		if detail, ok := answer.Error[strconv.Itoa(n)].(string); ok && detail != "" {
			e.Reason += "; " + detail
		}
	}
	return e
}
