// Package yunohost is a simulated YunoHost 12.1: one State with two doors, the
// command line (State.CLI) and the HTTP API of its web admin (API).
//
// It behaves as a real one was seen to, traps included: work done behind a 500,
// nothing done behind a 200, answers mixed up when requests overlap. A route or
// command that is not simulated is refused by its name, never invented.
//
// State is plain JSON data, runs no goroutine, never reads the time and does not
// lock: its owner does. It never keeps a password in clear but the relay's, which a
// real server shows too.
package yunohost

import "time"

// Result is how a command ended. Duration is how long it takes, waiting for the lock
// included; the caller lets that much time go by before it shows the rest.
type Result struct {
	Stdout, Stderr []byte
	Exit           int
	Duration       time.Duration

	worked bool // it got past its checks: there is something to do over time
}
