package support

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"codeberg.org/accolade/accolade/internal/apportion"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Ledger keeps entries and timers in the store.
type Ledger struct {
	db    store.DB
	clock clock.Clock
	zone  *time.Location
}

// The ledger has no update door: entries are only inserted.
var (
	entries = store.NewCollection[Entry]("entry", 1,
		store.WithIndex("client", func(e Entry) []string { return []string{e.Client} }),
		store.WithIndex("contract", func(e Entry) []string { return []string{e.Contract} }),
		store.WithIndex("day", func(e Entry) []string { return []string{dayKey(e.Who, e.Date)} }),
		store.WithIndex("reverts", func(e Entry) []string {
			if e.Reverts == "" {
				return nil
			}
			return []string{e.Reverts}
		}))
	timers = store.NewCollection[Timer]("timer", 1)
)

func dayKey(who string, day calendar.Date) string { return who + "\x00" + day.String() }

// NewLedger opens the ledger; zone is where days begin and end.
func NewLedger(db store.DB, clk clock.Clock, zone *time.Location) *Ledger {
	return &Ledger{db: db, clock: clk, zone: zone}
}

// Zone is where days begin and end.
func (l *Ledger) Zone() *time.Location { return l.zone }

// Booking is work that was done.
type Booking struct {
	Client  string // ID or name
	Date    calendar.Date
	Minutes calendar.Minutes
	Kind    contract.Work
	Who     string // the technician
	For     string
	Where   string
	Mode    fleet.Travel // of travel; empty: as one gets to the site in Where
	Note    string       // for the client
	Private string       // for us
	Began   string       // `14:30` on Date; empty if it does not matter
}

// Add books work for one client.
func (l *Ledger) Add(a contract.Actor, b Booking) (Entry, error) {
	var e Entry
	err := l.change(a, "hours.add", func(tx store.Tx) (string, string, error) {
		var err error
		if e, err = l.prepare(tx, b); err != nil {
			return "", "", err
		}
		if err := l.fits(tx, e, e.Minutes, ""); err != nil {
			return "", "", err
		}
		err = l.insert(tx, a, &e)
		return "hours/" + e.ID, e.summary(), err
	})
	return e, err
}

// Seat is a client's part in a group session.
type Seat struct {
	Client string
	Seats  int
}

// AddGroup books one training session that several clients shared, split by seats
// to the minute.
func (l *Ledger) AddGroup(a contract.Actor, b Booking, seats []Seat) ([]Entry, error) {
	var all []Entry
	err := l.change(a, "hours.group", func(tx store.Tx) (string, string, error) {
		all = nil
		counts, sum := make([]int, len(seats)), 0
		for i, s := range seats {
			if s.Seats < 1 || s.Seats > 1000 {
				return "", "", invalid("seats", s.Seats, "%s: want 1 or more", s.Client)
			}
			counts[i] = s.Seats
			sum += s.Seats
		}
		if len(seats) < 2 {
			return "", "", invalid("group", len(seats), "a session for one client is booked without a group")
		}
		for i, share := range apportion.Split(b.Minutes, counts) {
			part := b
			part.Client = seats[i].Client
			e, err := l.prepare(tx, part)
			if err != nil {
				return "", "", err
			}
			if slices.ContainsFunc(all, func(o Entry) bool { return o.Client == e.Client }) {
				return "", "", invalid("group", seats[i].Client, "it is named twice")
			}
			if share == 0 {
				return "", "", invalid("minutes", b.Minutes, "%s would get none of them", seats[i].Client)
			}
			e.Minutes, e.Group = share, &Group{Minutes: b.Minutes, Seats: counts[i], Of: sum}
			all = append(all, e)
		}
		if err := l.fits(tx, all[0], b.Minutes, ""); err != nil {
			return "", "", err
		}
		for i := range all {
			if i > 0 {
				all[i].Group.ID = all[0].ID
			}
			if err := l.insert(tx, a, &all[i]); err != nil {
				return "", "", err
			}
		}
		return "hours/" + all[0].ID, fmt.Sprintf("%s for %d clients", b.Minutes, len(all)), nil
	})
	return all, err
}

