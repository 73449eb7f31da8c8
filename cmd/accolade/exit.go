package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"codeberg.org/accolade/accolade/internal/api"
)

// Exit codes; scripts rely on them.
const (
	exitOK           = 0
	exitTrouble      = 1   // trouble was found, or the work failed
	exitUsage        = 2   // the command was called wrongly
	exitRefused      = 3   // understood, but not done for a reason
	exitNoController = 4   // nobody answers
	exitNotFound     = 5   // what was named does not exist
	exitForbidden    = 6   // no token, a bad one, or a role that does not allow it
	exitUnchecked    = 7   // not checked, since a program or data that it takes is not there
	exitInterrupted  = 130 // by the user
)

const exitHelp = `Exit codes: 0 done; 1 trouble found, or the work failed; 2 wrong use; 3 refused,
with the reason; 4 no controller answers; 5 what was named does not exist;
6 not allowed (token or role); 7 not checked, for want of programs or data that it
takes; 130 interrupted.`

// errTrouble ends a command with code 1 when its output has said everything.
var errTrouble = errors.New("trouble found")

// failure is an error with a way out, and with its own exit code (0 is 1).
type failure struct {
	what, fix string
	code      int
}

func (f *failure) Error() string { return f.what }

// report tells the error as a sentence with its fix and chooses the exit code.
func (e *env) report(err error) int {
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errTrouble) {
		return exitTrouble
	}
	say := func(what, fix string) {
		fmt.Fprintf(e.stderr, "%s %s\n", e.paint(red, "accolade:"), what)
		if fix != "" {
			fmt.Fprintf(e.stderr, "  %s %s\n", e.paint(bold, "→"), fix)
		}
	}
	if u, ok := errors.AsType[*usageError](err); ok {
		say(u.Error(), u.command+" --help shows how")
		return exitUsage
	}
	if !e.started { // cobra's own findings: unknown command, missing flags
		say(err.Error(), "accolade --help shows how")
		return exitUsage
	}
	if f, ok := errors.AsType[*failure](err); ok {
		say(f.what, f.fix)
		return max(f.code, exitTrouble)
	}
	if u, ok := errors.AsType[*api.Unreachable](err); ok && errors.Is(u, os.ErrPermission) {
		say("you may not open the controller's socket "+u.Address, "ask for membership of its group (socket_group in the controller's configuration, such as accolade), then log in anew")
		return exitForbidden
	} else if ok {
		say(u.Error(), noController(u.Address))
		return exitNoController
	}
	if p, ok := errors.AsType[*api.Error](err); ok {
		say(p.Error(), p.Fix)
		return exitOf(p.Code)
	}
	if errors.Is(err, context.Canceled) {
		say("interrupted", "")
		return exitInterrupted
	}
	if f, ok := fileTrouble(err); ok {
		say(f.what, f.fix)
		return f.code
	}
	say(err.Error(), "")
	return exitTrouble
}

func noController(address string) string {
	return "start one with: systemctl start accoladed (or: accoladed --config FILE), or say where it is with --socket or --url; tried " + address
}

func exitOf(code string) int {
	switch code {
	case api.CodeRefused, api.CodeExists, api.CodeInvalid, api.CodeTooLarge:
		return exitRefused
	case api.CodeNotFound:
		return exitNotFound
	case api.CodeUnauthorised, api.CodeForbidden, api.CodeTooMany:
		return exitForbidden
	case api.CodeUnavailable:
		return exitNoController
	}
	return exitTrouble
}
