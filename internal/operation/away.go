package operation

import (
	"errors"
	"syscall"

	"codeberg.org/accolade/accolade/internal/store"
)

// Away marks a transient error of a counterpart that does not answer at all, such as
// a box without power. The step waits for it as long as Options.Patience says, and
// the time until it answers again does not count for the step's deadline: nothing is
// wrong with the work. A nil err stays nil.
func Away(err error) error {
	if err == nil {
		return nil
	}
	return &transientError{err, true}
}

// IsAway tells whether err is one of Away.
func IsAway(err error) bool {
	t, ok := errors.AsType[*transientError](err)
	return isFull(err) || ok && t.away && IsTransient(err)
}

// isFull tells that there was no room on the disk, in the store or beside it.
func isFull(err error) bool {
	_, full := errors.AsType[*store.FullError](err)
	return full || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