// prepare checks work that was done and finds its client and contract.
func (l *Ledger) prepare(tx store.Tx, b Booking) (Entry, error) {
	if today := calendar.Of(l.clock.Now(), l.zone); b.Date.After(today) {
		return Entry{}, invalid("date", b.Date, "it lies in the future: today is %s", today)
	}
	return l.describe(tx, b)
}

// describe checks work, done or to come, and finds its client and contract.
func (l *Ledger) describe(tx store.Tx, b Booking) (Entry, error) {
	client, err := contract.ClientByRef(tx, b.Client)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Client: client.ID, Date: b.Date, Minutes: b.Minutes, Kind: b.Kind, Who: tidy(b.Who), For: tidy(b.For), Where: tidy(b.Where), Note: tidy(b.Note), Private: tidy(b.Private)}
	switch {
	case !slices.Contains(contract.Works, e.Kind):
		return Entry{}, invalid("kind", e.Kind, "%s", contract.OneOf(contract.Works))
	case e.Who == "":
		return Entry{}, invalid("technician", "", "want who did the work")
	case e.Date.IsZero():
		return Entry{}, invalid("date", "", "want the day, such as 2026-10-06")
	case e.Minutes < 1:
		return Entry{}, invalid("minutes", int64(e.Minutes), "want 1 or more; a mistake is mended with accolade hours correct")
	case e.Minutes > e.Date.Length(l.zone):
		return Entry{}, invalid("minutes", int64(e.Minutes), "%s has only %s", e.Date, e.Date.Length(l.zone))
	case len(e.Who) > 100 || len(e.For) > 200 || len(e.Where) > 200 || len(e.Note) > 2000 || len(e.Private) > 2000:
		return Entry{}, invalid("text", "of "+fmt.Sprint(len(e.Who)+len(e.For)+len(e.Where)+len(e.Note)+len(e.Private))+" characters", "names take 100 to 200 characters, a note 2000")
	}
	if b.Began != "" {
		if e.Began, err = l.began(e.Date, b.Began); err != nil {
			return Entry{}, err
		}
	}
	if err := travelled(tx, b.Mode, &e); err != nil {
		return Entry{}, err
	}
	return e, l.assign(tx, client, &e)
}

// began reads a time of a day. In the hour that comes twice when the clock is set
// back, an offset says which one is meant.
func (l *Ledger) began(day calendar.Date, s string) (time.Time, error) {
	for _, form := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(form, s); err == nil {
			at := time.Date(day.Year, day.Month, day.Day, t.Hour(), t.Minute(), t.Second(), 0, l.zone)
			if at.Hour() != t.Hour() {
				return time.Time{}, invalid("began", s, "there is no such time on %s, when the clock is set forward", day)
			}
			return at.UTC(), nil
		}
	}
	t, err := time.Parse(time.DateOnly+" 15:04:05-07:00", day.String()+" "+s)
	if err != nil || calendar.Of(t, l.zone) != day {
		return time.Time{}, invalid("began", s, "want a time such as 14:30")
	}
	return t.UTC(), nil
}

// ClockTime is a time of day without its day, in the shortest form that a Booking
// reads as the same instant on that day; "" for none.
func ClockTime(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(zone)
	form := "15:04"
	if t.Second() != 0 {
		form = "15:04:05"
	}
	if again := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone); !again.Equal(t) {
		form = "15:04:05-07:00" // the hour that comes twice
	}
	return t.Format(form)
}

