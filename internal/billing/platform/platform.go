// Package platform deposits invoices with the approved platform that a seller chose
// (plateforme agréée, which French law wants between businesses): each document once, as
// its Factur-X file named SIREN_NUMBER.pdf, in a folder or over SFTP; and it keeps what
// became of it, with dates.
//
// No platform's own format is claimed. Answers are noted by hand, or read from a file
// beside the deposit, SIREN_NUMBER.status, in our own form, for which a platform's own
// answers can be translated by a few lines of script. The package knows no interface of
// any platform and changes no invoice.
package platform

import (
	"fmt"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
)

// State is where a deposit stands.
//
//	handing ──► deposited ──► approved ──► paid
//	   ▲            │  └──► refused   ▲
//	   └─ rejected ◄┘  └──────────────┘
type State string

// The states. Rejected, refused and paid are answers of others.
const (
	Handing   State = "handing"   // it is being given its name over there, this instant
	Deposited State = "deposited" // the platform has it
	Rejected  State = "rejected"  // the platform found it wrong: it may be deposited again
	Refused   State = "refused"   // the buyer does not want it: only a credit note helps
	Approved  State = "approved"  // the buyer will pay
	Paid      State = "paid"
)

// next are the states that may follow each.
var next = map[State][]State{
	Handing:   {Deposited},
	Deposited: {Rejected, Refused, Approved, Paid},
	Approved:  {Paid},
	Rejected:  {Handing},
}

// Answers are the states that others decide, in the order of help texts.
var Answers = []State{Rejected, Refused, Approved, Paid}

// Open reports whether an answer may still come.
func (s State) Open() bool { return s == Deposited || s == Approved }

// Submission is a document and what became of it at the platform.
type Submission struct {
	Number  string  `json:"number"`
	File    string  `json:"file"`   // SIREN_NUMBER.pdf
	SHA256  string  `json:"sha256"` // of it
	State   State   `json:"state"`
	Read    int     `json:"read"` // answers of the platform that were taken in
	History []Stage `json:"history"`
}

// Stage is one state and its day.
type Stage struct {
	State State         `json:"state"`
	On    calendar.Date `json:"on"`
	Why   string        `json:"why,omitempty"`
	At    time.Time     `json:"at"` // when it was noted
	By    string        `json:"by"`
}

// turn brings a deposit into a state, if that may follow.
func (d *Submission) turn(s Stage) error {
	if !slices.Contains(next[d.State], s.State) {
		may := "nothing may follow"
		if n := next[d.State]; len(n) > 0 {
			may = fmt.Sprintf("what may follow: %v", n)
		}
		return refused(may, "%s is %s at the platform, and cannot become %s", d.Number, d.State, s.State)
	}
	if n := len(d.History); n > 0 && s.On.Before(d.History[n-1].On) {
		return refused("give a later day with --on", "%s became %s on %s, so it cannot become %s on %s", d.Number, d.State, d.History[n-1].On, s.State, s.On)
	}
	d.State, d.History = s.State, append(d.History, s)
	return nil
}

// Answer is one line of a SIREN_NUMBER.status file: a JSON array of these, the oldest
// first.
type Answer struct {
	On    calendar.Date `json:"on"`
	State State         `json:"state"`
	Why   string        `json:"why,omitempty"`
}
