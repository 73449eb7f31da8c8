package support

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// imported remembers the files that were taken in, by their SHA-256.
var imports = store.NewCollection[imported]("import", 1)

type imported struct {
	Name    string    `json:"name"`
	Entries int       `json:"entries"`
	At      time.Time `json:"at"`
}

// Import is a sheet of hours that was read.
type Import struct {
	Name   string // of the file
	Data   []byte // the file itself: it is imported once
	Rows   []Row
	Bad    []BadRow // what could not be read
	DryRun bool     // check all, book nothing
	Again  bool     // though the same file was imported before
}

// errDryRun rolls a dry run back.
var errDryRun = errors.New("dry run")

// Import books a sheet, all of it or nothing: *BadRows names every row that cannot
// be booked.
func (l *Ledger) Import(a contract.Actor, in Import) ([]Entry, error) {
	var made []Entry
	err := l.change(a, "hours.import", func(tx store.Tx) (string, string, error) {
		made = nil
		key, err := l.once(tx, in)
		if err != nil {
			return "", "", err
		}
		bad, sessions := slices.Clone(in.Bad), map[string]Entry{}
		for _, r := range in.Rows {
			e, err := l.importRow(tx, a, in.Name, r, sessions)
			if why, rowsFault := reason(err); rowsFault {
				bad = append(bad, BadRow{r.Line, why})
				continue
			} else if err != nil {
				return "", "", err
			}
			made = append(made, e)
		}
		if len(bad) > 0 {
			slices.SortFunc(bad, func(x, y BadRow) int { return x.Line - y.Line })
			return "", "", &BadRows{in.Name, len(in.Rows) + len(in.Bad), bad}
		}
		if in.DryRun {
			return "", "", errDryRun
		}
		err = imports.Put(tx, key, imported{in.Name, len(made), l.clock.Now()})
		return "hours/import/" + key[:12], fmt.Sprintf("%d entries from %s", len(made), in.Name), err
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	if err != nil {
		made = nil
	}
	return made, err
}

// once refuses a file that was imported before.
func (l *Ledger) once(tx store.Tx, in Import) (string, error) {
	sum := sha256.Sum256(in.Data)
	key := hex.EncodeToString(sum[:])
	before, err := imports.Get(tx, key)
	switch {
	case err == nil && !in.Again:
		return "", refused("if it is right to book it twice, add --again", "this very file was imported on %s as %s (%d entries)", l.clockOf(before.At), before.Name, before.Entries)
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return "", err
	}
	return key, nil
}

// importRow books a row. sessions are the first entries of the file's shared sessions.
func (l *Ledger) importRow(tx store.Tx, a contract.Actor, name string, r Row, sessions map[string]Entry) (Entry, error) {
	e, err := l.prepare(tx, r.Booking)
	if err != nil {
		return Entry{}, err
	}
	s := r.Shared
	if s.Session != "" {
		e.Group = &Group{Minutes: s.Minutes, Seats: s.Seats, Of: s.Of}
		if first, begun := sessions[s.Session]; begun {
			e.Group.ID = first.Group.ID
			if first.Date != e.Date || first.Who != e.Who || first.Group.Of != s.Of || first.Group.Minutes != s.Minutes {
				return Entry{}, refused("", "session %s: day, technician, all seats and its minutes are not those of its first row", s.Session)
			}
		}
	}
	if err := l.fits(tx, e, e.Minutes, ""); err != nil {
		return Entry{}, err
	}
	e.Source = name
	if err := l.insert(tx, a, &e); err != nil {
		return Entry{}, err
	}
	if _, begun := sessions[s.Session]; s.Session != "" && !begun {
		sessions[s.Session] = e
	}
	return e, nil
}

// reason tells a fault of the row from a fault of the store.
func reason(err error) (string, bool) {
	var bad *contract.Invalid
	if errors.As(err, &bad) || errors.As(err, new(*operation.Refused)) || errors.Is(err, store.ErrNotFound) {
		return err.Error(), true
	}
	return "", false
}
