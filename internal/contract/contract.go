// Package contract owns whom we serve and on what terms: clients with their
// contacts and outside firms, offers, and contracts with their history of
// headcounts.
//
// Types and rules stand without I/O; Book keeps them in the store, each change
// with its audit record in the same transaction. The package never computes
// money (billing does) and never counts hours (support does).
package contract

import (
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
)

// Contract is what a client signed: an offer in the version of that day, from
// a first day on. It runs on past its term until it is ended.
type Contract struct {
	ID         string        `json:"id"`     // `kerlann-1`: the client's first contract
	Client     string        `json:"client"` // Client.ID
	Offer      Offer         `json:"offer"`  // as signed; later editions of the offer change nothing here, see OfferOn
	Start      calendar.Date `json:"start"`
	Headcounts []Headcount   `json:"headcounts,omitempty"` // by date, never empty for offers with a unit
	Renewals   []Renewal     `json:"renewals,omitempty"`   // by date
	Ending     *Ending       `json:"ending,omitempty"`
	LeftOut    []string      `json:"left_out,omitempty"` // accounts on the client's servers that are no employees
	Group      *AccountGroup `json:"group,omitempty"`    // that holds its accounts; nil: it shares its servers with nobody
	Signed     time.Time     `json:"signed"`             // when it was entered, UTC
}

// Headcount says how many employees (or seats) count from a day on, until the
// next Headcount.
type Headcount struct {
	From  calendar.Date `json:"from"`
	Count int           `json:"count"`
	Note  string        `json:"note,omitempty"` // required beyond MostEmployees
}

// AccountGroup is a group of a server's accounts, by YunoHost's name for it: those of one contract
// where several share the server.
type AccountGroup struct {
	Server string `json:"server,omitempty"`
	Name   string `json:"group,omitempty"`
}

// Ending closes a contract.
type Ending struct {
	On     calendar.Date `json:"on"`               // the last day that is served
	Early  EarlyEnd      `json:"early"`            // what becomes of the months left until the term
	Notice calendar.Date `json:"notice,omitzero"`  // the last day of the notice period, if the offer has one
	Reason string        `json:"reason,omitempty"` // why what is left is waived, where the offer would bill it
}

// EarlyEnd is what ending before the term costs.
type EarlyEnd string

// The two ways to end early.
const (
	Bill  EarlyEnd = "bill"  // the remaining months are due in one line
	Waive EarlyEnd = "waive" // nothing more is due
)

// MostEmployees is the size of organisation that we build for; a larger
// headcount needs force and a note.
const MostEmployees = 25

// mostForced bounds headcounts for good, so that amounts stay in their range.
const mostForced = 10_000

// TermEnd is the last day of the commitment, renewals included. Offers without a term
// end their commitment on the first day.
func (c Contract) TermEnd() calendar.Date {
	last := c.Start
	if n := len(c.Renewals); n > 0 {
		last = c.Renewals[n-1].From
	}
	return c.TermEndOn(last)
}

// OwedTo is the last day that an ended contract owes: of the term in force, or of the
// notice period where that is later.
func (c Contract) OwedTo() calendar.Date {
	if c.Ending == nil {
		return c.TermEnd()
	}
	term := c.TermEndOn(c.Ending.On)
	if c.Ending.Notice.After(term) {
		return c.Ending.Notice
	}
	return term
}

// Runs reports whether the contract is in force on a day.
func (c Contract) Runs(on calendar.Date) bool {
	return !on.Before(c.Start) && (c.Ending == nil || !on.After(c.Ending.On))
}

// CountOn is the headcount of a day, 0 on days on which the contract does not run.
func (c Contract) CountOn(day calendar.Date) int {
	if !c.Runs(day) {
		return 0
	}
	return c.countBy(day)
}

// countBy is the latest headcount up to a day, whether the contract runs or not.
func (c Contract) countBy(day calendar.Date) int {
	n := 0
	for _, h := range c.Headcounts {
		if h.From.After(day) {
			break
		}
		n = h.Count
	}
	return n
}

// Run is a stretch of days with one headcount.
type Run struct {
	From  calendar.Date `json:"from"`
	To    calendar.Date `json:"to"` // included
	Count int           `json:"count"`
}

// Days is the length of the run.
func (r Run) Days() int { return r.From.DaysUntil(r.To) + 1 }

// RunsBetween are the stretches of equal headcount and price between two days (both
// included) on which the contract is in force; neighbours that are equal are one.
func (c Contract) RunsBetween(from, to calendar.Date) []Run {
	if from.Before(c.Start) {
		from = c.Start
	}
	if c.Ending != nil && c.Ending.On.Before(to) {
		to = c.Ending.On
	}
	if to.Before(from) {
		return nil
	}
	runs := []Run{{from, to, c.countBy(from)}}
	for _, h := range c.Headcounts {
		last := &runs[len(runs)-1]
		if !h.From.After(from) || h.From.After(to) || h.Count == last.Count {
			continue
		}
		last.To = h.From.AddDays(-1)
		runs = append(runs, Run{h.From, to, h.Count})
	}
	for _, r := range c.Renewals {
		before := c.OfferOn(r.From.AddDays(-1))
		if before.Price == r.Offer.Price && before.Title == r.Offer.Title && before.TitleEN == r.Offer.TitleEN {
			continue
		}
		for i, run := range runs {
			if r.From.After(run.From) && !r.From.After(run.To) {
				runs[i].To = r.From.AddDays(-1)
				runs = slices.Insert(runs, i+1, Run{r.From, run.To, run.Count})
				break
			}
		}
	}
	return runs
}

// Year is a contract year, anniversary to anniversary, over which the
// allowance runs.
type Year struct {
	Index int           `json:"index"` // 0 is the first year
	From  calendar.Date `json:"from"`
	To    calendar.Date `json:"to"` // included
}

// YearOf is the contract year that a day belongs to. A contract of 29 February
// has its anniversary on the 28th in common years. Days before the start belong to the first year.
func (c Contract) YearOf(day calendar.Date) Year {
	n := max(0, day.Year-c.Start.Year)
	if n > 0 && day.Before(c.Start.AddMonths(12*n)) {
		n--
	}
	return c.YearAt(n)
}

// YearAt is the contract year of an index, from 0.
func (c Contract) YearAt(index int) Year {
	return Year{index, c.Start.AddMonths(12 * index), c.Start.AddMonths(12 * (index + 1)).AddDays(-1)}
}

// Allowance is what a contract year includes. A last year that is cut short has all
// of it, or, by the offer's BrokenYear, the part of its days that are served, rounded
// to the nearest minute, half a minute up.
func (c Contract) Allowance(y Year) calendar.Minutes {
	offer := c.OfferOn(y.From)
	whole := offer.Included
	if offer.BrokenYear != Prorated || c.Ending == nil || !c.Ending.On.Before(y.To) {
		return whole
	}
	of := int64(y.From.DaysUntil(y.To) + 1)
	served := max(0, int64(y.From.DaysUntil(c.Ending.On)+1))
	return calendar.Minutes((2*int64(whole)*served + of) / (2 * of))
}
