// Package support owns the ledger of hours: what was done, by whom, for whom,
// in whole minutes, and how much of a contract year's allowance it used.
//
// The ledger only grows. A mistake is mended by entries that take the old one back
// and put the right one in its place, naming it. The package knows no money; what
// hours cost is billing's.
package support

import (
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
)

// Entry is one line of the ledger. It never changes once it is written.
type Entry struct {
	ID       string           `json:"id"`     // `H0001`, in order of booking
	Client   string           `json:"client"` // contract.Client.ID
	Contract string           `json:"contract,omitempty"`
	Date     calendar.Date    `json:"date"` // the day on which it was done
	Minutes  calendar.Minutes `json:"minutes"`
	Kind     contract.Work    `json:"kind"`
	Who      string           `json:"who"`                // the technician
	For      string           `json:"for,omitempty"`      // a person at the client's
	Where    string           `json:"where,omitempty"`    // a site, or `remote`
	Mode     fleet.Travel     `json:"mode,omitempty"`     // of travel: bike or truck, if known
	Note     string           `json:"note,omitempty"`     // for the client
	Private  string           `json:"private,omitempty"`  // for us: no letter or invoice holds it, nor a sheet that was not asked to
	Began    time.Time        `json:"began,omitzero"`     // if known, for work that must not overlap
	Group    *Group           `json:"group,omitempty"`    // a session shared with other clients
	Reverts  string           `json:"reverts,omitempty"`  // takes this entry back; Minutes is its negative
	Replaces string           `json:"replaces,omitempty"` // stands in the place of this entry
	Booked   time.Time        `json:"booked"`
	By       string           `json:"by"`               // who booked it
	Source   string           `json:"source,omitempty"` // `timer`, or the imported file's name
}

// Group is a session that several clients shared by seats.
type Group struct {
	ID      string           `json:"id"`      // the ID of its first entry
	Minutes calendar.Minutes `json:"minutes"` // of the whole session
	Seats   int              `json:"seats"`   // this client's
	Of      int              `json:"of"`      // all seats
}

// Ended is when the work ended; zero where it is not known when it began. The part of a
// session ends with it, unless it was corrected to be more or less than its share.
func (e Entry) Ended() time.Time {
	if e.Began.IsZero() {
		return time.Time{}
	}
	took := e.Minutes
	if g := e.Group; g != nil {
		if off := int64(e.Minutes)*int64(g.Of) - int64(g.Minutes)*int64(g.Seats); -int64(g.Of) < off && off < int64(g.Of) {
			took = g.Minutes
		}
	}
	return e.Began.Add(time.Duration(took) * time.Minute)
}

// Timer is work in progress; each technician has at most one.
type Timer struct {
	Who     string        `json:"who"`
	Client  string        `json:"client"`
	Kind    contract.Work `json:"kind"`
	For     string        `json:"for,omitempty"`
	Where   string        `json:"where,omitempty"`
	Mode    fleet.Travel  `json:"mode,omitempty"`
	Note    string        `json:"note,omitempty"`
	Private string        `json:"private,omitempty"`
	Started time.Time     `json:"started"`
}
