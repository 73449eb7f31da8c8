package support

import (
	"fmt"
	"reflect"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/store"
)

// Correction says what was wrong with an entry; nil fields were right.
type Correction struct {
	Date    *calendar.Date
	Minutes *calendar.Minutes // 0: the work was never done
	Kind    *contract.Work
	Client  *string
	Who     *string
	For     *string
	Where   *string
	Mode    *fleet.Travel
	Note    *string
	Private *string
	Why     string // for the audit
}

// Correct takes an entry back and books the right one in its place. Both are new
// entries that name the old one, which stays as it was. It works after the month was
// invoiced too: the difference comes on the next invoice.
func (l *Ledger) Correct(a contract.Actor, id string, c Correction) ([]Entry, error) {
	var made []Entry
	err := l.change(a, "hours.correct", func(tx store.Tx) (string, string, error) {
		made = nil
		old, err := entries.Get(tx, id)
		if err != nil {
			return "", "", err
		}
		if old.Reverts != "" {
			return "", "", refused("correct the entry that replaced it, or book the work anew", "%s takes %s back; it holds no work of its own", id, old.Reverts)
		}
		if back, err := entries.ByIndex(tx, "reverts", id); err != nil {
			return "", "", err
		} else if len(back) > 0 {
			return "", "", refused("accolade hours list shows what stands in its place", "%s was corrected already, by %s", id, back[0].ID)
		}
		if tidy(c.Why) == "" {
			return "", "", invalid("why", "", "a correction says what was wrong")
		}
		undo := old
		undo.Minutes, undo.Reverts, undo.Replaces, undo.Note, undo.Private = -old.Minutes, id, "", tidy(c.Why), ""
		if c.Minutes == nil || *c.Minutes != 0 {
			right, err := l.corrected(tx, old, c)
			if err != nil {
				return "", "", err
			}
			if same(old, right) {
				return "", "", refused("say what was wrong; accolade hours correct --help shows what can be", "%s would be replaced by the same", id)
			}
			made = append(made, right)
		}
		if err := l.insert(tx, a, &undo); err != nil {
			return "", "", err
		}
		for i := range made {
			if err := l.insert(tx, a, &made[i]); err != nil {
				return "", "", err
			}
		}
		made = append([]Entry{undo}, made...)
		return "hours/" + id, fmt.Sprintf("%s: %s", old.summary(), undo.Note), nil
	})
	return made, err
}

// same reports whether an entry that is to replace another says nothing else.
func same(old, right Entry) bool {
	right.ID, right.Replaces, right.Booked, right.By, right.Source = old.ID, old.Replaces, old.Booked, old.By, old.Source
	return reflect.DeepEqual(old, right)
}

// corrected is the entry that should have been booked.
func (l *Ledger) corrected(tx store.Tx, old Entry, c Correction) (Entry, error) {
	b := Booking{Client: old.Client, Date: old.Date, Minutes: old.Minutes, Kind: old.Kind, Who: old.Who, For: old.For, Where: old.Where, Note: old.Note, Private: old.Private}
	put(&b.Client, c.Client)
	put(&b.Date, c.Date)
	put(&b.Minutes, c.Minutes)
	put(&b.Kind, c.Kind)
	put(&b.Who, c.Who)
	put(&b.For, c.For)
	put(&b.Where, c.Where)
	if b.Kind == contract.Travel && c.Where == nil {
		b.Mode = old.Mode
	}
	put(&b.Mode, c.Mode)
	put(&b.Note, c.Note)
	put(&b.Private, c.Private)
	e, err := l.prepare(tx, b)
	if err != nil {
		return Entry{}, err
	}
	e.Replaces = old.ID
	if c.Date == nil {
		e.Began = old.Began
	}
	if e.Date == old.Date && e.Who == old.Who {
		e.Group = old.Group
	}
	return e, l.fits(tx, e, e.Minutes, old.ID)
}

func put[T any](into *T, v *T) {
	if v != nil {
		*into = *v
	}
}
