// Package simtime is the time of a simulated world. By itself it runs like the
// wall clock times a speed. While participants hold it in jump mode it stands
// still until all of them wait, and then goes to the earliest instant that any
// participant or actor waits for.
//
// It owns no state but the time; what happens at an instant is the actors' own.
package simtime

import "time"

// Actor is a simulated counterpart whose state changes with time: tasks that end,
// jobs that start, guests that boot. Its state is plain data, so that it can be
// saved; the actor finds in it what is due.
type Actor interface {
	// NextEvent is the earliest instant at which the actor's state changes by
	// itself; zero if nothing is pending.
	NextEvent() time.Time
	// Advance does everything that is due up to and including now, in order.
	Advance(now time.Time)
}
