package fleet

import (
	"errors"
	"io"
	"net"
)

// What a failure of a box or a vault means, whatever its words. The adapters'
// errors answer to these with errors.Is.
var (
	// ErrMachine is every failure that a box or a vault answered with, or that
	// kept it from answering: its text is the machine's and holds no secret.
	ErrMachine = errors.New("a box or vault did not do it")
	// ErrNotFound is a VM, volume, storage, user, role, job or pool that is not there.
	ErrNotFound = errors.New("not there")
	// ErrExists is the opposite: a name or VMID that is taken.
	ErrExists = errors.New("exists already")
	// ErrLockTimeout is a lock that another task held for too long. The work may be half done: look, then try again.
	ErrLockTimeout = errors.New("lock timeout")
	// ErrLocked is a VM that another task has locked, such as the backup of the night. It lasts as long as that task.
	ErrLocked = errors.New("VM is locked")
	// ErrUnauthorized is a login, ticket or token that is not known there.
	ErrUnauthorized = errors.New("not logged in")
	// ErrRefused is a right that is missing.
	ErrRefused = errors.New("permission denied")
	// ErrUnreachable is a machine that did not answer, or whose answer was lost: a change may have happened.
	ErrUnreachable = errors.New("no answer")
	// ErrStorageAway is a storage that is defined and cannot be reached now: a vault, or a disk that is not mounted.
	ErrStorageAway = errors.New("storage is away")
	// ErrAgentDown is a guest whose agent does not run (yet).
	ErrAgentDown = errors.New("guest agent is not running")
	// ErrVMOff is a VM that is switched off, so that its agent does not run either.
	ErrVMOff = errors.New("VM is not running")
)

// Unanswered is a request to a box or a vault that had no answer, an ErrUnreachable.
type Unanswered struct {
	Method, Call string
	Err          error
}

func (e *Unanswered) Error() string { return e.Method + " " + e.Call + ": " + noAnswer(e.Err) }

func (e *Unanswered) Unwrap() error { return e.Err }

// Is answers to ErrUnreachable.
func (e *Unanswered) Is(target error) bool { return target == ErrUnreachable || target == ErrMachine }

// noAnswer says in words why there was no answer.
func noAnswer(err error) string {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "no answer in time"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "no answer: it hung up"
	}
	return "no answer: " + err.Error()
}
