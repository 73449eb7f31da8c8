package operation

import (
	"errors"
	"fmt"
)

// Transient marks an error that may go away by itself: the step is tried again. A
// nil err stays nil.
func Transient(err error) error {
	if err == nil {
		return nil
	}
	return &transientError{err, false}
}

// Permanent marks an error that no further attempt mends; fix says in a sentence
// what a person does about it. A nil err stays nil.
func Permanent(err error, fix string) error {
	if err == nil {
		return nil
	}
	return &permanentError{err, fix}
}

// Stays marks what an undo leaves behind for good: it is told at once, and the undo is not
// tried again.
func Stays(err error) error { return &staysError{err} }

// IsStaying tells whether an error is about what stays.
func IsStaying(err error) bool {
	_, stays := errors.AsType[*staysError](err)
	return stays
}

type staysError struct{ error }

func (e *staysError) Unwrap() error { return e.error }

// Refused is a request that was understood and is not done. It is permanent.
type Refused struct {
	Why string
	Fix string
}

func (r *Refused) Error() string {
	if r.Fix == "" {
		return r.Why
	}
	return r.Why + ": " + r.Fix
}

// IsTransient tells whether a step that returned err is tried again. A disk of ours
// that is full is waited for like a counterpart that is away, whatever the step made of
// the error.
func IsTransient(err error) bool {
	if isFull(err) {
		return true
	}
	_, ok := errors.AsType[*transientError](err)
	_, permanent := errors.AsType[*permanentError](err)
	return ok && !permanent
}

// decided tells whether err says of itself if another attempt can help.
func decided(err error) bool {
	_, transient := errors.AsType[*transientError](err)
	_, permanent := errors.AsType[*permanentError](err)
	_, refused := errors.AsType[*Refused](err)
	return transient || permanent || refused
}

type transientError struct {
	err  error
	away bool
}

func (e *transientError) Error() string { return e.err.Error() }
func (e *transientError) Unwrap() error { return e.err }

type permanentError struct {
	err error
	fix string
}

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Fix is what an error says that a person can do about it; empty if it says nothing.
func Fix(err error) string {
	if e, ok := errors.AsType[*permanentError](err); ok {
		return e.fix
	}
	if r, ok := errors.AsType[*Refused](err); ok {
		return r.Fix
	}
	return ""
}

// problem turns the error that ended a step into what a person reads. An error that
// does not say what to do about it may be one that is gone the next time.
func problem(id, step string, err error) *Problem {
	p := &Problem{Step: step, What: err.Error()}
	if e, ok := errors.AsType[*permanentError](err); ok {
		p.Fix = e.fix
	} else if r, ok := errors.AsType[*Refused](err); ok {
		p.Fix = r.Fix
		if err == error(r) { //nolint:errorlint // only a bare refusal speaks for itself
			p.What = r.Why
		}
	}
	if p.Fix == "" {
		p.Fix = "mend what it names, then: " + retry(id)
	}
	return p
}

func retry(id string) string { return "accolade operation retry " + id }

// bug is the error of a step that panicked.
func bug(step string, value any) error {
	return &bugError{Permanent(fmt.Errorf("step %s: a fault in the program: %v", step, value),
		"report it with the controller's log; then retry or cancel the operation")}
}

// bugError is a panic; a step that panicked does so again.
type bugError struct{ error }

func (e *bugError) Unwrap() error { return e.error }
