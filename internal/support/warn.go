package support

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
)

// Warned is a threshold of which people were told: once for each contract year,
// whatever is corrected or booked after that.
type Warned struct {
	Client   string           `json:"client"`
	Contract string           `json:"contract"`
	Year     contract.Year    `json:"year"`
	Percent  int              `json:"percent"`
	On       calendar.Date    `json:"on"` // the day of the work that reached it
	Used     calendar.Minutes `json:"used"`
	Included calendar.Minutes `json:"included"`
	At       time.Time        `json:"at"` // when it was noticed
}

var warned = store.NewCollection[Warned]("allowance-warned", 1)

func warnedKey(contractID string, year, percent int) string {
	return fmt.Sprintf("%s/%04d/%03d", contractID, year, percent)
}

// String says it in a sentence.
func (w Warned) String() string {
	if w.Percent >= 100 {
		return fmt.Sprintf("%s has used the %s of its contract year (to %s): each minute more costs money", w.Client, w.Included, w.Year.To)
	}
	return fmt.Sprintf("%s has used %s of the %s of its contract year (to %s), more than %d %%", w.Client, w.Used, w.Included, w.Year.To, w.Percent)
}

// Notifier mails the people who keep the hours. key tells one occasion from
// another: a mail sent again under the same key is the same mail.
type Notifier interface {
	Send(ctx context.Context, key, subject, text string) error
}

// Warner tells people, each morning, which allowances have reached a threshold.
type Warner struct {
	Ledger   *Ledger
	Notifier Notifier // nil: the log and the table of the morning only
	Log      *slog.Logger
}

// warnAt is when allowances are looked at: before the working day.
const warnAt = "30 7 * * *"

// Entry is the daily look.
func (w *Warner) Entry() schedule.Entry {
	return schedule.Entry{Name: "hours/allowance", Spec: warnAt, Zone: w.Ledger.zone.String(), Run: w.Run}
}

// Run looks at every allowance and tells what nobody was told before. The mail goes
// out before it is noted: a crash in between sends the same mail again.
func (w *Warner) Run(ctx context.Context, _ time.Time) error {
	fresh, err := w.fresh()
	if err != nil || len(fresh) == 0 {
		return err
	}
	told := loudest(fresh)
	var lines []string
	for _, one := range told {
		w.Log.LogAttrs(ctx, slog.LevelWarn, "allowance", slog.String("client", one.Client), slog.String("contract", one.Contract),
			slog.Int("percent", one.Percent), slog.String("used", one.Used.String()), slog.String("included", one.Included.String()))
		lines = append(lines, one.String()+"\nSee: accolade hours forecast --client "+one.Client)
	}
	if w.Notifier != nil {
		first := told[0]
		subject := fmt.Sprintf("Accolade: %s has used %d %% of its hours", first.Client, first.Percent)
		if len(told) > 1 {
			subject = fmt.Sprintf("Accolade: the hours of %d clients run out", len(told))
		}
		key := "hours/allowance/" + warnedKey(first.Contract, first.Year.Index, first.Percent)
		if err := w.Notifier.Send(ctx, key, subject, strings.Join(lines, "\n\n")+"\n"); err != nil {
			return fmt.Errorf("tell of allowances that run out: %w", err)
		}
	}
	return w.Ledger.db.Update(func(tx store.Tx) error {
		for _, one := range fresh {
			if err := warned.Put(tx, warnedKey(one.Contract, one.Year.Index, one.Percent), one); err != nil {
				return err
			}
		}
		return nil
	})
}

// fresh are the thresholds of the present contract years that are reached and untold.
func (w *Warner) fresh() ([]Warned, error) {
	now := w.Ledger.clock.Now()
	today := calendar.Of(now, w.Ledger.zone)
	var fresh []Warned
	err := w.Ledger.running(today, func(c contract.Contract, booked []Entry) error {
		b := balanceOn(c, today, booked)
		for _, r := range reachedBy(c, today, booked) {
			told, err := w.told(c.ID, b.Year.Index, r.Percent)
			if err != nil {
				return err
			}
			if !told {
				fresh = append(fresh, Warned{c.Client, c.ID, b.Year, r.Percent, r.On, b.Used, b.Included, now})
			}
		}
		return nil
	})
	return fresh, err
}

func (w *Warner) told(contractID string, year, percent int) (told bool, err error) {
	err = w.Ledger.db.View(func(tx store.Tx) error {
		told, err = warned.Has(tx, warnedKey(contractID, year, percent))
		return err
	})
	return told, err
}

// loudest keeps the highest threshold of each contract.
func loudest(fresh []Warned) []Warned {
	var out []Warned
	for i, one := range fresh {
		if i+1 == len(fresh) || fresh[i+1].Contract != one.Contract {
			out = append(out, one)
		}
	}
	return out
}

// Warnings are the thresholds that were noticed since an instant, the highest of
// each contract.
func (l *Ledger) Warnings(since time.Time) ([]Warned, error) {
	var recent []Warned
	err := l.db.View(func(tx store.Tx) error {
		var failed error
		for _, one := range warned.All(tx, &failed) {
			if !one.At.Before(since) {
				recent = append(recent, one)
			}
		}
		return failed
	})
	return loudest(recent), err
}
