package support

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// PlanState is what became of a plan.
type PlanState string

// A plan is made, then it is done or cancelled; both are its end.
const (
	Planned   PlanState = "planned"
	Done      PlanState = "done"
	Cancelled PlanState = "cancelled"
)

// Plan is work that is to come: who goes to whom, when and for how long. It is no
// entry of the ledger until it is done, and costs nobody anything until then.
type Plan struct {
	ID      string           `json:"id"`     // `P000001`
	Client  string           `json:"client"` // contract.Client.ID
	Start   time.Time        `json:"start"`
	Minutes calendar.Minutes `json:"minutes"`
	Kind    contract.Work    `json:"kind"`
	Who     string           `json:"who"`               // the technician
	For     string           `json:"for,omitempty"`     // a person at the client's
	Where   string           `json:"where,omitempty"`   // a site, or `remote`
	Way     bool             `json:"way,omitempty"`     // when it is done, book the way to the site too
	Note    string           `json:"note,omitempty"`    // for the client
	Private string           `json:"private,omitempty"` // for us: no client's calendar holds it
	State   PlanState        `json:"state"`
	Why     string           `json:"why,omitempty"`     // it was cancelled
	Entries []string         `json:"entries,omitempty"` // what it became
	UID     string           `json:"uid"`               // in calendars; never changes
	Changes int              `json:"changes"`           // how often it changed since it was made
	Changed time.Time        `json:"changed"`           // made, or changed last
	By      string           `json:"by"`                // who made it
}

// End is when it is to end.
func (p Plan) End() time.Time { return p.Start.Add(time.Duration(p.Minutes) * time.Minute) }

var plans = store.NewCollection[Plan]("plan", 1,
	store.WithIndex("client", func(p Plan) []string { return []string{p.Client} }),
	store.WithIndex("who", func(p Plan) []string { return []string{p.Who} }))

// Plan plans work. Date and Began say when it starts, both are needed.
func (l *Ledger) Plan(a contract.Actor, b Booking, way bool) (Plan, error) {
	var p Plan
	err := l.change(a, "hours.plan", func(tx store.Tx) (string, string, error) {
		n, err := store.Sequence(tx, "plan")
		if err != nil {
			return "", "", err
		}
		now := l.clock.Now()
		p = Plan{ID: fmt.Sprintf("P%06d", n), State: Planned, Changed: now, By: a.Who}
		p.UID = fmt.Sprintf("%s-%d@accolade", p.ID, now.UnixNano())
		if err := l.lay(tx, &p, b, way); err != nil {
			return "", "", err
		}
		return "hours/plan/" + p.ID, l.planWords(p), plans.Insert(tx, p.ID, p)
	})
	return p, err
}

func (l *Ledger) planWords(p Plan) string {
	return fmt.Sprintf("%s for %s on %s by %s", p.Kind, p.Client, l.clockOf(p.Start), p.Who)
}

// lay checks what is planned and puts it into the plan.
func (l *Ledger) lay(tx store.Tx, p *Plan, b Booking, way bool) error {
	if b.Began == "" {
		return invalid("at", "", "want the day and the time at which it starts, such as 2026-10-06 14:30")
	}
	e, err := l.describe(tx, b)
	switch now := l.clock.Now(); {
	case err != nil:
		return err
	case e.Began.Before(now):
		return refused("work that was done is booked: accolade hours add", "%s lies in the past: it is %s", l.clockOf(e.Began), l.clockOf(now))
	case e.Kind == contract.Travel && way:
		return invalid("way", true, "the way to work is planned with the work")
	}
	if way {
		if _, err := l.wayTo(tx, b); err != nil {
			return err
		}
	}
	p.Client, p.Start, p.Minutes, p.Kind, p.Who, p.For, p.Where, p.Way, p.Note, p.Private = e.Client, e.Began, e.Minutes, e.Kind, e.Who, e.For, e.Where, way, e.Note, e.Private
	others, err := plans.ByIndex(tx, "who", p.Who)
	for _, o := range others {
		if o.ID != p.ID && o.State == Planned && o.Start.Before(p.End()) && p.Start.Before(o.End()) {
			return refused("move one of them: accolade hours plan change", "%s is planned from %s to %s already (%s, %s)", o.Who, l.clockOf(o.Start), l.clockOf(o.End()), o.ID, o.Client)
		}
	}
	return err
}

// PlanChange says what is to be different; nil fields stay.
type PlanChange struct {
	Date    *calendar.Date
	Began   *string
	Minutes *calendar.Minutes
	Kind    *contract.Work
	Who     *string
	For     *string
	Where   *string
	Way     *bool
	Note    *string
	Private *string
}

// ChangePlan changes a plan that is neither done nor cancelled.
func (l *Ledger) ChangePlan(a contract.Actor, id string, c PlanChange) (Plan, error) {
	return l.changePlan(a, "hours.plan.change", id, func(tx store.Tx, p *Plan) error {
		b, way := l.bookingOf(*p, c.Date, c.Began), p.Way
		put(&b.Minutes, c.Minutes)
		put(&b.Kind, c.Kind)
		put(&b.Who, c.Who)
		put(&b.For, c.For)
		put(&b.Where, c.Where)
		put(&way, c.Way)
		put(&b.Note, c.Note)
		put(&b.Private, c.Private)
		return l.lay(tx, p, b, way)
	})
}

