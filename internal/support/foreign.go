package support

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// Foreign is a record of work that another program kept, with its fields already in
// our words.
type Foreign struct {
	Line   int    // of the file, from 1
	ID     string // the program's own number of the record; empty where the file has none
	Client string // ID or name
	Kind   contract.Work
	Who    string
	Note   string
	Began  time.Time
	Took   time.Duration // without breaks
}

// Takeover is a file of such records.
type Takeover struct {
	Program string // `kimai`
	Name    string // of the file
	Records []Foreign
	Bad     []BadRow // what could not be read
	Left    []BadRow // what was left out on purpose
	DryRun  bool     // check all, book nothing
}

// Taken is what became of a takeover.
type Taken struct {
	Entries []Entry  `json:"entries"` // booked now
	Known   int      `json:"known"`   // records that were taken over before
	Left    []BadRow `json:"left"`    // records that were left out, and why
}

// foreigner remembers a record that was taken over, so that a second takeover adds
// nothing: not even where its entry was corrected since.
type foreigner struct {
	ID      string           `json:"id,omitempty"`
	Entries []string         `json:"entries"`
	Minutes calendar.Minutes `json:"minutes"`
}

var foreigners = store.NewCollection[foreigner]("foreign", 1,
	store.WithIndex("id", func(f foreigner) []string {
		if f.ID == "" {
			return nil
		}
		return []string{f.ID}
	}))

// Take books foreign records, all of them or none: *BadRows names every one that
// cannot be booked. Records that were taken over before are passed over; those
// of less than half a minute are left out.
func (l *Ledger) Take(a contract.Actor, in Takeover) (Taken, error) {
	var out Taken
	err := l.change(a, "hours.takeover", func(tx store.Tx) (string, string, error) {
		out = Taken{Left: slices.Clone(in.Left)}
		bad, seen := slices.Clone(in.Bad), map[string]int{}
		for _, f := range in.Records {
			if f.Took < 30*time.Second {
				out.Left = append(out.Left, BadRow{f.Line, fmt.Sprintf("it took %s: less than half a minute", f.Took)})
				continue
			}
			made, err := l.takeOne(tx, a, in, f, seen)
			if why, rowsFault := reason(err); rowsFault {
				bad = append(bad, BadRow{f.Line, f.name() + why})
				continue
			} else if err != nil {
				return "", "", err
			}
			if made == nil {
				out.Known++
			}
			out.Entries = append(out.Entries, made...)
		}
		if len(bad) > 0 {
			slices.SortStableFunc(bad, func(x, y BadRow) int { return x.Line - y.Line })
			return "", "", &BadRows{in.Name, len(in.Records) + len(in.Bad) + len(in.Left), bad}
		}
		slices.SortStableFunc(out.Left, func(x, y BadRow) int { return x.Line - y.Line })
		if in.DryRun {
			return "", "", errDryRun
		}
		return "hours/" + in.Program, fmt.Sprintf("%d entries from %s, %d records known", len(out.Entries), in.Name, out.Known), nil
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	if err != nil {
		return Taken{}, err
	}
	return out, nil
}

// name tells which record of a line is meant: JSON has many on one.
func (f Foreign) name() string {
	if f.ID == "" {
		return ""
	}
	return "record " + f.ID + ": "
}

// minutes are the record's, rounded as a timer's.
func (f Foreign) minutes() calendar.Minutes {
	return calendar.Minutes(f.Took.Round(time.Minute) / time.Minute)
}

// takeOne books one record, a day at a time; nil where it is known already.
func (l *Ledger) takeOne(tx store.Tx, a contract.Actor, in Takeover, f Foreign, seen map[string]int) ([]Entry, error) {
	client, err := contract.ClientByRef(tx, f.Client)
	if err != nil {
		return nil, err
	}
	mark := strings.Join([]string{in.Program, f.Who, f.Began.UTC().Format("2006-01-02T15:04"), client.ID}, "\x00")
	key := keyOf(mark, seen[mark])
	seen[mark]++
	before, known, err := findForeign(tx, in.Program, key, f)
	if err != nil {
		return nil, err
	}
	if known {
		// A CSV cuts the seconds that JSON has.
		if off := before.Minutes - f.minutes(); off > 1 || off < -1 {
			return nil, refused("", "duration %s: it was taken over with %s as %s and has changed since; mend it with accolade hours correct %s",
				f.minutes(), before.Minutes, strings.Join(before.Entries, ", "), before.Entries[0])
		}
		return nil, nil
	}
	memory := foreigner{Minutes: f.minutes()}
	if f.ID != "" {
		memory.ID = in.Program + "/" + f.ID
	}
	var made []Entry
	t := Timer{Who: tidy(f.Who), Client: client.ID, Kind: f.Kind, Note: f.Note, Started: f.Began}
	for _, day := range l.days(t, f.Began.Add(f.Took)) {
		e, err := l.prepare(tx, day.Booking)
		if err != nil {
			return nil, err
		}
		e.Began, e.Source = day.began.UTC(), in.Program
		if err := l.fits(tx, e, e.Minutes, ""); err != nil {
			return nil, err
		}
		if err := l.insert(tx, a, &e); err != nil {
			return nil, err
		}
		made, memory.Entries = append(made, e), append(memory.Entries, e.ID)
	}
	return made, foreigners.Put(tx, key, memory)
}

func keyOf(mark string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", mark, n))
	return hex.EncodeToString(sum[:16])
}

// findForeign looks for a record by its number, then by who began when for whom: the
// same record may come from a file with numbers and from one without.
func findForeign(tx store.Tx, program, key string, f Foreign) (foreigner, bool, error) {
	if f.ID != "" {
		same, err := foreigners.ByIndex(tx, "id", program+"/"+f.ID)
		if err != nil || len(same) > 0 {
			return append(same, foreigner{})[0], err == nil, err
		}
	}
	before, err := foreigners.Get(tx, key)
	if errors.Is(err, store.ErrNotFound) {
		return foreigner{}, false, nil
	}
	return before, err == nil && (f.ID == "" || before.ID == ""), err
}
