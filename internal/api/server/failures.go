package server

import (
	"sync"
	"time"
)

// failureLimit attempts within failureWindow may fail from one address before it
// has to wait.
const (
	failureLimit  = 10
	failureWindow = time.Minute
	failureRoom   = 10_000 // addresses remembered; a flood from more forgets the oldest window
)

// failures counts failed authentications by address.
type failures struct {
	mu sync.Mutex
	by map[string]failed
}

type failed struct {
	since time.Time
	count int
}

func newFailures() *failures { return &failures{by: map[string]failed{}} }

func (f *failures) blocked(from string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.by[from]
	return ok && now.Sub(e.since) < failureWindow && e.count >= failureLimit
}

func (f *failures) add(from string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.by[from]
	if now.Sub(e.since) >= failureWindow {
		if len(f.by) >= failureRoom {
			clear(f.by)
		}
		e = failed{since: now}
	}
	e.count++
	f.by[from] = e
}
