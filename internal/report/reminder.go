package report

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/notify"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
)

// Reminder tells us, each morning, of terms that end in 90 and in 30 days
// (contract.ReminderDays): a mail for each, once, with the letter for the client attached.
// What a morning missed comes on the next one; where both are due by then, the later one
// alone.
type Reminder struct {
	Reports *Service
	Mailer  interface { // nil: the log and the table of the morning only
		SendFiles(ctx context.Context, key, subject, text string, files ...notify.Attachment) error
	}
	Log *slog.Logger
}

// reminded is a reminder that was sent.
type reminded struct {
	Contract string        `json:"contract"`
	Term     calendar.Date `json:"term"` // its last day
	Days     int           `json:"days"` // of contract.ReminderDays
	At       time.Time     `json:"at"`
}

var reminders = store.NewCollection[reminded]("term-reminder", 1)

func (r reminded) key() string { return fmt.Sprintf("%s/%s/%03d", r.Contract, r.Term, r.Days) }

// remindAt is after the hours are looked at, before the working day.
const remindAt = "35 7 * * *"

// Entry is the daily look.
func (r *Reminder) Entry() schedule.Entry {
	return schedule.Entry{Name: "contract/terms", Spec: remindAt, Zone: r.Reports.Zone.String(), Run: r.Run}
}

// Run sends the reminders that are due and were not sent. Each goes out before it is
// noted: a crash in between sends the same mail again. One that cannot be sent does not
// hold up the others.
func (r *Reminder) Run(ctx context.Context, _ time.Time) error {
	all, err := r.Reports.Book.Contracts()
	if err != nil {
		return err
	}
	var failed []error
	for _, k := range all {
		days, due := k.TermReminder(r.Reports.today())
		if !due {
			continue
		}
		one := reminded{Contract: k.ID, Term: k.TermEnd(), Days: days, At: r.Reports.Clock.Now()}
		sent, err := r.sent(one)
		if err != nil {
			return err
		}
		if sent {
			continue
		}
		if err := r.send(ctx, k, one); err != nil {
			failed = append(failed, fmt.Errorf("remind of the term of %s: %w", k.ID, err))
			continue
		}
		if err := r.Reports.DB.Update(func(tx store.Tx) error { return reminders.Put(tx, one.key(), one) }); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

func (r *Reminder) sent(one reminded) (sent bool, err error) {
	err = r.Reports.DB.View(func(tx store.Tx) error {
		sent, err = reminders.Has(tx, one.key())
		return err
	})
	return sent, err
}

// send tells of a term, with the letter. Where there can be none, it says why.
func (r *Reminder) send(ctx context.Context, k contract.Contract, one reminded) error {
	left := r.Reports.today().DaysUntil(one.Term)
	r.Log.LogAttrs(ctx, slog.LevelWarn, "term ends", slog.String("client", k.Client), slog.String("contract", k.ID), slog.String("on", one.Term.String()), slog.Int("days", left))
	if r.Mailer == nil {
		return nil
	}
	what := fmt.Sprintf("The term of the contract %s ends on %s, in %d days.\n\n", k.ID, one.Term, left)
	then := fmt.Sprintf("Talk with %s, then: accolade contract renew %s, or accolade contract end %s --on %s.\nWithout either it runs on as it is, without a term.\n", k.Client, k.Client, k.Client, one.Term)
	var files []notify.Attachment
	if letter, err := r.Reports.Renewal(k.Client); err != nil {
		what += fmt.Sprintf("There is no letter for the client yet: %s\nThen: accolade letter renewal %s --pdf FILE\n\n", err, k.Client)
	} else {
		files = []notify.Attachment{{Name: letter.Name + ".pdf", Type: "application/pdf", Content: letter.PDF}}
		what += fmt.Sprintf("The letter for the client is attached (accolade letter renewal %s makes it anew). It says:\n\n%s\n\n", k.Client, letter.Text)
	}
	return r.Mailer.SendFiles(ctx, "contract/term/"+one.key(), fmt.Sprintf("Accolade: the term of %s ends on %s", k.ID, one.Term), what+then, files...)
}
