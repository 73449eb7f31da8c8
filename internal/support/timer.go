package support

import (
	"errors"
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// Forgotten is how long a timer may run before stopping it asks how long the work
// really took.
const Forgotten = 16 * time.Hour

// Start starts a technician's timer. He has one at a time.
func (l *Ledger) Start(a contract.Actor, b Booking) (Timer, error) {
	var t Timer
	err := l.change(a, "hours.start", func(tx store.Tx) (string, string, error) {
		now := l.clock.Now().Truncate(time.Second)
		b.Date, b.Minutes, b.Began = calendar.Of(now, l.zone), 1, ""
		e, err := l.prepare(tx, b)
		if err != nil {
			return "", "", err
		}
		running, err := timers.Get(tx, e.Who)
		if err == nil {
			return "", "", refused("stop it first: accolade hours stop", "%s has a timer running already, for %s since %s", e.Who, running.Client, l.clockOf(running.Started))
		} else if !errors.Is(err, store.ErrNotFound) {
			return "", "", err
		}
		e.Began = now
		if err := l.fits(tx, e, 1, ""); err != nil {
			return "", "", err
		}
		t = Timer{Who: e.Who, Client: e.Client, Kind: e.Kind, For: e.For, Where: e.Where, Mode: e.Mode, Note: e.Note, Private: e.Private, Started: now}
		return "hours/timer/" + t.Who, fmt.Sprintf("%s for %s", t.Kind, t.Client), timers.Insert(tx, t.Who, t)
	})
	return t, err
}

// Stopping says how a timer ends.
type Stopping struct {
	Who     string
	Note    string           // empty: the one it was started with
	Minutes calendar.Minutes // 0: what the timer shows
	Discard bool             // book nothing
}

// Stop ends a technician's timer and books its time, rounded to the minute and
// split at midnight. Less than half a minute books nothing.
func (l *Ledger) Stop(a contract.Actor, s Stopping) ([]Entry, error) {
	var made []Entry
	err := l.change(a, "hours.stop", func(tx store.Tx) (string, string, error) {
		made = nil
		t, err := timers.Get(tx, tidy(s.Who))
		if errors.Is(err, store.ErrNotFound) {
			return "", "", refused("start one with: accolade hours start CLIENT", "%s has no timer running", s.Who)
		} else if err != nil {
			return "", "", err
		}
		if err := timers.Delete(tx, t.Who); err != nil || s.Discard {
			return "hours/timer/" + t.Who, "discarded", err
		}
		end := l.clock.Now()
		if s.Minutes != 0 {
			end = t.Started.Add(time.Duration(s.Minutes) * time.Minute)
		}
		if ran := end.Sub(t.Started); ran > Forgotten || s.Minutes < 0 || end.After(l.clock.Now()) {
			return "", "", refused("say how long the work took with --minutes, or drop it with --discard",
				"the timer of %s runs since %s: %s of work cannot be right", t.Who, l.clockOf(t.Started), ran.Round(time.Minute))
		}
		if s.Note != "" {
			t.Note = s.Note
		}
		for _, b := range l.days(t, end) {
			e, err := l.prepare(tx, b.Booking)
			if err != nil {
				return "", "", err
			}
			e.Began, e.Source = b.began, "timer"
			if err := l.fits(tx, e, e.Minutes, ""); err != nil {
				return "", "", err
			}
			if err := l.insert(tx, a, &e); err != nil {
				return "", "", err
			}
			made = append(made, e)
		}
		return "hours/timer/" + t.Who, fmt.Sprintf("%d entries", len(made)), nil
	})
	return made, err
}

type timed struct {
	Booking
	began time.Time
}

// days splits a timer's time at midnight; the parts sum to the whole, rounded.
func (l *Ledger) days(t Timer, end time.Time) []timed {
	whole := calendar.Minutes(end.Sub(t.Started).Round(time.Minute) / time.Minute)
	var parts []timed
	for began := t.Started; whole > 0; {
		day := calendar.Of(began, l.zone)
		part := min(whole, calendar.Minutes(day.AddDays(1).Midnight(l.zone).Sub(began).Round(time.Minute)/time.Minute))
		if part > 0 {
			parts = append(parts, timed{Booking{Client: t.Client, Date: day, Minutes: part, Kind: t.Kind, Who: t.Who, For: t.For, Where: t.Where, Mode: t.Mode, Note: t.Note, Private: t.Private}, began})
		}
		whole -= part
		began = day.AddDays(1).Midnight(l.zone).UTC()
	}
	return parts
}

// Timers are the running timers.
func (l *Ledger) Timers() (all []Timer, err error) {
	err = l.db.View(func(tx store.Tx) error {
		all, err = timers.List(tx)
		return err
	})
	return all, err
}
