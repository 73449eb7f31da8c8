// Package watch keeps the one table of the morning: what is wrong, the worst
// first, and what to do about it. Each source looks at one matter and tells its
// conditions; the table only puts them together.
//
// It asks no machine: sources read what the rounds and operations left in the
// store, so that the table is there at once and also while a box is away.
package watch

import (
	"slices"
	"time"
)

// Level is how bad a condition is.
type Level string

// Levels, the worst first.
const (
	Critical Level = "critical" // somebody is without service or without a backup
	Warning  Level = "warning"  // nobody feels it yet
	Unknown  Level = "unknown"  // it could not be asked
	OK       Level = "ok"
)

var order = []Level{Critical, Warning, Unknown, OK}

// Condition is how one thing fares.
type Condition struct {
	Level Level
	Of    string    // kind and name: box/kerlann, server/kerlann, operation/000042
	What  string    // one sentence
	Fix   string    // what to do about it; empty for OK
	Since time.Time // zero: not known
}

// Source tells the conditions of one matter.
type Source func() ([]Condition, error)

// Named is a source with the name under which a failure of it is told.
type Named struct {
	Name string
	Tell Source
}

// Conditions asks every source. The worst come first; among equals the order of
// the sources stays. A source that fails is a condition itself.
func Conditions(sources []Named) []Condition {
	var all []Condition
	for _, s := range sources {
		found, err := s.Tell()
		if err != nil {
			found = append(found, Condition{Level: Critical, Of: s.Name, What: "cannot be looked at: " + err.Error(), Fix: "look at the controller's log"})
		}
		all = append(all, found...)
	}
	slices.SortStableFunc(all, func(a, b Condition) int { return slices.Index(order, a.Level) - slices.Index(order, b.Level) })
	return all
}

// Trouble tells whether somebody has to do something.
func Trouble(all []Condition) bool {
	return slices.ContainsFunc(all, func(c Condition) bool { return c.Level != OK })
}
