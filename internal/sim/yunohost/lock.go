package yunohost

import (
	"fmt"
	"time"
)

// Action is a command of the command line that changes something: it holds the lock
// of the server from Start to Until. What it does shows when it ends, except that an
// import goes on user by user.
type Action struct {
	Input Input     `json:"input"`
	Start time.Time `json:"start"`
	Until time.Time `json:"until"`
	Steps *steps    `json:"steps,omitempty"` // of an import that has begun
}

// lockText is what the web API answers when it has waited for 30 s in vain.
const lockText = "There is already a YunoHost operation running. Please wait for it to finish before running another one."

// lockWait is how long the web API waits for the lock.
const lockWait = 30 * time.Second

// busyUntil is the end of the last action in the queue, or now.
func (s *State) busyUntil(now time.Time) time.Time {
	if n := len(s.Actions); n > 0 && s.Actions[n-1].Until.After(now) {
		return s.Actions[n-1].Until
	}
	return now
}

// NextEvent is when something changes by itself; zero when nothing is pending.
func (s *State) NextEvent() time.Time {
	if len(s.Actions) == 0 {
		return time.Time{}
	}
	a := s.Actions[0]
	if a.Steps != nil {
		if at, ok := a.Steps.next(a.Start); ok && at.Before(a.Until) {
			return at
		}
	} else if a.Input.stepwise() {
		return a.Start
	}
	return a.Until
}

// Advance does what is due up to now.
func (s *State) Advance(now time.Time) {
	for len(s.Actions) > 0 {
		a := s.Actions[0]
		if a.Input.stepwise() && !a.Start.After(now) {
			s.advanceSteps(a, now)
		}
		if a.Until.After(now) {
			break
		}
		s.Now = a.Until
		s.Actions = s.Actions[1:]
		if a.Steps == nil {
			s.run(a.Input, a.Start)
		}
	}
	if now.After(s.Now) {
		s.Now = now.UTC()
	}
}

// Abort is a power cut: what was under way stops where it is, and what waited is
// gone.
func (s *State) Abort(now time.Time) {
	s.Advance(now)
	for _, a := range s.Actions {
		if !a.Start.After(now) && s.logNamed(a.Input.logName(a.Start)) == nil {
			s.Logs = append(s.Logs, &Log{Name: a.Input.logName(a.Start), Started: a.Start, Broken: true})
		}
	}
	s.Actions = nil
}

// Forget drops what was under way without letting it go on: what a disk that was
// copied from a running server holds is as of that instant.
func (s *State) Forget() { s.Actions = nil }

// rehearse runs an action on a copy, after all that is in the queue before it, and
// puts it into the queue. The result is what it will have been.
func (s *State) rehearse(in Input, now time.Time) (Result, error) {
	start := s.busyUntil(now)
	copied, err := s.clone()
	if err != nil {
		return Result{}, fmt.Errorf("rehearse %s: %w", in.Action, err)
	}
	copied.Advance(start)
	copied.Actions = nil
	res := copied.run(in, start)
	if res.worked {
		s.Actions = append(s.Actions, &Action{Input: in, Start: start, Until: start.Add(res.Duration)})
		s.Advance(now)
	}
	res.Duration += start.Sub(now)
	return res, nil
}
