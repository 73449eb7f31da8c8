package proxmox

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// Refused is a 403: a right is missing. Path and Privileges are taken from the
// reason phrase "Permission check failed (/vms/100, VM.Backup)"; both are empty
// where the box says something else.
type Refused struct {
	Method, Call string
	Reason       string
	Path         string
	Privileges   []string
}

func (e *Refused) Error() string { return fmt.Sprintf("%s %s: %s", e.Method, e.Call, e.Reason) }

// Is answers to fleet.ErrRefused.
func (e *Refused) Is(target error) bool {
	return target == fleet.ErrRefused || target == fleet.ErrMachine
}

var permissionPattern = regexp.MustCompile(`^Permission check failed \(([^,)]+), ([^)]+)\)`)

func refused(method, call, reason string) *Refused {
	e := &Refused{Method: method, Call: call, Reason: reason}
	if m := permissionPattern.FindStringSubmatch(reason); m != nil {
		e.Path = m[1]
		e.Privileges = strings.FieldsFunc(m[2], func(r rune) bool { return r == '|' || r == ' ' || r == ',' })
	}
	return e
}

// paramError is a 400: parameters that the box does not accept, with the reason for each.
type paramError struct {
	Method, Call string
	Params       map[string]string
	Message      string // when no parameter is named
}

func (e *paramError) Error() string {
	if len(e.Params) == 0 {
		return fmt.Sprintf("%s %s: %s", e.Method, e.Call, e.Message)
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(e.Params)) {
		parts = append(parts, name+": "+strings.TrimSpace(e.Params[name]))
	}
	return fmt.Sprintf("%s %s: %s", e.Method, e.Call, strings.Join(parts, "; "))
}

// Is answers to fleet.ErrMachine.
func (e *paramError) Is(target error) bool { return target == fleet.ErrMachine }

// failed is a call that the box took and could not do; Reason is its reason phrase.
type failed struct {
	Method, Call string
	Status       int
	Reason       string
}

func (e *failed) Error() string { return fmt.Sprintf("%s %s: %s", e.Method, e.Call, e.Reason) }

// Is tells what a caller decides by: the box has no codes, only words.
func (e *failed) Is(target error) bool {
	return target == fleet.ErrMachine || meaning(e.Status, e.Reason) == target || target == fleet.ErrVMOff && e.Status == 500 && off(e.Reason)
}

func off(words string) bool {
	return strings.HasPrefix(words, "VM ") && strings.HasSuffix(words, " is not running")
}

// taskError is a task that ended badly, in its own words.
type taskError struct {
	UPID string
	Exit string
	Log  []string
}

func (e *taskError) Error() string {
	u, err := parseUPID(e.UPID)
	if err != nil {
		return "task failed: " + e.Exit
	}
	return strings.TrimSpace("task "+u.Type+" "+u.ID) + " failed: " + e.Exit
}

// Is as for failed.
func (e *taskError) Is(target error) bool {
	return target == fleet.ErrMachine || meaning(500, e.Exit) == target
}

var meanings = []struct {
	words *regexp.Regexp
	is    error
}{
	{regexp.MustCompile(`can't lock file .* got timeout|unable to acquire lock|got timeout.*lock`), fleet.ErrLockTimeout},
	{regexp.MustCompile(`VM is locked \(`), fleet.ErrLocked},
	// Before "does not exist": the directory of such a storage does not.
	{regexp.MustCompile(`unable to activate storage|storage '[^']*' is not online|error fetching datastores`), fleet.ErrStorageAway},
	{regexp.MustCompile(`QEMU guest agent is not running|got timeout.*guest.agent|guest-ping.* failed`), fleet.ErrAgentDown},
	{regexp.MustCompile(`already exists|already defined|duplicate`), fleet.ErrExists},
	{regexp.MustCompile(`does not exist|no such|not found|unable to find|doesn't exist|is not defined`), fleet.ErrNotFound},
}

// meaning reads the words of a failure. VMs that do not run have no running agent.
func meaning(status int, words string) error {
	switch {
	case status == 401:
		return fleet.ErrUnauthorized
	case status == 404:
		return fleet.ErrNotFound
	case status >= 502:
		return fleet.ErrUnreachable
	case status == 500:
		for _, m := range meanings {
			if m.words.MatchString(words) {
				return m.is
			}
		}
		if off(words) {
			return fleet.ErrAgentDown
		}
	}
	return nil
}

// plain takes off what net/http wraps around a transport's error.
func plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