// bookingOf is the work that is planned, on another day or at another time if these
// are given.
func (l *Ledger) bookingOf(p Plan, day *calendar.Date, at *string) Booking {
	b := Booking{Client: p.Client, Date: calendar.Of(p.Start, l.zone), Began: ClockTime(p.Start, l.zone), Minutes: p.Minutes, Kind: p.Kind, Who: p.Who,
		For: p.For, Where: p.Where, Note: p.Note, Private: p.Private}
	if day != nil {
		b.Date, b.Began = *day, p.Start.In(l.zone).Format("15:04")
	}
	put(&b.Began, at)
	return b
}

// CancelPlan says that it will not take place. It stays in calendars, as cancelled.
func (l *Ledger) CancelPlan(a contract.Actor, id, why string) (Plan, error) {
	return l.changePlan(a, "hours.plan.cancel", id, func(_ store.Tx, p *Plan) error {
		if p.Why = tidy(why); p.Why == "" || len(p.Why) > 2000 {
			return invalid("why", p.Why, "say why it is cancelled, in at most 2000 characters")
		}
		p.State = Cancelled
		return nil
	})
}

// PlanDone says how the work was really done; nil fields are as planned.
type PlanDone struct {
	Date    *calendar.Date
	Began   *string
	Minutes *calendar.Minutes
	Note    *string
	Private *string
}

// FinishPlan books what was planned, with the way to the site where that was planned
// too. A plan becomes entries once.
func (l *Ledger) FinishPlan(a contract.Actor, id string, d PlanDone) (Plan, []Entry, error) {
	var made []Entry
	p, err := l.changePlan(a, "hours.plan.done", id, func(tx store.Tx, p *Plan) error {
		made = nil
		b := l.bookingOf(*p, d.Date, d.Began)
		put(&b.Minutes, d.Minutes)
		put(&b.Note, d.Note)
		put(&b.Private, d.Private)
		all := []Booking{b}
		if p.Way {
			way, err := l.wayTo(tx, b)
			if err != nil {
				return err
			}
			all = append(all, way)
		}
		for _, one := range all {
			parts, err := l.byDays(tx, one)
			if err != nil {
				return err
			}
			for _, e := range parts {
				if err := l.fits(tx, e, e.Minutes, ""); err != nil {
					return err
				}
				e.Source = p.ID
				if err := l.insert(tx, a, &e); err != nil {
					return err
				}
				made, p.Entries = append(made, e), append(p.Entries, e.ID)
			}
		}
		p.State = Done
		return nil
	})
	return p, made, err
}

// byDays are the entries of some work: one for each day that it touches.
func (l *Ledger) byDays(tx store.Tx, b Booking) ([]Entry, error) {
	whole, err := l.prepare(tx, b)
	if err != nil || whole.Began.IsZero() {
		return []Entry{whole}, err
	}
	t := Timer{Who: b.Who, Client: b.Client, Kind: b.Kind, For: b.For, Where: b.Where, Mode: b.Mode, Note: b.Note, Private: b.Private, Started: whole.Began}
	var parts []Entry
	for _, day := range l.days(t, whole.Ended()) {
		e, err := l.prepare(tx, day.Booking)
		if err != nil {
			return nil, err
		}
		e.Began = day.began
		parts = append(parts, e)
	}
	return parts, nil
}

// changePlan changes a plan that has not ended, in one transaction.
func (l *Ledger) changePlan(a contract.Actor, action, id string, edit func(store.Tx, *Plan) error) (Plan, error) {
	var p Plan
	err := l.change(a, action, func(tx store.Tx) (string, string, error) {
		var err error
		if p, err = plans.Get(tx, id); err != nil {
			return "", "", err
		}
		switch p.State {
		case Done:
			return "", "", refused("accolade hours correct mends what was booked", "%s is done: it became %s", id, strings.Join(p.Entries, ", "))
		case Cancelled:
			return "", "", refused("plan it anew: accolade hours plan add", "%s was cancelled: %s", id, p.Why)
		}
		if err := edit(tx, &p); err != nil {
			return "", "", err
		}
		p.Changes, p.Changed = p.Changes+1, l.clock.Now()
		return "hours/plan/" + p.ID, l.planWords(p), plans.Put(tx, p.ID, p)
	})
	return p, err
}

// Plans are the plans that a filter chooses by their first day, in the order of their
// start; each that was ever made, unless open asks for those alone that are to come.
func (l *Ledger) Plans(f Filter, open bool) ([]Plan, error) {
	var found []Plan
	err := l.db.View(func(tx store.Tx) error {
		all, err := l.planCandidates(tx, f.Client)
		for _, p := range all {
			day := calendar.Of(p.Start, l.zone)
			if (f.Who == "" || p.Who == f.Who) && !day.Before(f.From) && (f.To.IsZero() || !day.After(f.To)) && (!open || p.State == Planned) {
				found = append(found, p)
			}
		}
		return err
	})
	slices.SortFunc(found, func(x, y Plan) int { return cmp.Or(x.Start.Compare(y.Start), compareIDs(x.ID, y.ID)) })
	return found, err
}

func (l *Ledger) planCandidates(tx store.Tx, client string) ([]Plan, error) {
	if client == "" {
		return plans.List(tx)
	}
	c, err := contract.ClientByRef(tx, client)
	if err != nil {
		return nil, err
	}
	return plans.ByIndex(tx, "client", c.ID)
}
