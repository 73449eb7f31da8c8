package pbs

import (
	"fmt"
	"net/http"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// failed is an answer that is no success, in the server's words.
type failed struct {
	Method, Call string
	Status       int
	Reason       string
}

func (e *failed) Error() string { return fmt.Sprintf("%s %s: %s", e.Method, e.Call, e.Reason) }

// Is tells what a caller decides by. The server answers 400 for nearly everything,
// so its words have to be read.
func (e *failed) Is(target error) bool {
	words := strings.ToLower(e.Reason)
	switch {
	case target == fleet.ErrMachine:
		return true
	case e.Status == http.StatusUnauthorized:
		return target == fleet.ErrUnauthorized
	case e.Status == http.StatusForbidden:
		return target == fleet.ErrRefused
	case e.Status >= 502:
		return target == fleet.ErrUnreachable
	case e.Status == http.StatusNotFound, strings.Contains(words, "does not exist"), strings.Contains(words, "no such"), strings.Contains(words, "not found"):
		return target == fleet.ErrNotFound
	case strings.Contains(words, "already exists"):
		return target == fleet.ErrExists
	}
	return false
}