// assign finds the contract that the work falls under. Travel and interventions
// are recorded without one too: boxes are installed before a contract starts.
func (l *Ledger) assign(tx store.Tx, client contract.Client, e *Entry) error {
	k, runs, err := contract.ContractOn(tx, client.ID, e.Date)
	if err != nil {
		return err
	}
	if !runs && e.Kind != contract.Travel && e.Kind != contract.Intervention {
		return refused("book it on a day of a contract (accolade contract list), or as travel or intervention",
			"%s has no contract on %s, so nothing says what %s costs", client.Name, e.Date, e.Kind)
	}
	e.Contract = k.ID
	return nil
}

// fits refuses a day of a technician that is longer than the day, and work at a
// known hour that overlaps other such work, but for its own group session. instead is
// an entry that is being replaced.
func (l *Ledger) fits(tx store.Tx, e Entry, minutes calendar.Minutes, instead string) error {
	var others []Entry
	sum := minutes
	for i := -1; i <= 1; i++ {
		day, err := entries.ByIndex(tx, "day", dayKey(e.Who, e.Date.AddDays(i)))
		if err != nil {
			return err
		}
		for _, o := range day {
			if i == 0 && o.ID != instead {
				sum += o.Minutes
			}
		}
		others = append(others, day...)
	}
	if length := e.Date.Length(l.zone); sum > length {
		return refused("", "%s on %s would have %s of work, the day has %s", e.Who, e.Date, sum, length)
	}
	if e.Began.IsZero() {
		return nil
	}
	// Minutes are rounded, so that timers which follow one another may seem to touch.
	const slack = 30 * time.Second
	end := e.Ended().Add(-slack)
	taken := map[string]bool{instead: true}
	for _, o := range others {
		taken[o.Reverts] = true
	}
	for _, o := range others {
		if shared := e.Group != nil && o.Group != nil && e.Group.ID == o.Group.ID; shared {
			continue
		}
		if !taken[o.ID] && o.Reverts == "" && !o.Began.IsZero() && o.Began.Before(end) && o.Ended().Add(-slack).After(e.Began) {
			return refused("", "%s was at work already from %s to %s (%s, %s)", e.Who, l.clockOf(o.Began), l.clockOf(o.Ended()), o.ID, o.Client)
		}
	}
	t, err := timers.Get(tx, e.Who)
	if err == nil && t.Started.Before(end) {
		return refused("stop the timer first: accolade hours stop", "%s has a timer running for %s since %s", e.Who, t.Client, l.clockOf(t.Started))
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func (l *Ledger) clockOf(t time.Time) string { return t.In(l.zone).Format("2006-01-02 15:04") }

// insert gives the entry its ID and writes it.
func (l *Ledger) insert(tx store.Tx, a contract.Actor, e *Entry) error {
	n, err := store.Sequence(tx, "entry")
	if err != nil {
		return err
	}
	e.ID, e.Booked, e.By = fmt.Sprintf("H%06d", n), l.clock.Now(), a.Who
	if e.Group != nil && e.Group.ID == "" {
		e.Group.ID = e.ID
	}
	if err := priceable(tx, *e); err != nil {
		return err
	}
	if err := noteUnsettled(tx, *e); err != nil {
		return err
	}
	return entries.Insert(tx, e.ID, *e)
}

func (e Entry) summary() string {
	return fmt.Sprintf("%s of %s for %s on %s by %s", e.Minutes, e.Kind, e.Client, e.Date, e.Who)
}

// change runs fn in one transaction with the audit record of what it did.
func (l *Ledger) change(a contract.Actor, action string, fn func(store.Tx) (object, detail string, err error)) error {
	return l.db.Update(func(tx store.Tx) error { return contract.Audited(tx, l.clock.Now(), a, action, fn) })
}

func invalid(field string, value any, allowed string, args ...any) error {
	return &contract.Invalid{Field: field, Value: fmt.Sprint(value), Allowed: fmt.Sprintf(allowed, args...)}
}

func refused(fix, why string, args ...any) error {
	return &operation.Refused{Why: fmt.Sprintf(why, args...), Fix: fix}
}

// tidy makes one space of many and drops what does not belong in a document.
func tidy(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufffe' || r == '\uffff'
	}), " ")
}
